using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class PublishedTransferTests
{
    private static readonly TransferSetting s_published = new()
    {
        Checkpoint = "data/models/xlm-roberta-large/", LearningRate = 2e-5, Epochs = 10, Part = 2, MaxLength = 128,
        Reduction = DivergenceReduction.Sum,
    };

    [Fact]
    public void Of_the_published_setting_nothing_stands_out()
    {
        IntraDistillationSettings objective = new() { Passes = 3, Alpha = 1, P = 2, Q = 5 };
        string same = PublishedTransfer.Setting("PAN-X", s_published, objective, -1, [1, 2, 3, 4, 5]).ToString();
        Assert.DoesNotContain("*", same, StringComparison.Ordinal);
        string other = PublishedTransfer.Setting("TyDiQA", s_published, objective, 0.2, [1]).ToString();
        Assert.Matches(@"Model +\*xlm-roberta-large\* +xlm-roberta-base†\[1\]\n", other);
        Assert.Matches(@"Dropout +\*0\.2\* +the checkpoint's†\[1\]\n", other);
        Assert.Matches(@"α +\*1\* +not stated\n", other);
        Assert.Throws<IntraDistillException>(() => PublishedTransfer.Setting("SDK-Entities", s_published, objective, -1, [1]));
    }

    [Fact]
    public void Another_checkpoint_does_not_stand_in_the_row_of_the_papers()
    {
        static IReadOnlyDictionary<long, double>[] Measured(string language) => [.. Enumerable.Range(0, 3).Select(arm =>
            language is "en" or "de" ? new Dictionary<long, double> { [1] = 80 + arm } : new Dictionary<long, double>())];
        string paper = PublishedTransfer.Languages("PAN-X", "xlm-roberta-large", Measured).ToString();
        Assert.StartsWith("PAN-X: F1 with XLM-R large\n", paper, StringComparison.Ordinal);
        Assert.Matches(@"English \(XLM-R large\) +80\.00 +81\.00 +82\.00 +\+2\.00 +1 +84\.50†\[1\] +85\.40†\[1\]\n", paper);
        Assert.Matches(@"English \(mBERT\) +not measured .* – +82\.35†\[2\] +83\.41†\[2\]\n", paper);
        Assert.Matches(@"German +80\.00 +81\.00 +82\.00 +\+2\.00 +1 +– +–\n", paper);
        Assert.Matches(@"Dutch +not measured +not measured +not measured +not measured +– +– +–\n", paper);
        string tiny = PublishedTransfer.Languages("PAN-X", "tiny", Measured).ToString();
        Assert.Matches(@"English \(XLM-R large\) +not measured .* – +84\.50†\[1\] +85\.40†\[1\]\n", tiny);
        Assert.Matches(@"English \(tiny\) +80\.00 ", tiny);
    }
}

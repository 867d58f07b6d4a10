using IntraDistill.Tasks;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>A data set and how a model is measured on it.</summary>
[Collection("torch-rng")]
public class TranslationTaskTests
{
    private static readonly ParallelCorpus s_data = new("toy", "made up", Pairs(40), Pairs(8), Pairs(6), []);

    private static SentencePair[] Pairs(int count) => [.. Enumerable.Range(0, count).Select(i => new SentencePair($"eins zwei drei vier {i}", $"one two three four {i}", $"{i}"))];

    [Fact]
    public void It_measures_loss_bleu_and_chrf_of_a_model_on_its_parts()
    {
        TranslationTask task = TranslationTask.Of(s_data, new() { Merges = 30 }, CPU, labelSmoothing: 0.1, searched: 3);
        Assert.Equal(3, task.Searched.Count);
        Reproducible.Seed(1);
        using var model = new TranslationTransformer(task.Fit(TransformerSettings.Small with { ModelSize = 16, FeedForwardSize = 16, Dropout = 0 }));
        Assert.Equal(task.Vocabulary.Size, model.Settings.SourceVocabulary);
        model.eval();

        Validation without = task.Validate(model, withBleu: false), with = task.Validate(model, withBleu: true);
        Assert.Null(without.Metric);
        Assert.InRange(with.Metric!.Value, 0, 100);
        Assert.Equal(without.Loss, with.Loss);
        var (nll, smoothed) = task.Losses(model, TranslationBatches.InOrder(s_data.Valid, task.Vocabulary));
        Assert.Equal((nll, smoothed), (with.Others!["nll"], with.Loss!.Value));

        string[] right = [.. s_data.Test.Select(pair => pair.Target)];
        Assert.Equal([("bleu", 100.0), ("chrf2", 100.0)], task.Score(right).Select(score => (score.Item1, Math.Round(score.Item2.Number, 6))));
        Assert.Equal(s_data.Test.Count, task.Translate(model, s_data.Test, task.Greedy).Count);
        Assert.Equal(task.Vocabulary.Encode("eins 1").Length, task.CutUp("eins 1").Split(' ').Length);
        Assert.Matches(@"train +40 +200 +200\n", s_data.Table("de", "en").ToString());
    }

    [Fact]
    public void The_published_setting_and_pairs_stand_beside_ours()
    {
        var objective = new IntraDistillationSettings { Alpha = 1, Passes = 3, TotalSteps = 50_000, Reduction = DivergenceReduction.Mean };
        string setting = PublishedIwslt14.Setting(TransformerSettings.IwsltDeEn, new(), objective, ("Text", "sdk", "iwslt14")).ToString();
        Assert.Matches(@"Layers, encoder \+ decoder +6\+6 +6\+6†\[1\]", setting);
        Assert.Matches(@"K · α · p · q +\*3 · 1 · 5 · 10\* +3 · 5 · 5 · 10†\[1\]", setting);
        Assert.Matches(@"Text +\*sdk\* +iwslt14", setting);
        // Everything else of the published setting is the records' default.
        Assert.Equal(4, setting.Split('*').Length - 1);

        Assert.Equal([0.3, 0.3, 0.3], PublishedIwslt14.Arms().Select(arm => arm.Dropout!.Value));
        Dictionary<long, double> Of(double score) => new() { [1] = score };
        string pairs = PublishedIwslt14.Pairs("en", language => language == "pl" ? [Of(20), Of(21), Of(22.5)] : [new Dictionary<long, double>(), Of(1), Of(2)]).ToString();
        Assert.Matches(@"de-en +33\.07†\[1\] +36\.10†\[1\] +\+3\.03†\[1\] +not measured", pairs);
        Assert.Matches(@"pl-en +– +– +– +20\.00.* +21\.00.* +22\.50.* +\+2\.50 +1\n", pairs);
        Assert.Matches(@"\*average gain\* +– +– +\+3\.54†\[1\] +– +– +– +\*\+2\.50\* +1 of 8 pairs", pairs);
    }
}

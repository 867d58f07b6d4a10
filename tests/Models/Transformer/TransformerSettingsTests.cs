
namespace IntraDistill.Tests;

public class TransformerSettingsTests
{
    private static readonly TransformerSettings Good = new() { SourceVocabulary = 10, TargetVocabulary = 12 };

    [Fact]
    public void Defaults_are_the_papers()
    {
        TransformerSettings settings = TransformerSettings.IwsltDeEn;
        Assert.Equal((6, 6, 512, 1024, 4), (settings.EncoderLayers, settings.DecoderLayers, settings.ModelSize,
            settings.FeedForwardSize, settings.Heads));
        Assert.Equal((0.3, 0.1, 0.0), (settings.Dropout, settings.AttentionDropout, settings.ActivationDropout));
        Assert.Equal((false, false, false), (settings.NormalizeFirst, settings.ShareEmbeddings, settings.ShareDecoderOutput));
    }

    [Fact]
    public void Good_settings_pass() => Good.Validate();

    public static TheoryData<TransformerSettings, string> Bad => new()
    {
        { Good with { Heads = 5 }, "Heads" },
        { Good with { Heads = 0 }, "Heads" },
        { Good with { EncoderLayers = 0 }, "EncoderLayers" },
        { Good with { Dropout = 1 }, "Dropout" },
        { Good with { AttentionDropout = double.NaN }, "AttentionDropout" },
        { Good with { ActivationDropout = -0.1 }, "ActivationDropout" },
        { Good with { SourceVocabulary = 0 }, "SourceVocabulary" },
        { Good with { PadId = 10 }, "PadId" },
        { Good with { PadId = -1 }, "PadId" },
        { Good with { ShareEmbeddings = true }, "ShareEmbeddings" },
        { Good with { MaxLength = 0 }, "MaxLength" },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void Bad_settings_are_named_in_one_line(TransformerSettings settings, string name)
    {
        string message = Assert.Throws<IntraDistillException>(settings.Validate).Message;
        Assert.Contains(name, message);
        Assert.DoesNotContain('\n', message);
    }
}

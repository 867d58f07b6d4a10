using IntraDistill.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests.ModelsTests;

[Collection("torch-rng")]
public class TranslationTransformerTests
{
    private static readonly TransformerSettings Tiny = new()
    {
        EncoderLayers = 2, DecoderLayers = 2, ModelSize = 16, FeedForwardSize = 24, Heads = 4,
        SourceVocabulary = 20, TargetVocabulary = 30, MaxLength = 32,
    };

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    public void Forward_returns_logits_and_hidden_their_states(bool normalizeFirst, bool shareAll, bool shareOutput)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var model = new TranslationTransformer(Tiny with
        {
            NormalizeFirst = normalizeFirst,
            ShareEmbeddings = shareAll,
            ShareDecoderOutput = shareOutput,
            SourceVocabulary = 30,
        });
        model.eval();
        Tensor source = randint(3, 30, [3, 7], int64), target = randint(3, 30, [3, 5], int64);
        Tensor hidden = model.hidden(source, target), logits = model.call(source, target);
        Assert.Equal([3, 5, 16], hidden.shape);
        Assert.Equal([3, 5, 30], logits.shape);
        Assert.Equal([30, 16], model.OutputWeight.shape);
        Assert.True(logits.allclose(hidden.matmul(model.OutputWeight.t()), atol: 1e-5));
    }

    [Fact]
    public void Parameters_have_readable_names_and_are_listed_once()
    {
        using var untied = new TranslationTransformer(Tiny);
        string[] names = [.. untied.named_parameters().Select(p => p.name)];
        Assert.Equal(names.Distinct(), names);
        Assert.Contains("encoder.layers.0.self_attention.query.weight", names);
        Assert.Contains("decoder.layers.1.cross_attention.output.bias", names);
        Assert.Contains("decoder.layers.0.feed_forward_norm.weight", names);
        Assert.Contains("source_embedding.weight", names);
        Assert.Contains("output_projection.weight", names);
        Assert.DoesNotContain(names, name => name.Contains('_', StringComparison.Ordinal) && name.Contains("._"));
        using var tied = new TranslationTransformer(Tiny with { ShareEmbeddings = true, SourceVocabulary = 30 });
        Assert.Equal(["embedding.weight"], tied.named_parameters().Select(p => p.name).Where(n => n.Contains("embed")));
        Assert.DoesNotContain(tied.named_parameters(), p => p.name.StartsWith("output", StringComparison.Ordinal));
    }
}

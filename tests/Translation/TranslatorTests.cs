using IntraDistill.Tasks;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public class TranslatorTests : SingleThreadedTests
{
    private static readonly string[] Texts =
        ["the file was not found", "", "open", "the project could not be opened because the file is not there", "a file"];

    private readonly SubwordVocabulary _vocabulary = SubwordLearner.Learn(Texts, new SubwordSettings { Merges = 20 });

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(4096)]
    public void Translations_come_in_the_order_of_the_texts_whatever_the_batches(int maxTokens)
    {
        using TranslationTransformer model = NewModel();
        BeamSearchSettings settings = new() { BeamSize = 3 };
        string[] actual = new Translator(model, _vocabulary) { MaxTokens = maxTokens }.Translate(Texts, settings,
            TestContext.Current.CancellationToken);
        for (int i = 0; i < Texts.Length; i++)
            Assert.Equal(Texts[i].Length == 0 ? "" : Alone(model, Texts[i], settings), actual[i]);
        Assert.True(actual.Distinct().Count() > 2);
    }

    [Fact]
    public void A_long_text_loses_its_end()
    {
        using TranslationTransformer model = NewModel();
        var translator = new Translator(model, _vocabulary) { MaxLength = 4 };
        string cut = _vocabulary.Decode(_vocabulary.Encode(Texts[3]).Take(3));
        Assert.Equal(translator.Translate([cut], cancellation: TestContext.Current.CancellationToken),
            translator.Translate([Texts[3]], cancellation: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void No_texts_have_no_translations()
    {
        using TranslationTransformer model = NewModel();
        Assert.Empty(new Translator(model, _vocabulary).Translate([], cancellation: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_model_for_another_vocabulary_is_refused()
    {
        using TranslationTransformer model = NewModel();
        SubwordVocabulary other = SubwordLearner.Learn(["other text"], new SubwordSettings { Merges = 1 });
        string message = Assert.Throws<IntraDistillException>(() => new Translator(model, other)).Message;
        Assert.Contains(other.Size.ToString(System.Globalization.CultureInfo.InvariantCulture), message);
    }

    [Fact]
    public void It_can_be_cancelled()
    {
        using TranslationTransformer model = NewModel();
        Assert.Throws<OperationCanceledException>(() =>
            new Translator(model, _vocabulary).Translate(Texts, cancellation: new(canceled: true)));
    }

    private string Alone(TranslationTransformer model, string text, BeamSearchSettings settings)
    {
        int[] ids = [.. _vocabulary.Encode(text), SubwordVocabulary.EosId];
        var source = new long[1, ids.Length];
        for (int i = 0; i < ids.Length; i++)
            source[0, i] = ids[i];
        return _vocabulary.Decode(BeamSearch.Translate(model, source, settings).Tokens[0]);
    }

    private TranslationTransformer NewModel()
    {
        manual_seed(1);
        return new(new()
        {
            EncoderLayers = 1, DecoderLayers = 1, ModelSize = 16, FeedForwardSize = 16, Heads = 2, MaxLength = 128,
            SourceVocabulary = _vocabulary.Size, TargetVocabulary = _vocabulary.Size,
        });
    }
}

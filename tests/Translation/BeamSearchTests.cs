using IntraDistill.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public class BeamSearchTests : SingleThreadedTests
{
    private static readonly TransformerSettings Tiny = new()
    {
        EncoderLayers = 2, DecoderLayers = 2, ModelSize = 16, FeedForwardSize = 24, Heads = 2, SourceVocabulary = 12,
        TargetVocabulary = 12, MaxLength = 40,
    };

    [Theory]
    [InlineData(1, 5, 1.0, false)]
    [InlineData(2, 5, 0.6, true)]
    [InlineData(3, 2, 2.0, false)]
    [InlineData(4, 3, 0.0, true)]
    [InlineData(5, 8, 1.0, true)]
    [InlineData(6, 15, 1.0, false)]
    [InlineData(7, 1, 1.0, false)]
    public void Equals_a_search_without_cache(int seed, int beam, double penalty, bool normalizeFirst)
    {
        using TranslationTransformer model = RandomModel(seed, Tiny with { NormalizeFirst = normalizeFirst });
        BeamSearchSettings settings = new() { BeamSize = beam, LengthPenalty = penalty, MaxLengthRatio = 1, MaxLengthOffset = 3 };
        long[][] sources = RandomSources(seed, count: 4, vocabulary: 12);
        BeamSearchResult result = BeamSearch.Translate(model, Pad(sources), settings, TestContext.Current.CancellationToken);
        model.eval();
        for (int i = 0; i < sources.Length; i++)
            AssertSame(ReferenceSearch.Beam(model, sources[i], settings), result.NBest[i]);
        Assert.Equal(result.NBest.Select(n => n[0].Tokens), result.Tokens);
        Assert.Equal(result.NBest.Select(n => n[0].Score), result.Scores);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Beam_of_one_is_greedy_search(int seed)
    {
        using TranslationTransformer model = RandomModel(seed, Tiny);
        BeamSearchSettings settings = new() { BeamSize = 1, MaxLengthRatio = 2, MaxLengthOffset = 1 };
        long[][] sources = RandomSources(seed, count: 8, vocabulary: 12);
        BeamSearchResult result = BeamSearch.Translate(model, Pad(sources), settings, TestContext.Current.CancellationToken);
        model.eval();
        for (int i = 0; i < sources.Length; i++)
            AssertSame([ReferenceSearch.Greedy(model, sources[i], settings)], result.NBest[i]);
    }

    [Theory]
    [InlineData(21, 0.5)]
    [InlineData(22, 1.0)]
    [InlineData(23, 1.5)]
    public void Never_beats_exhaustive_search_and_equals_it_when_the_beam_holds_everything(int seed, double penalty)
    {
        using TranslationTransformer model = RandomModel(seed, Tiny with { TargetVocabulary = 6 });
        long[] source = RandomSources(seed, count: 1, vocabulary: 12)[0];
        BeamSearchSettings settings = new() { LengthPenalty = penalty, MaxLengthRatio = 0, MaxLengthOffset = 4 };
        model.eval();
        Hypothesis best = ReferenceSearch.Exhaustive(model, source, settings);
        foreach (int beam in (int[])[1, 2, 5, 30, 400])
        {
            Hypothesis found = BeamSearch.Translate(model, Pad([source]), settings with { BeamSize = beam },
                TestContext.Current.CancellationToken).NBest[0][0];
            Assert.True(found.Score <= best.Score + 1e-5, $"beam {beam}: {found.Score} against {best.Score}");
            if (beam == 400)
                AssertSame([best], [found]);
        }
    }

    [Fact]
    public void A_row_alone_and_in_a_padded_batch_give_the_same()
    {
        using TranslationTransformer model = RandomModel(31, Tiny);
        long[][] sources = RandomSources(31, count: 9, vocabulary: 12);
        BeamSearchResult together = BeamSearch.Translate(model, Pad(sources, width: 25),
            cancellation: TestContext.Current.CancellationToken);
        for (int i = 0; i < sources.Length; i++)
        {
            BeamSearchResult alone = BeamSearch.Translate(model, Pad([sources[i]]),
                cancellation: TestContext.Current.CancellationToken);
            AssertSame(alone.NBest[0], together.NBest[i]);
        }
    }

    [Fact]
    public void Output_is_bounded_and_holds_no_special_token()
    {
        using TranslationTransformer model = RandomModel(41, Tiny);
        long[][] sources = RandomSources(41, count: 10, vocabulary: 12);
        BeamSearchSettings settings = new() { MaxLengthRatio = 0.5, MaxLengthOffset = 2 };
        BeamSearchResult result = BeamSearch.Translate(model, Pad(sources), settings, TestContext.Current.CancellationToken);
        for (int i = 0; i < sources.Length; i++)
            foreach (Hypothesis hypothesis in result.NBest[i])
            {
                Assert.InRange(hypothesis.Tokens.Length, 1, (int)(0.5 * sources[i].Length + 2));
                Assert.All(hypothesis.Tokens, token => Assert.InRange(token, 3, 11));
            }
    }

    [Fact]
    public void Output_fits_the_model_and_a_source_that_does_not_is_an_error()
    {
        using TranslationTransformer model = RandomModel(45, Tiny with { MaxLength = 8 });
        BeamSearchSettings settings = new() { MaxLengthRatio = 10, MaxLengthOffset = 100, LengthPenalty = 4 };
        BeamSearchResult result = BeamSearch.Translate(model, Pad([[3, 4, 2]]), settings, TestContext.Current.CancellationToken);
        Assert.All(result.NBest[0], hypothesis => Assert.InRange(hypothesis.Tokens.Length, 1, 7));
        Assert.Contains("MaxLength", Assert.Throws<IntraDistillException>(() => BeamSearch.Translate(model, Pad([[2]], width: 9),
            settings, TestContext.Current.CancellationToken)).Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Evaluates_and_gives_the_mode_back(bool training)
    {
        using TranslationTransformer model = RandomModel(51, Tiny with { Dropout = 0.5 });
        model.train(training);
        long[,] source = Pad(RandomSources(51, count: 3, vocabulary: 12));
        BeamSearchResult first = BeamSearch.Translate(model, source, cancellation: TestContext.Current.CancellationToken);
        BeamSearchResult second = BeamSearch.Translate(model, source, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(first.Scores, second.Scores);
        Assert.All(model.modules(), module => Assert.Equal(training, module.training));
    }

    [Fact]
    public void Leaves_no_tensors_behind()
    {
        using TranslationTransformer model = RandomModel(61, Tiny);
        long[,] source = Pad(RandomSources(61, count: 5, vocabulary: 12));
        BeamSearch.Translate(model, source, cancellation: TestContext.Current.CancellationToken);
        long before = LiveTensors.Count();
        for (int i = 0; i < 3; i++)
            BeamSearch.Translate(model, source, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Cancellation_stops_it_and_restores_the_mode_without_leaving_tensors()
    {
        using TranslationTransformer model = RandomModel(71, Tiny);
        long[,] source = Pad(RandomSources(71, count: 5, vocabulary: 12));
        BeamSearch.Translate(model, source, cancellation: TestContext.Current.CancellationToken);
        model.train();
        long before = LiveTensors.Count();
        Assert.Throws<OperationCanceledException>(() => BeamSearch.Translate(model, source, cancellation: new(canceled: true)));
        Assert.True(model.training);
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Wrong_settings_are_named()
    {
        using TranslationTransformer model = RandomModel(81, Tiny);
        foreach ((BeamSearchSettings settings, string name) in ((BeamSearchSettings, string)[])
            [(new() { BeamSize = 0 }, "BeamSize"), (new() { LengthPenalty = double.NaN }, "LengthPenalty"),
             (new() { MaxLengthRatio = -1 }, "MaxLengthRatio"), (new() { EosId = 99 }, "EosId")])
            Assert.Contains(name, Assert.Throws<IntraDistillException>(() => BeamSearch.Translate(model, new long[1, 1], settings,
                TestContext.Current.CancellationToken)).Message);
    }

    [Fact]
    public void A_model_whose_output_is_not_finite_is_an_error()
    {
        using TranslationTransformer model = RandomModel(91, Tiny);
        using (no_grad())
            model.OutputWeight.fill_(float.NaN);
        Assert.Contains("not finite", Assert.Throws<IntraDistillException>(() => BeamSearch.Translate(model, Pad([[4, 2]]),
            cancellation: TestContext.Current.CancellationToken)).Message);
    }

    [Fact]
    public void An_empty_batch_has_no_translations()
    {
        using TranslationTransformer model = RandomModel(95, Tiny);
        Assert.Empty(BeamSearch.Translate(model, new long[0, 4], cancellation: TestContext.Current.CancellationToken).Tokens);
    }

    /// <summary>A random model with some opinion: larger weights than at initialisation, and a liking for EOS.</summary>
    private static TranslationTransformer RandomModel(int seed, TransformerSettings settings)
    {
        manual_seed(seed);
        var model = new TranslationTransformer(settings);
        using (no_grad())
        using (NewDisposeScope())
            foreach ((string name, var parameter) in model.named_parameters())
                parameter.mul_(1.7).add_(randn_like(parameter), alpha: 0.1);
        return model;
    }

    private static long[][] RandomSources(int seed, int count, int vocabulary)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
            (long[])[.. Enumerable.Range(0, random.Next(1, 15)).Select(_ => (long)random.Next(3, vocabulary)), 2])];
    }

    private static long[,] Pad(long[][] sources, int width = 0)
    {
        var padded = new long[sources.Length, Math.Max(width, sources.Max(s => s.Length))];
        for (int i = 0; i < sources.Length; i++)
            for (int j = 0; j < sources[i].Length; j++)
                padded[i, j] = sources[i][j];
        return padded;
    }

    private static void AssertSame(IReadOnlyList<Hypothesis> expected, IReadOnlyList<Hypothesis> actual)
    {
        Assert.Equal(expected.Select(h => h.Tokens), actual.Select(h => h.Tokens));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.Score, pair.Second.Score, 1e-5));
    }
}

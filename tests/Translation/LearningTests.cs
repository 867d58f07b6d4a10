using IntraDistill.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public class LearningTests : SingleThreadedTests
{
    private const int Vocabulary = 12;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_small_model_learns_to_reverse_and_beam_search_shows_it(bool normalizeFirst)
    {
        manual_seed(1);
        var random = new Random(1);
        using var model = new TranslationTransformer(new()
        {
            EncoderLayers = 1, DecoderLayers = 1, ModelSize = 32, FeedForwardSize = 64, Heads = 4, Dropout = 0.02,
            AttentionDropout = 0.02, NormalizeFirst = normalizeFirst, ShareEmbeddings = true, SourceVocabulary = Vocabulary,
            TargetVocabulary = Vocabulary, MaxLength = 16,
        });
        using var optimizer = optim.Adam(model.parameters(), lr: 4e-3);
        long tensors = 0;
        const int steps = 500;
        for (int step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            (Tensor source, Tensor input, Tensor target, _) = Batch(random, rows: 32);
            optimizer.zero_grad();
            Tensor logits = model.call(source, input);
            nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index: 0).backward();
            optimizer.step();
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = 4e-3 * (1 - step / (double)steps);
            scope.Dispose();
            if (step == 20)
                tensors = LiveTensors.Count();
        }
        Assert.Equal(tensors, Tensor.TotalCount);

        using var testScope = NewDisposeScope();
        (Tensor test, _, _, int[][] expected) = Batch(random, rows: 50);
        var ids = new long[test.shape[0], test.shape[1]];
        Buffer.BlockCopy(test.data<long>().ToArray(), 0, ids, 0, ids.Length * sizeof(long));
        BeamSearchResult result = BeamSearch.Translate(model, ids, cancellation: TestContext.Current.CancellationToken);
        int right = expected.Zip(result.Tokens).Count(pair => pair.First.SequenceEqual(pair.Second));
        Assert.True(right >= 42, $"only {right} of 50 were reversed");
    }

    private static (Tensor Source, Tensor Input, Tensor Target, int[][] Reversed) Batch(Random random, int rows)
    {
        const int longest = 6;
        long[,] source = new long[rows, longest + 1], input = new long[rows, longest + 1], target = new long[rows, longest + 1];
        var reversed = new int[rows][];
        for (int i = 0; i < rows; i++)
        {
            int[] tokens = [.. Enumerable.Range(0, random.Next(2, longest + 1)).Select(_ => random.Next(3, Vocabulary))];
            reversed[i] = [.. tokens.Reverse()];
            input[i, 0] = 1;
            for (int j = 0; j < tokens.Length; j++)
                (source[i, j], target[i, j], input[i, j + 1]) = (tokens[j], reversed[i][j], reversed[i][j]);
            source[i, tokens.Length] = target[i, tokens.Length] = 2;
        }
        return (from_array(source), from_array(input), from_array(target), reversed);
    }
}

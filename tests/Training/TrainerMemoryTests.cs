using IntraDistill.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class TrainerMemoryTests
{
    [Fact]
    public async Task A_long_run_keeps_no_tensor_and_no_memory()
    {
        using var model = new ToyModel();
        var source = new ToySource();
        var live = new List<long>();
        var memory = new List<long>();
        var settings = new TrainerSettings { MaxUpdates = 400, ClipNorm = 0.1, ValidateEvery = 20 };
        using var trainer = new Trainer<ToyBatch>(model, settings, source, (batch, update) =>
        {
            if (update % 100 == 0)
            {
                // The statistics are of this thread, which is the training's.
                live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
                memory.Add(Environment.WorkingSet);
            }
            // 4 MB that a leak would keep: 1.2 GB from update 100 to 400.
            var loss = model.Loss(batch);
            var ballast = ones(1_000_000) * loss.Total;
            return loss with { Total = loss.Total + 1e-12 * ballast.sum() };
        })
        {
            Validate = () => model.Evaluate(source),
        };
        await trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(4, live.Count);
        Assert.All(live, count => Assert.Equal(live[0], count));
        Assert.True(memory[^1] - memory[0] < 200_000_000, $"grew from {memory[0]:N0} to {memory[^1]:N0} bytes");
    }

    [Fact]
    public async Task A_run_gives_back_what_it_used()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "glibc is what keeps freed memory");
        const int passes = 3, vocabulary = 4000;
        using var model = new TranslationTransformer(
            TransformerSettings.Small with { SourceVocabulary = vocabulary, TargetVocabulary = vocabulary });
        var objective = new TranslationObjective(new IntraDistillation(new() { Passes = passes, TotalSteps = 10 }));
        var settings = new TrainerSettings { MaxUpdates = 12, ValidateEvery = 0 };
        using var trainer = new Trainer<TranslationBatch>(model, settings, new RandomSentences(vocabulary), (batch, update) =>
        {
            Tensor target = from_array(batch.Target);
            Tensor states = model.hidden(from_array(batch.Source).repeat(passes, 1), from_array(batch.DecoderInput).repeat(passes, 1));
            return objective.Loss(states.view(passes, target.shape[0], target.shape[1], -1), model.OutputWeight, target, update);
        });
        // The first update leaves nothing behind of what earlier tests held.
        await trainer.TrainAsync(untilUpdate: 1, cancellation: TestContext.Current.CancellationToken);
        long before = Environment.WorkingSet;
        TrainingResult result = await trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken);
        long used = result.PeakMemory - before, kept = Environment.WorkingSet - before;
        Assert.True(used > 100_000_000, $"the run used {used:N0} bytes: too few to tell");
        Assert.True(kept < used / 2, $"{kept:N0} of {used:N0} bytes are still held");
    }

    /// <summary>Batches of random ids, about 800 a batch, each of another length.</summary>
    private sealed class RandomSentences(int vocabulary) : IBatchSource<TranslationBatch>
    {
        public IReadOnlyList<TranslationBatch> Epoch(int epoch)
        {
            var random = new Random(epoch);
            return [.. Enumerable.Range(0, 12).Select(i => Batch(800 / (8 + 4 * i), 8 + 4 * i))];

            TranslationBatch Batch(int rows, int length) =>
                new(Ids(rows, length), Ids(rows, length), Ids(rows, length), rows * length);

            long[,] Ids(int rows, int length)
            {
                var ids = new long[rows, length];
                for (int row = 0; row < rows; row++)
                    for (int i = 0; i < length; i++)
                        ids[row, i] = random.Next(4, vocabulary);
                return ids;
            }
        }
    }
}

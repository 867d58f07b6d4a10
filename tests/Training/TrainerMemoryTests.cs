using IntraDistill.Objective;
using IntraDistill.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests.TrainingTests;

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
}

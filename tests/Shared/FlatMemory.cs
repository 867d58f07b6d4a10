using IntraDistill.Tasks;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>Checks that a long training keeps no tensor and no memory.</summary>
internal static class FlatMemory
{
    /// <summary>Trains, and compares tensors and memory after a quarter of the updates, half of them, and all.</summary>
    public static async Task Check<TBatch>(Trainer<TBatch> trainer, int updates, long mostBytes) where TBatch : IBatch
    {
        List<long> tensors = [], memory = [];
        // Between two calls nothing of an update is left but what the next one finds.
        foreach (long update in (long[])[updates / 4, updates / 2, updates])
        {
            await trainer.TrainAsync(untilUpdate: update, cancellation: TestContext.Current.CancellationToken);
            tensors.Add(tensors.Count == 0 ? LiveTensors.Count() : Tensor.TotalCount);
            memory.Add(Machine.MemoryInUse());
        }
        Assert.All(tensors, count => Assert.Equal(tensors[0], count));
        Assert.True(memory[^1] - memory[0] < mostBytes, $"grew from {memory[0]:N0} to {memory[^1]:N0} bytes");
    }
}

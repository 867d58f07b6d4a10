using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class TrainerFailureTests : IDisposable
{
    private static readonly TrainerSettings Quick =
        new() { Label = "toy", LearningRate = 1e-2, WarmupSteps = 5, MaxUpdates = 40 };

    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("intradistill-failure-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public async Task A_loss_that_is_not_finite_names_the_update_and_leaves_the_weights_before_it(double bad)
    {
        using var model = new ToyModel();
        string before = "";
        using var trainer = new Trainer<ToyBatch>(model, Quick, new ToySource(), (batch, update) =>
        {
            var loss = model.Loss(batch);
            if (update != 7) return loss;
            before = model.Hash();
            return loss with { Divergence = tensor(bad), Total = loss.Total * bad };
        });
        var error = await Assert.ThrowsAsync<NonFiniteLossException>(() => trainer.TrainAsync(cancellation: Cancellation));
        Assert.Equal((7, bad), (error.Update, error.Divergence));
        Assert.True(double.IsFinite(error.Task));
        Assert.Contains("loss is not finite at update 7 ", error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(before, model.Hash());
        Assert.Equal(6, trainer.Result.Update);
    }

    [Fact]
    public async Task A_gradient_that_is_not_finite_is_an_error_too()
    {
        using var model = new ToyModel();
        using var trainer = new Trainer<ToyBatch>(model, Quick, new ToySource(), (batch, _) =>
        {
            // √x at 0: the value is 0, its slope infinite.
            var loss = model.Loss(batch);
            return loss with { Total = loss.Total + (model.get_parameter("output.bias")!.sum() * 0).sqrt() };
        });
        var error = await Assert.ThrowsAsync<NonFiniteLossException>(() => trainer.TrainAsync(cancellation: Cancellation));
        Assert.Contains("gradient norm is not finite at update 1 ", error.Message);
    }

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.00 GiB.\nframe #0")]
    [InlineData(null)]      // a real one, of the CPU
    public async Task Out_of_memory_is_one_line_and_the_run_goes_on_from_its_checkpoint(string? message)
    {
        var settings = Quick with { CheckpointFolder = Path.Combine(_temporary.FullName, "memory"), CheckpointEvery = 2 };
        using var model = new ToyModel();
        using var trainer = new Trainer<ToyBatch>(model, settings, new ToySource(), (batch, update) =>
        {
            if (update == 4 && message is not null) throw new System.Runtime.InteropServices.ExternalException(message);
            if (update == 4) empty(1L << 50).Dispose();
            return model.Loss(batch);
        });
        var error = await Assert.ThrowsAsync<IntraDistillException>(() => trainer.TrainAsync(cancellation: Cancellation));
        Assert.Matches(@"cpu is out of memory at update 4, in a batch that counts \d+ tokens.*TryResume goes on from .*memory", error.Message);
        Assert.DoesNotContain('\n', error.Message);
        using var again = new ToyModel();
        using var resumed = again.Trainer(settings);
        Assert.True(resumed.TryResume());
        Assert.Equal(2, resumed.Result.Update);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelling_stops_within_a_step_writes_a_checkpoint_and_throws(bool fromTheNotebookCell)
    {
        var settings = Quick with { CheckpointFolder = Path.Combine(_temporary.FullName, "run"), GradientAccumulation = 2 };
        using var source = new CancellationTokenSource();
        var cell = new SubmitCode("");
        using KernelInvocationContext? context = fromTheNotebookCell ? KernelInvocationContext.GetOrCreateAmbientContext(cell) : null;
        using var model = new ToyModel();
        int steps = 0;
        using var trainer = new Trainer<ToyBatch>(model, settings, new ToySource(), (batch, update) =>
        {
            // In the middle of update 11.
            if (++steps is var step && update == 11)
            {
                source.Cancel();
                context?.Fail(cell);
            }
            return model.Loss(batch);
        });
        int last = 0;
        TrainingProgress? shown = null;
        trainer.ProgressChanged += progress => (shown, last) = (progress, steps);
        var token = fromTheNotebookCell ? Cancellation : source.Token;
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(cancellation: token));
        context?.Dispose();

        Assert.Contains("toy: cancelled after update 10", error.Message);
        Assert.Contains("update-0000000010.checkpoint", error.Message);
        Assert.Equal((10, StopReason.Cancelled), (trainer.Result.Update, trainer.Result.Stopped));
        Assert.Equal(StopReason.Cancelled, shown?.Stopped);
        // The update's second batch was not begun.
        Assert.Equal(last, steps);

        // Going on here, or from the checkpoint in another trainer, gives what an undisturbed run gives.
        await trainer.TrainAsync(cancellation: Cancellation);
        using var resumed = new ToyModel(seed: 2);
        using (var other = resumed.Trainer(settings))
        {
            Assert.True(other.TryResume());
            await other.TrainAsync(cancellation: Cancellation);
        }
        using var alone = new ToyModel();
        using (var undisturbed = alone.Trainer(settings with { CheckpointFolder = null }))
            await undisturbed.TrainAsync(cancellation: Cancellation);
        Assert.Equal(alone.Hash(), model.Hash());
        Assert.Equal(alone.Hash(), resumed.Hash());
    }

    [Fact]
    public async Task A_loss_that_sees_the_cancellation_before_the_trainer_does_counts_as_cancelled()
    {
        var settings = Quick with { CheckpointFolder = Path.Combine(_temporary.FullName, "run") };
        using var source = new CancellationTokenSource();
        using var seen = new ManualResetEventSlim();
        using var model = new ToyModel();
        using var trainer = new Trainer<ToyBatch>(model, settings, new ToySource(), (batch, update) =>
        {
            if (update == 11)
            {
                // What was registered last is told first: this holds up the news for the trainer.
                source.Token.Register(() => seen.Wait(Cancellation));
                _ = source.CancelAsync();
                source.Token.ThrowIfCancellationRequested();
            }
            return model.Loss(batch);
        });
        Task<TrainingResult> training = trainer.TrainAsync(cancellation: source.Token);
        // Until the trainer is through with it, which shows in its last progress.
        while (trainer.Progress.Stopped is null && !training.IsCompleted)
            await Task.Delay(10, Cancellation);
        seen.Set();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => training);
        Assert.Contains("toy: cancelled after update 10", error.Message);
        Assert.Contains("update-0000000010.checkpoint", error.Message);
    }

    [Fact]
    public async Task Data_without_batches_and_two_calls_at_once_are_clear_errors()
    {
        using var model = new ToyModel();
        using var empty = model.Trainer(Quick, new ToySource(batches: 0));
        var error = await Assert.ThrowsAsync<IntraDistillException>(() => empty.TrainAsync(cancellation: Cancellation));
        Assert.Contains("has no batches", error.Message);

        using var begun = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        using var trainer = new Trainer<ToyBatch>(model, Quick, new ToySource(), (batch, _) =>
        {
            begun.Set();
            go.Wait(Cancellation);
            return model.Loss(batch);
        });
        var first = trainer.TrainAsync(cancellation: Cancellation);
        begun.Wait(Cancellation);
        await Assert.ThrowsAsync<InvalidOperationException>(() => trainer.TrainAsync(cancellation: Cancellation));
        go.Set();
        Assert.Equal(40, (await first).Update);
    }

    public void Dispose() => _temporary.Delete(recursive: true);
}

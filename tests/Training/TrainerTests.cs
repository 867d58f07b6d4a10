using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class TrainerTests
{
    private static readonly TrainerSettings Quick =
        new() { LearningRate = 1e-2, WarmupSteps = 20, MaxUpdates = 60, ValidateEvery = 10 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Training_learns_and_reports_what_it_did()
    {
        using var model = new ToyModel();
        var source = new ToySource();
        double before = model.Evaluate(source);
        using var trainer = model.Trainer(Quick with { MaxUpdates = 300 }, source);
        var result = await trainer.TrainAsync(cancellation: Cancellation);

        model.eval();
        Assert.True(model.Evaluate(source) < 0.7 * before, $"{model.Evaluate(source)} after {before}");
        Assert.Equal((300, 42, StopReason.MaxUpdates), (result.Update, result.Epochs, result.Stopped));
        Assert.Equal(Enumerable.Range(1, 300).Select(update => (long)update), result.History.Select(point => point.Update));
        Assert.All(result.History, point => Assert.Equal(point.Task + point.Alpha * point.Divergence, point.Total, 1e-4));
        Assert.Equal(LearningRateSchedule.At(Quick, 150), result.History[149].LearningRate);
        Assert.Equal(result.TrainingTime, result.History[^1].TrainingTime);
        Assert.Null(result.BestValidation);
        Assert.True(result.PeakMemory > 10_000_000);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_bits_and_another_seed_others()
    {
        var first = await TrainAsync(Quick);
        var second = await TrainAsync(Quick);
        var other = await TrainAsync(Quick with { Seed = 2 });
        Assert.Equal(first.Hash, second.Hash);
        Assert.Equal(first.Result.History.Select(point => point.Total), second.Result.History.Select(point => point.Total));
        Assert.NotEqual(first.Hash, other.Hash);
    }

    [Fact]
    public async Task Going_on_in_a_second_call_gives_what_one_call_gives()
    {
        using var model = new ToyModel();
        using var trainer = model.Trainer(Quick);
        await trainer.TrainAsync(untilUpdate: 23, cancellation: Cancellation);
        var result = await trainer.TrainAsync(cancellation: Cancellation);
        Assert.Equal(60, result.Update);
        Assert.Equal((await TrainAsync(Quick)).Hash, model.Hash());
    }

    [Fact]
    public async Task Accumulated_batches_give_the_update_of_one_big_batch()
    {
        using var small = new ToyModel(dropoutRate: 0).to(ScalarType.Float64);
        using var big = new ToyModel(dropoutRate: 0).to(ScalarType.Float64);
        var source = new ToySource(batches: 4);
        var settings = Quick with { GradientAccumulation = 2, MaxUpdates = 10, ClipNorm = 0.1 };
        using var trainer = new Trainer<ToyBatch>(small, settings, source, (batch, _) => Loss(small, batch));
        var merged = new Merged(source);
        var plain = settings with { GradientAccumulation = 1 };
        using var reference = new Trainer<ToyBatch>(big, plain, merged, (batch, _) => Loss(big, batch));
        var result = await trainer.TrainAsync(cancellation: Cancellation);
        var expected = await reference.TrainAsync(cancellation: Cancellation);

        Assert.Equal(5, result.Epochs);
        foreach (var ((_, a), (_, b)) in small.named_parameters().Zip(big.named_parameters()))
            Assert.True(a.allclose(b, rtol: 1e-10, atol: 1e-12));
        Assert.All(result.History.Zip(expected.History), pair =>
        {
            Assert.Equal(pair.Second.Total, pair.First.Total, 1e-10);
            Assert.Equal(pair.Second.GradientNorm, pair.First.GradientNorm, 1e-10);
        });

        static IntraDistillationLoss Loss(nn.Module<Tensor, Tensor> model, ToyBatch batch)
        {
            var loss = nn.functional.cross_entropy(model.forward(tensor(batch.Inputs)), tensor(batch.Labels));
            return new IntraDistillationLoss(loss.detach(), zeros(1), 0, loss);
        }
    }

    [Fact]
    public async Task The_validation_runs_when_due_in_evaluation_mode_and_without_gradients()
    {
        using var model = new ToyModel();
        var seen = new List<(bool Training, bool Gradients)>();
        var modes = new List<bool>();
        using var trainer = new Trainer<ToyBatch>(model, Quick with { MaxUpdates = 25 }, new ToySource(), (batch, _) =>
        {
            modes.Add(model.training);
            return model.Loss(batch);
        })
        {
            Validate = () =>
            {
                seen.Add((model.training, is_grad_enabled()));
                return 1;
            },
        };
        var result = await trainer.TrainAsync(cancellation: Cancellation);
        Assert.Equal([10, 20, 25], result.Validations.Select(point => point.Update));
        Assert.All(seen, state => Assert.Equal((false, false), state));
        Assert.All(modes, Assert.True);
        // Nothing was left to do: no second validation at the same update.
        Assert.Equal(3, (await trainer.TrainAsync(untilUpdate: 25, cancellation: Cancellation)).Validations.Count);
    }

    [Theory]
    [InlineData(false, 20, 50)]
    [InlineData(true, 30, 60)]
    public async Task Without_a_new_best_in_so_many_validations_training_stops(bool higherIsBetter, long best, long stop)
    {
        var values = new Queue<double>([5, 4, 4.5, double.NaN, 4, 4.4]);
        var settings = Quick with { MaxUpdates = 1_000, Patience = 3, HigherIsBetter = higherIsBetter };
        if (higherIsBetter) values = new([4, 4.5, 5, 4.9, 5, double.NaN]);
        using var model = new ToyModel();
        using var trainer = model.Trainer(settings, validate: values.Dequeue);
        var result = await trainer.TrainAsync(cancellation: Cancellation);
        Assert.Equal((StopReason.EarlyStop, stop, best), (result.Stopped, result.Update, result.BestUpdate));
        Assert.Equal(stop, (await trainer.TrainAsync(cancellation: Cancellation)).Update);
    }

    [Fact]
    public async Task The_best_weights_are_those_of_the_best_validation_and_training_goes_on_from_the_last()
    {
        using var model = new ToyModel();
        var hashes = new List<string>();
        var values = new Queue<double>([3, 1, 2, 4, 5, 6]);
        using var trainer = model.Trainer(Quick, validate: () =>
        {
            hashes.Add(model.Hash());
            return values.Dequeue();
        });
        await trainer.TrainAsync(untilUpdate: 40, cancellation: Cancellation);
        Assert.Equal(hashes[1], trainer.WithChosenWeights(() => model.training ? "in training mode" : model.Hash()));
        Assert.Equal(hashes[3], model.Hash());
        await trainer.TrainAsync(cancellation: Cancellation);
        Assert.Equal((await TrainAsync(Quick)).Hash, model.Hash());
    }

    [Fact]
    public void Best_weights_without_a_validation_are_a_clear_error()
    {
        using var model = new ToyModel();
        using var trainer = model.Trainer(Quick);
        Assert.Contains("no validation", Assert.Throws<IntraDistillException>(() => trainer.WithChosenWeights(model.Hash)).Message);
    }

    [Fact]
    public async Task Training_time_is_that_of_updates_and_not_of_validation()
    {
        using var model = new ToyModel();
        using var trainer = new Trainer<ToyBatch>(model, Quick with { MaxUpdates = 2 }, new ToySource(), (batch, _) =>
        {
            Thread.Sleep(10);
            return model.Loss(batch);
        })
        {
            Validate = () =>
            {
                Thread.Sleep(300);
                return 0;
            },
        };
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var result = await trainer.TrainAsync(cancellation: Cancellation);
        Assert.True(result.TrainingTime >= TimeSpan.FromMilliseconds(20));
        Assert.True(result.TrainingTime <= watch.Elapsed - TimeSpan.FromMilliseconds(300));
    }

    [Fact]
    public async Task Frozen_parameters_stay_and_clipping_limits_what_the_optimizer_sees()
    {
        using var model = new ToyModel();
        model.get_parameter("embedding.weight")!.requires_grad = false;
        string before = Convert.ToHexString(model.get_parameter("embedding.weight")!.bytes);
        using var trainer = model.Trainer(new TrainerSettings
        {
            Optimizer = OptimizerKind.Adam,
            Epsilon = 1,
            WeightDecay = 0,
            Schedule = ScheduleKind.Constant,
            WarmupSteps = 0,
            LearningRate = 1,
            MaxUpdates = 1,
            ClipNorm = 1e-3,
        });
        var biasBefore = model.get_parameter("output.bias")!.clone();
        var result = await trainer.TrainAsync(cancellation: Cancellation);
        Assert.Equal(before, Convert.ToHexString(model.get_parameter("embedding.weight")!.bytes));
        Assert.True(result.History[0].GradientNorm > 0.05);
        // With epsilon 1, Adam's first step is lr · g / (|g| + 1), so that its length is nearly that of the gradient.
        double moved = (model.get_parameter("output.bias")! - biasBefore).norm().ToDouble();
        Assert.InRange(moved, 1e-6, 1e-3);
    }

    private static async Task<(string Hash, TrainingResult Result)> TrainAsync(TrainerSettings settings)
    {
        using var model = new ToyModel();
        using var trainer = model.Trainer(settings);
        var result = await trainer.TrainAsync(cancellation: Cancellation);
        return (model.Hash(), result);
    }

    private sealed class Merged(ToySource source) : IBatchSource<ToyBatch>
    {
        public IReadOnlyList<ToyBatch> Epoch(int epoch) => [.. source.Epoch(epoch).Chunk(2).Select(pair =>
        {
            var inputs = new long[pair[0].Tokens + pair[1].Tokens, 3];
            Array.Copy(pair[0].Inputs, inputs, pair[0].Inputs.Length);
            Array.Copy(pair[1].Inputs, 0, inputs, pair[0].Inputs.Length, pair[1].Inputs.Length);
            return new ToyBatch(inputs, [.. pair[0].Labels, .. pair[1].Labels]);
        })];
    }
}

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>One buffer for all parameters gives what TorchSharp's optimizers give for each by itself.</summary>
[Collection("torch-rng")]
public sealed class FlatParametersTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(OptimizerKind.Adam, 0)]
    [InlineData(OptimizerKind.AdamW, 0)]
    [InlineData(OptimizerKind.Adamax, 0)]
    [InlineData(OptimizerKind.AdamW, 0.3)]
    public async Task Training_is_that_of_TorchSharps_optimizers_also_where_parameters_get_no_gradient(OptimizerKind kind, double clipNorm)
    {
        TrainerSettings settings = Settings(kind) with { ClipNorm = clipNorm };
        using TwoHeads model = new(), reference = new();
        using var trainer = NewTrainer(model, settings);
        await trainer.TrainAsync(12, cancellation: TestContext.Current.CancellationToken);

        using var theirs = TheirOptimizer(reference, settings);
        for (int update = 1; update <= 12; update++) TheirUpdate(reference, theirs, settings, update);
        AssertEqualWeights(reference, model);
        Assert.All(model.parameters(), parameter => Assert.Null(parameter.grad));
    }

    [Fact]
    public async Task Gradients_that_a_loss_drops_and_makes_anew_count()
    {
        TrainerSettings settings = Settings(OptimizerKind.AdamW);
        using TwoHeads model = new(), reference = new();
        using var dropping = new Trainer<ToyBatch>(model, settings, new ToySource(), (_, update) =>
        {
            foreach (Parameter parameter in model.parameters()) parameter.grad = null;
            return model.Loss(update);
        });
        using var plain = NewTrainer(reference, settings);
        await dropping.TrainAsync(7, cancellation: TestContext.Current.CancellationToken);
        await plain.TrainAsync(7, cancellation: TestContext.Current.CancellationToken);
        AssertEqualWeights(reference, model);
    }

    [Fact]
    public async Task Trainers_of_one_model_take_it_over_from_each_other()
    {
        TrainerSettings adam = Settings(OptimizerKind.AdamW), adamax = Settings(OptimizerKind.Adamax);
        using TwoHeads model = new(), reference = new();
        using Trainer<ToyBatch> first = NewTrainer(model, adam), second = NewTrainer(model, adamax);
        foreach (var (trainer, until) in new[] { (first, 3), (second, 2), (first, 5) })
            await trainer.TrainAsync(until, cancellation: TestContext.Current.CancellationToken);

        using optim.Optimizer one = TheirOptimizer(reference, adam), other = TheirOptimizer(reference, adamax);
        foreach (var (optimizer, settings, update) in new[]
        {
            (one, adam, 1), (one, adam, 2), (one, adam, 3), (other, adamax, 1), (other, adamax, 2), (one, adam, 4), (one, adam, 5),
        })
            TheirUpdate(reference, optimizer, settings, update);
        AssertEqualWeights(reference, model);
    }

    [Fact]
    public async Task A_model_of_16_bits_has_master_weights_that_a_checkpoint_holds()
    {
        // So small a step that a weight of 8 significant bits would never move.
        TrainerSettings settings = Settings(OptimizerKind.AdamW) with { LearningRate = 2e-4, WeightDecay = 0, CheckpointFolder = _folder };
        using TwoHeads start = new(ScalarType.BFloat16), model = new(ScalarType.BFloat16), resumed = new(ScalarType.BFloat16);
        using (var trainer = NewTrainer(model, settings with { CheckpointEvery = 20 }))
            await trainer.TrainAsync(20, cancellation: TestContext.Current.CancellationToken);
        using var again = NewTrainer(resumed, settings);
        Assert.True(again.TryResume());
        await again.TrainAsync(40, cancellation: TestContext.Current.CancellationToken);
        using TwoHeads whole = new(ScalarType.BFloat16);
        using var straight = NewTrainer(whole, settings with { CheckpointFolder = null });
        await straight.TrainAsync(40, cancellation: TestContext.Current.CancellationToken);

        AssertEqualWeights(whole, resumed, tolerance: 0);
        Assert.Contains(start.parameters().Zip(whole.parameters()), pair => !pair.First.Equals(pair.Second));
    }

    [Fact]
    public void Parameters_of_two_types_are_refused_by_name()
    {
        using var model = new TwoHeads();
        model.Second.to(ScalarType.Float32);
        var error = Assert.Throws<IntraDistillException>(() => NewTrainer(model, Settings(OptimizerKind.Adam)));
        Assert.Contains("second.weight is Float32 on cpu and shared.weight Float64 on cpu", error.Message, StringComparison.Ordinal);
    }

    private static TrainerSettings Settings(OptimizerKind kind) => new()
    {
        Optimizer = kind, LearningRate = 0.05, WarmupSteps = 3, WeightDecay = 0.1, ValidateEvery = 0, CheckpointEvery = 0,
    };

    private static Trainer<ToyBatch> NewTrainer(TwoHeads model, TrainerSettings settings) =>
        new(model, settings, new ToySource(), (_, update) => model.Loss(update));

    private static optim.Optimizer TheirOptimizer(nn.Module model, TrainerSettings of)
    {
        var (first, second) = of.Betas;
        return of.Optimizer switch
        {
            OptimizerKind.Adam => optim.Adam(model.parameters(), of.LearningRate, first, second, of.Epsilon, of.WeightDecay),
            OptimizerKind.AdamW => optim.AdamW(model.parameters(), of.LearningRate, first, second, of.Epsilon, of.WeightDecay),
            _ => optim.Adamax(model.parameters(), of.LearningRate, first, second, of.Epsilon, of.WeightDecay),
        };
    }

    private static void TheirUpdate(TwoHeads model, optim.Optimizer optimizer, TrainerSettings settings, long update)
    {
        using var scope = NewDisposeScope();
        foreach (Parameter parameter in model.parameters()) parameter.grad = null;
        model.Loss(update).Total.backward();
        if (settings.ClipNorm > 0) nn.utils.clip_grad_norm_(model.parameters(), settings.ClipNorm);
        foreach (var group in optimizer.ParamGroups) group.LearningRate = LearningRateSchedule.At(settings, update);
        optimizer.step();
        foreach (Parameter parameter in model.parameters()) parameter.grad = null;
    }

    private static void AssertEqualWeights(nn.Module expected, nn.Module actual, double tolerance = 1e-7)
    {
        using var scope = NewDisposeScope();
        foreach (var ((name, theirs), (_, ours)) in expected.named_parameters().Zip(actual.named_parameters()))
            Assert.True((theirs - ours).abs().max().to(float64).item<double>() <= tolerance, name);
    }

    /// <summary>A part that every loss needs and two heads, of which it needs one.</summary>
    private sealed class TwoHeads : nn.Module
    {
        private readonly Linear shared = nn.Linear(3, 4), first = nn.Linear(4, 2), second = nn.Linear(4, 5);
        private readonly ScalarType _type;

        public TwoHeads(ScalarType type = ScalarType.Float64) : base(nameof(TwoHeads))
        {
            Reproducible.Seed(5);
            foreach (Linear layer in new[] { shared, first, second })
            {
                nn.init.normal_(layer.weight!);
                nn.init.normal_(layer.bias!);
            }
            _type = type;
            RegisterComponents();
            this.to(type);
        }

        public Linear Second => second;

        public IntraDistillationLoss Loss(long update)
        {
            Tensor x = arange(6, ScalarType.Float64).reshape(2, 3).mul_(0.1 * (update % 4)).to(_type);
            Tensor total = (update % 3 == 0 ? second : first).forward(shared.forward(x).tanh()).square().mean();
            return new(total.detach(), zeros_like(total), 0, total);
        }
    }
}

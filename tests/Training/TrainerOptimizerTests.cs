using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class TrainerOptimizerTests
{
    private const double Beta1 = 0.9, Beta2 = 0.98, Epsilon = 1e-6, Decay = 0.1;

    [Theory]
    [InlineData(OptimizerKind.Adam)]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.Adamax)]
    public async Task The_updates_are_those_of_the_published_formulas_with_the_schedules_rate(OptimizerKind kind)
    {
        using var model = new Scalar();
        var settings = new TrainerSettings { Optimizer = kind, LearningRate = 0.1, WarmupSteps = 3, MaxUpdates = 8 };
        settings = settings with { WeightDecay = Decay };
        using var trainer = new Trainer<ToyBatch>(model, settings, new ToySource(), (_, _) => model.Loss());
        await trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken);

        // Kingma and Ba 2015, algorithms 1 and 2; Loshchilov and Hutter 2019, algorithm 2, for AdamW.
        double x = 2, m = 0, v = 0;
        for (int t = 1; t <= 8; t++)
        {
            double rate = LearningRateSchedule.At(settings, t), g = 3 * x * x;
            if (kind == OptimizerKind.AdamW) x -= rate * Decay * x;
            else g += Decay * x;
            m = Beta1 * m + (1 - Beta1) * g;
            double step = rate * m / (1 - Math.Pow(Beta1, t));
            if (kind == OptimizerKind.Adamax)
            {
                v = Math.Max(Beta2 * v, Math.Abs(g) + Epsilon);
                x -= step / v;
            }
            else
            {
                v = Beta2 * v + (1 - Beta2) * g * g;
                x -= step / (Math.Sqrt(v / (1 - Math.Pow(Beta2, t))) + Epsilon);
            }
        }
        Assert.Equal(x, model.Value.ToDouble(), 1e-9);
    }

    private sealed class Scalar : nn.Module
    {
        private readonly Parameter value = new(tensor(2.0, ScalarType.Float64));

        public Scalar() : base(nameof(Scalar)) => RegisterComponents();

        public Tensor Value => value;

        public IntraDistillationLoss Loss()
        {
            var cube = value.pow(3);
            return new IntraDistillationLoss(cube.detach(), zeros(1), 0, cube);
        }
    }
}

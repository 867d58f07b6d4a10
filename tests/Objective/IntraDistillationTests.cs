using IntraDistill.Objective;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace IntraDistill.Tests.ObjectiveTests;

[Collection("torch-rng")]
public class IntraDistillationTests
{
    [Fact]
    public void Any_module_trains_with_three_lines()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 3));
        Tensor x = randn(90, 4), y = x.argmax(1).remainder(3);
        var optimizer = optim.Adam(model.parameters(), 0.01);
        var intraDistillation = new IntraDistillation(new() { Alpha = 1, TotalSteps = 150, Reduction = DivergenceReduction.Mean });
        List<IntraDistillationLoss> losses = [];
        for (int step = 1; step <= 150; step++)
        {
            IntraDistillationLoss loss = intraDistillation.Loss(() => model.forward(x), logits => F.cross_entropy(logits, y), step);
            optimizer.zero_grad();
            loss.Total.backward();
            optimizer.step();
            losses.Add(loss);
        }
        Assert.True(losses[^1].Task.item<float>() < 0.5 * losses[0].Task.item<float>());
        Assert.True(losses[0].Divergence.item<float>() > 0);
        Assert.Equal(losses[^1].Total.item<float>(), losses[^1].Task.item<float>() + losses[^1].Divergence.item<float>(), 5);
    }

    [Theory]
    [InlineData(Divergence.X, 5.0)]
    [InlineData(Divergence.X, 0.0)]
    [InlineData(Divergence.JensenShannon, 2.0)]
    public void Fused_translation_loss_equals_the_plain_formulation(Divergence divergence, double alpha)
    {
        using var scope = NewDisposeScope();
        manual_seed(6);
        const int passes = 3, rows = 4, length = 5, size = 8, classes = 11, pad = 0;
        Tensor hidden = randn([passes, rows, length, size], dtype: float64).requires_grad_();
        Tensor weight = randn([classes, size], dtype: float64).requires_grad_();
        Tensor target = randint(0, classes, [rows, length], dtype: int64);
        target[0, -1] = pad;
        var settings = new IntraDistillationSettings { Passes = passes, Alpha = alpha, Divergence = divergence, AdaptiveAlpha = false, Reduction = DivergenceReduction.Mean };

        IntraDistillationLoss fused = new TranslationObjective(new(settings), 0.1, pad).Loss(hidden, weight, target, 1);
        fused.Total.backward();
        (Tensor hiddenGradient, Tensor weightGradient) = (hidden.grad!.clone(), weight.grad!.clone());
        hidden.grad!.zero_();
        weight.grad!.zero_();

        Tensor p = F.softmax(hidden.matmul(weight.t()), -1), mean = p.mean([0], keepdim: true);
        Tensor keep = target.ne(pad);
        Tensor pointwise = divergence == Divergence.X ? (p - mean) * (p.log() - mean.log()) : p * (p.log() - mean.log());
        Tensor x = (pointwise.sum([0, -1]) * keep).sum() / passes / keep.sum();
        Tensor task = stack(Enumerable.Range(0, passes)
            .Select(i => new LabelSmoothing(0.1).Sum(hidden[i].matmul(weight.t()), target, pad).Smoothed).ToArray()).mean() / keep.sum();
        (task + alpha * x).backward();

        Assert.True(fused.Task.RelativeError(task) < 1e-10);
        Assert.True(fused.Divergence.RelativeError(x) < 1e-10);
        Assert.True(fused.Total.RelativeError(task + alpha * x) < 1e-10);
        Assert.True(hiddenGradient.RelativeError(hidden.grad!) < 1e-10);
        Assert.True(weightGradient.RelativeError(weight.grad!) < 1e-10);
    }

    [Fact]
    public void Gradients_flow_through_the_states_into_the_module_below()
    {
        using var scope = NewDisposeScope();
        manual_seed(7);
        var below = nn.Linear(6, 8);
        var weight = new TorchSharp.Modules.Parameter(randn(11, 8));
        Tensor target = randint(1, 11, [2, 3], dtype: int64);
        Tensor hidden = below.forward(randn(2, 3, 6)).unsqueeze(0).expand(2, 2, 3, 8);
        new TranslationObjective(new(new() { Passes = 2 })).Loss(hidden, weight, target, 1).Total.backward();
        Assert.True(below.weight!.grad!.abs().sum().item<float>() > 0);
    }

    [Fact]
    public void Repeated_steps_leave_no_tensors_behind()
    {
        using var scope = NewDisposeScope();
        manual_seed(8);
        Tensor hidden = randn(3, 4, 5, 8).requires_grad_(), weight = randn(11, 8).requires_grad_();
        Tensor target = randint(1, 11, [4, 5], dtype: int64);
        var objective = new TranslationObjective(new(new() { TotalSteps = 100 }));
        long before = 0;
        for (int step = 1; step <= 50; step++)
        {
            using (NewDisposeScope())
                objective.Loss(hidden, weight, target, step).Total.backward();
            if (step == 2)
                before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Bad_input_is_named()
    {
        using var scope = NewDisposeScope();
        var objective = new TranslationObjective(new(new()));
        Assert.Contains("hidden (K, B, T, d)", Assert.Throws<ArgumentException>(() => objective.Loss(zeros(3, 2, 5, 8), zeros(11, 7), zeros(2, 5, dtype: int64), 1)).Message);
        Assert.Contains("padding", Assert.Throws<ArgumentException>(() => objective.Loss(zeros(3, 2, 5, 8), zeros(11, 8), zeros(2, 5, dtype: int64), 1)).Message);
        Assert.Throws<ArgumentException>(() => new TranslationObjective(new(new() { Divergence = Divergence.MeanSquaredError })));
        Assert.Contains("3 passes", Assert.Throws<ArgumentException>(() => new IntraDistillation(new()).Loss(zeros(2, 4, 5), l => l.sum(), 1)).Message);
    }
}

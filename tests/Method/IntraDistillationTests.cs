using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace IntraDistill.Tests;

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
    [InlineData(0.2, true, 3, "")]
    [InlineData(0.2, false, 3, "the model")]     // in evaluation mode
    [InlineData(0, true, 3, "the model")]
    [InlineData(0, true, 1, "")]
    public void Passes_that_do_not_differ_are_warned_of_once(double dropout, bool training, int passes, string named)
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var model = nn.Sequential(nn.Linear(4, 32), nn.Dropout(dropout), nn.Linear(32, 3)).to(float64);
        model.train(training);
        Tensor x = randn([90, 4], dtype: float64), y = x.argmax(1).remainder(3);
        IntraDistillationSettings settings = new() { Passes = passes, Alpha = 1, Reduction = DivergenceReduction.Mean };
        (IntraDistillation plain, TranslationObjective fused) = (new(settings), new(new(settings)));
        Tensor weight = randn([7, 3], dtype: float64);
        string[] warnings = Warnings(() =>
        {
            for (int step = 1; step <= 2; step++)
            {
                plain.Loss(() => model.forward(x), logits => F.cross_entropy(logits, y), step);
                // In one go, over copies: what most notebooks do.
                fused.Loss(model.forward(x.repeat(passes, 1)).view(passes, 9, 10, 3), weight, y.view(9, 10) + 1, step);
            }
        });
        Assert.Equal(named == "" ? 0 : 2, warnings.Length);
        Assert.All(warnings, line => Assert.Equal($"Warning: the {passes} passes of {named} give the same outputs, so their divergence is 0 "
            + "and nothing is distilled: it is in evaluation mode or has no dropout.", line));
    }

    [Fact]
    public void A_trainer_names_the_model_whose_passes_do_not_differ()
    {
        using var model = new ToyModel(dropoutRate: 0);
        var objective = new IntraDistillation(new() { Passes = 2, Alpha = 1, Reduction = DivergenceReduction.Mean });
        using var trainer = new Trainer<ToyBatch>(model, new() { MaxUpdates = 3, WarmupSteps = 1 }, new ToySource(),
            (batch, step) => objective.Loss(() => model.forward(tensor(batch.Inputs)), logits => F.cross_entropy(logits, tensor(batch.Labels)), step));
        string line = Assert.Single(Warnings(() => trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken).Wait()));
        Assert.StartsWith("Warning: the 2 passes of ToyModel give the same outputs", line);
    }

    private static string[] Warnings(Action action)
    {
        (TextWriter before, StringWriter said) = (Console.Error, new());
        Console.SetError(said);
        try
        {
            action();
        }
        finally
        {
            Console.SetError(before);
        }
        return [.. said.ToString().Split('\n').Where(line => line.StartsWith("Warning: the ", StringComparison.Ordinal))];
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

    [Theory]
    [InlineData(Divergence.X, DivergenceReduction.Sum)]
    [InlineData(Divergence.JensenShannon, DivergenceReduction.Sum)]
    [InlineData(Divergence.X, DivergenceReduction.Mean)]
    [InlineData(Divergence.MeanSquaredError, DivergenceReduction.Sum)]
    public void Weighted_parts_add_up_to_the_whole_batch(Divergence divergence, DivergenceReduction reduction)
    {
        using var scope = NewDisposeScope();
        manual_seed(9);
        const int examples = 13, classes = 4;
        bool regression = divergence == Divergence.MeanSquaredError;
        Tensor hidden = randn([3, examples, 6], dtype: float64), weight = randn([6, classes], dtype: float64).requires_grad_();
        Tensor labels = regression ? randn([examples, classes], dtype: float64) : randint(0, classes, [examples], dtype: int64);
        IntraDistillation objective = Objective(divergence, reduction);

        Parts expected = Whole(weight, Loss(0, examples, null));
        Parts sum = Sum(weight, [(0, 5), (5, 5), (10, 3)],
            (from, count) => ((double)count / examples, Loss(from, count, examples)));

        Assert.True(expected.Divergence > 0.1);
        AssertSame(expected, sum);

        IntraDistillationLoss Loss(int from, int count, long? whole)
        {
            Tensor y = labels.narrow(0, from, count);
            return objective.Loss(hidden.narrow(1, from, count).matmul(weight),
                logits => regression ? F.mse_loss(logits, y) : F.cross_entropy(logits, y), 1, updatePositions: whole);
        }
    }

    [Theory]
    [InlineData(Divergence.X)]
    [InlineData(Divergence.JensenShannon)]
    public void Weighted_parts_add_up_where_only_masked_positions_count(Divergence divergence)
    {
        using var scope = NewDisposeScope();
        manual_seed(10);
        const int rows = 7, length = 5, classes = 4;
        Tensor hidden = randn([3, rows, length, 6], dtype: float64);
        Tensor weight = randn([6, classes], dtype: float64).requires_grad_();
        Tensor labels = randint(0, classes, [rows, length], dtype: int64), mask = rand(rows, length).lt(0.6);
        // The last part has no position that counts.
        mask[6] = false;
        long positions = mask.sum().item<long>();
        IntraDistillation objective = Objective(divergence, DivergenceReduction.Sum);

        Parts expected = Whole(weight, Loss(0, rows, null));
        Parts sum = Sum(weight, [(0, 4), (4, 2), (6, 1)], (from, count) =>
            (mask.narrow(0, from, count).sum().item<long>() / (double)positions, Loss(from, count, positions)));

        Assert.True(expected.Divergence > 0.1);
        AssertSame(expected, sum);

        IntraDistillationLoss Loss(int from, int count, long? whole)
        {
            Tensor y = labels.narrow(0, from, count), keep = mask.narrow(0, from, count);
            // A mean that is 0, not NaN, of no positions.
            return objective.Loss(hidden.narrow(1, from, count).matmul(weight), logits => F.cross_entropy(logits.flatten(0, 1),
                y.masked_fill(keep.logical_not(), -100).flatten(), ignore_index: -100, reduction: nn.Reduction.Sum)
                / keep.sum().clamp_min(1), 1, keep, whole);
        }
    }

    [Fact]
    public void Without_the_update_s_positions_a_sum_is_the_sum()
    {
        using var scope = NewDisposeScope();
        manual_seed(11);
        Tensor logits = randn([3, 5, 2, 4]), mask = rand(5, 2).lt(0.5);
        IntraDistillation objective = Objective(Divergence.X, DivergenceReduction.Sum);
        Assert.Equal(Divergences.Compute(Divergence.X, logits).item<float>(), Reduced(null));
        Assert.Equal(Divergences.Compute(Divergence.X, logits, mask).item<float>(), Reduced(null, mask));
        // Bit for bit: a batch of its own may always say how many positions it has.
        Assert.Equal(Reduced(null), Reduced(10));

        float Reduced(long? positions, Tensor? keep = null) =>
            objective.Loss(logits, pass => pass.mean(), 1, keep, positions).Divergence.item<float>();
    }

    [Fact]
    public void An_update_cannot_have_fewer_positions_than_its_part()
    {
        using var scope = NewDisposeScope();
        IntraDistillation objective = Objective(Divergence.X, DivergenceReduction.Sum);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => objective.Loss(zeros(3, 5, 4), pass => pass.sum(), 1, updatePositions: 4));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => objective.Loss(() => zeros(5, 4), pass => pass.sum(), 1, ones(5), updatePositions: 0));
    }

    private static IntraDistillation Objective(Divergence divergence, DivergenceReduction reduction) =>
        new(new() { Passes = 3, Alpha = 2, AdaptiveAlpha = false, Divergence = divergence, Reduction = reduction });

    private sealed record Parts(double Task, double Divergence, double Total, Tensor Gradient);

    private static Parts Whole(Tensor weight, IntraDistillationLoss loss) => Sum(weight, [(0, 0)], (_, _) => (1, loss));

    /// <summary>What the trainer makes of the parts of an update.</summary>
    private static Parts Sum(Tensor weight, (int From, int Count)[] parts,
        Func<int, int, (double Share, IntraDistillationLoss Loss)> loss)
    {
        (double task, double divergence, double total) = (0, 0, 0);
        foreach ((int from, int count) in parts)
        {
            (double share, IntraDistillationLoss terms) = loss(from, count);
            task += share * terms.Task.item<double>();
            divergence += share * terms.Divergence.item<double>();
            total += share * terms.Total.item<double>();
            (share * terms.Total).backward();
        }
        Parts sum = new(task, divergence, total, weight.grad!.clone());
        weight.grad!.zero_();
        return sum;
    }

    private static void AssertSame(Parts expected, Parts actual)
    {
        Assert.Equal(expected.Task, actual.Task, 1e-12);
        Assert.Equal(expected.Divergence, actual.Divergence, 1e-12);
        Assert.Equal(expected.Total, actual.Total, 1e-12);
        Assert.True(actual.Gradient.RelativeError(expected.Gradient) < 1e-12);
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
        Assert.Contains("Reduction = Mean was expected, not Sum", Assert.Throws<ArgumentException>(() =>
            new TranslationObjective(new(new() { Reduction = DivergenceReduction.Sum }))).Message);
        Assert.Contains("3 passes", Assert.Throws<ArgumentException>(() => new IntraDistillation(new()).Loss(zeros(2, 4, 5), l => l.sum(), 1)).Message);
    }
}

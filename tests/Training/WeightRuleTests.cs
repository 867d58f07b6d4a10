using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>Which weights each rule chooses, on runs whose answer is known by hand.</summary>
[Collection("torch-rng")]
public sealed class WeightRuleTests : IDisposable
{
    // A validation every 10 updates. The loss is lowest at 20 and falls again at the end; the metric is best at 50; 60 is the last.
    private static readonly double[] s_losses = [3, 1, 1.5, 2, 2.5, 0.5, 0.25], s_metrics = [10, 20, 15, 25, 40, 30, 40];

    private static readonly TrainerSettings s_settings = new()
    {
        Label = "toy", LearningRate = 1e-2, WarmupSteps = 10, MaxUpdates = 70, ValidateEvery = 10, CheckpointEvery = 10,
        HigherIsBetter = true, LossPatience = 3, Rules = Enum.GetValues<WeightRule>(),
    };

    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("intradistill-rules-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _temporary.Delete(recursive: true);

    [Fact]
    public async Task Each_rule_chooses_the_weights_that_one_would_choose_by_hand()
    {
        using var run = new Run(s_settings);
        await run.Trainer.TrainAsync(cancellation: Cancellation);

        // Of two equal metrics the first; the loss at 60 and 70 comes after its patience of three validations ran out at 50.
        Assert.Equal(run.Hashes[4], run.Hash(WeightRule.Metric));
        Assert.Equal(run.Hashes[1], run.Hash(WeightRule.Loss));
        Assert.Equal(run.Hashes[6], run.Hash(WeightRule.Last));
        Assert.Equal(["Metric: update 50", "Loss: update 20", "Last: update 70", "MeanOfLast: updates 30 to 70, mean of 5"],
            s_settings.Rules.Select(rule => run.Trainer.Chosen(rule).ToString()));
        Assert.Equal(["50", "20", "70", "30-70.mean5"], s_settings.Rules.Select(rule => run.Trainer.Chosen(rule).Weights));
        // The first rule is the run's own, and evaluating leaves the model as it was.
        Assert.Equal(run.Hash(WeightRule.Metric), run.Trainer.WithChosenWeights(run.Model.Hash));
        Assert.Equal(run.Hashes[6], run.Model.Hash());
    }

    [Fact]
    public async Task The_mean_of_the_last_is_the_mean_of_the_weights_at_the_last_validations()
    {
        using var run = new Run(s_settings);
        await run.Trainer.TrainAsync(untilUpdate: 30, cancellation: Cancellation);
        AssertMean(run, 0..3);
        Assert.Equal("10-30.mean3", run.Trainer.Chosen(WeightRule.MeanOfLast).Weights);
        await run.Trainer.TrainAsync(cancellation: Cancellation);
        AssertMean(run, 2..7);

        static void AssertMean(Run run, Range validations)
        {
            using var scope = NewDisposeScope();
            Tensor[] expected = [.. run.Weights[0].Select((_, i) => stack(run.Weights.Take(validations).Select(all => all[i])).mean([0]))];
            run.Trainer.WithChosenWeights(() =>
            {
                foreach (var (weight, mean) in run.Model.parameters().Zip(expected))
                    Assert.True((weight.to(float64) - mean).abs().max().ToDouble() < 1e-7);
                return 0;
            }, WeightRule.MeanOfLast);
        }
    }

    [Theory]
    [InlineData(0, 70)]    // never impatient
    [InlineData(4, 60)]    // the fourth validation without a lower loss would be the one at 60, and is lower
    [InlineData(3, 20)]
    public async Task The_loss_rule_looks_no_further_than_its_patience(int patience, long chosen)
    {
        using var run = new Run(s_settings with { LossPatience = patience, Rules = [WeightRule.Loss] });
        await run.Trainer.TrainAsync(untilUpdate: patience == 4 ? 60 : 70, cancellation: Cancellation);
        Assert.Equal([chosen], run.Trainer.Chosen().Updates);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(20)]
    [InlineData(60)]
    public async Task A_resumed_run_chooses_the_same_weights_by_every_rule(long stop)
    {
        using var whole = new Run(s_settings);
        await whole.Trainer.TrainAsync(cancellation: Cancellation);

        var settings = s_settings with { CheckpointFolder = Path.Combine(_temporary.FullName, "run") };
        using (var first = new Run(settings))
        {
            // As a killed process leaves it: cancelled, with no validation at the end.
            using var source = new CancellationTokenSource();
            first.StopAfter(stop, source);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.Trainer.TrainAsync(cancellation: source.Token));
        }
        using var second = new Run(settings, modelSeed: 99);
        Assert.True(second.Trainer.TryResume());
        second.Skip(second.Trainer.Result.Validations.Count);
        await second.Trainer.TrainAsync(cancellation: Cancellation);
        foreach (WeightRule rule in s_settings.Rules)
        {
            Assert.Equal(whole.Trainer.Chosen(rule).Weights, second.Trainer.Chosen(rule).Weights);
            Assert.Equal(whole.Hash(rule), second.Hash(rule));
        }
    }

    [Fact]
    public async Task Patience_stops_nothing_before_the_update_that_it_holds_from()
    {
        foreach (var (from, stop) in new[] { (0L, 70L), (90L, 90L) })
        {
            using var model = new ToyModel();
            var values = new Queue<double>([5, 4, 3, 2, 1, 1, 1, 1, 1, 1, 1]);
            using var trainer = model.Trainer(
                s_settings with { MaxUpdates = 1_000, HigherIsBetter = false, Rules = [], Patience = 2, PatienceFrom = from }, validate: values.Dequeue);
            var result = await trainer.TrainAsync(cancellation: Cancellation);
            Assert.Equal((StopReason.EarlyStop, stop), (result.Stopped, result.Update));
        }
    }

    [Fact]
    public async Task A_metric_that_is_measured_late_counts_from_then_on()
    {
        using var model = new ToyModel();
        using var trainer = model.Trainer(s_settings with { Patience = 2 });
        trainer.Validate = () => new(trainer.Result.Update >= 40 ? 1 : null, Loss: 2);
        var result = await trainer.TrainAsync(cancellation: Cancellation);
        // The best is the one at 40; two later ones found none better. The three before it measured nothing.
        Assert.Equal((40, 60), (result.BestUpdate, result.Update));
        Assert.Equal([double.NaN, double.NaN, double.NaN, 1, 1, 1], result.Validations.Select(point => point.Metric));
    }

    [Fact]
    public async Task A_rule_with_nothing_to_choose_from_is_one_line_with_run_and_rule()
    {
        using var model = new ToyModel();
        using (var trainer = model.Trainer(s_settings))
        {
            Assert.Equal("toy: no weights by the rule Metric: no validation has been made.", Message(trainer, WeightRule.Metric));
            Assert.Equal("toy: no weights by the rule MeanOfLast: no validation has been made.", Message(trainer, WeightRule.MeanOfLast));
        }
        using (var trainer = model.Trainer(s_settings with { MaxUpdates = 20 }))
        {
            trainer.Validate = () => new(Metric: double.NaN);
            await trainer.TrainAsync(cancellation: Cancellation);
            Assert.Equal("toy: no weights by the rule Metric: the metric of 2 validations was never a number.", Message(trainer, WeightRule.Metric));
            Assert.Equal("toy: no weights by the rule Loss: none of 2 validations measured a loss.", Message(trainer, WeightRule.Loss));
            Assert.Equal([20L], trainer.Chosen(WeightRule.Last).Updates);
        }
        using (var trainer = model.Trainer(s_settings with { Rules = [WeightRule.Loss] }))
        {
            Assert.Equal("toy: no weights by the rule Metric: TrainerSettings.Rules has Loss.", Message(trainer, WeightRule.Metric));
        }

        static string Message(Trainer<ToyBatch> trainer, WeightRule rule)
        {
            var error = Assert.Throws<IntraDistillException>(() => trainer.Chosen(rule));
            Assert.Contains($"by the rule {rule}:", error.Message, StringComparison.Ordinal);
            return error.Message;
        }
    }

    /// <summary>A toy training whose validations are those above; keeps its weights at each.</summary>
    private sealed class Run : IDisposable
    {
        private int _next;
        private (long Update, CancellationTokenSource Source)? _stop;

        public Run(TrainerSettings settings, long modelSeed = 1)
        {
            Model = new ToyModel(modelSeed);
            Trainer = new(Model, settings, new ToySource(), (batch, update) =>
            {
                if (_stop is { } stop && update > stop.Update)
                {
                    stop.Source.Cancel();
                    stop.Source.Token.ThrowIfCancellationRequested();
                }
                return Model.Loss(batch);
            })
            {
                Validate = () =>
                {
                    Hashes.Add(Model.Hash());
                    using var scope = NewDisposeScope();
                    Weights.Add([.. Model.parameters().Select(p => p.to(float64).detach().clone().DetachFromDisposeScope())]);
                    return new Validation(s_metrics[_next], s_losses[_next++]);
                },
            };
        }

        public ToyModel Model { get; }

        public Trainer<ToyBatch> Trainer { get; }

        public List<string> Hashes { get; } = [];

        public List<Tensor[]> Weights { get; } = [];

        public string Hash(WeightRule rule) => Trainer.WithChosenWeights(Model.Hash, rule);

        public void StopAfter(long update, CancellationTokenSource source) => _stop = (update, source);

        public void Skip(int validations) => _next = validations;

        public void Dispose()
        {
            Trainer.Dispose();
            Model.Dispose();
            foreach (Tensor weight in Weights.SelectMany(all => all)) weight.Dispose();
        }
    }
}

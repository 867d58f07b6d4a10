using System.Xml.Linq;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class TrainingProgressTests
{
    private static readonly TrainingProgress Half = new()
    {
        Label = "ID <K=3>",
        Update = 750,
        MaxUpdates = 1_500,
        Loss = 2.3456,
        Divergence = 0.1234,
        Alpha = 1,
        Validation = 2.5,
        BestValidation = 2.4,
        TokensPerSecond = 12_345.6,
        Elapsed = TimeSpan.FromSeconds(3_725),
        Remaining = TimeSpan.FromSeconds(65),
    };

    [Fact]
    public void One_line_says_it_all() => Assert.Equal(
        "ID <K=3>: 750/1,500 · loss 2.346 · α′ 1.000 · divergence 0.123 · validation 2.500 (best 2.400) · tokens/s 12,346 · " +
        "1:02:05, 1:05 left",
        Half.ToString());

    [Fact]
    public void The_html_is_well_formed_and_shows_the_bar_and_the_escaped_label()
    {
        string html = Half.ToHtml();
        XElement.Parse(html);
        Assert.Contains("width:50%", html);
        Assert.Contains("ID &lt;K=3&gt;", html);
        Assert.Contains("1:05 left", html);
        Assert.DoesNotContain("left", (Half with { Stopped = StopReason.MaxUpdates }).ToHtml());
        XElement.Parse(new TrainingProgress().ToHtml());
    }

    [Fact]
    public void The_fraction_is_that_of_the_updates() =>
        Assert.Equal((0.5, 1), (Half.Fraction, (Half with { Update = 2_000 }).Fraction));

    [Fact]
    public async Task A_run_reports_validations_and_its_end()
    {
        using var model = new ToyModel();
        var settings = new TrainerSettings { Label = "toy", MaxUpdates = 30, ValidateEvery = 10 };
        using var trainer = model.Trainer(settings, validate: () => 2);
        Assert.Equal(("toy", 0, 30), (trainer.Progress.Label, trainer.Progress.Update, trainer.Progress.MaxUpdates));
        var seen = new List<TrainingProgress>();
        trainer.ProgressChanged += seen.Add;
        var result = await trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Superset(new HashSet<long> { 10, 20, 30 }, seen.Select(progress => progress.Update).ToHashSet());
        var last = seen[^1];
        Assert.Same(last, trainer.Progress);
        Assert.Equal((30, 1.0, StopReason.MaxUpdates, 2.0), (last.Update, last.Fraction, last.Stopped, last.Validation));
        Assert.Equal(TimeSpan.Zero, last.Remaining);
        Assert.True(last.Elapsed >= result.TrainingTime);
        Assert.True(last.Loss > 0 && last.TokensPerSecond > 0);
        Assert.All(seen.SkipLast(1), progress => Assert.Null(progress.Stopped));
    }

    [Fact]
    public void The_rate_is_that_of_all_tokens_since_the_last_snapshot_over_all_time()
    {
        var history = new TrainingHistory(new TrainerSettings());
        Add(1, seconds: 5, rate: 7);
        var meter = new ProgressMeter(new TrainingProgress(), history);
        Add(2, seconds: 6, rate: 100);          // 100 tokens in a second
        Add(3, seconds: 9, rate: 400);          // 1,200 in three
        Assert.Equal(325, meter.Snapshot(null).TokensPerSecond, 1e-9);
        Add(4, seconds: 10, rate: 50);
        Assert.Equal(50, meter.Snapshot(null).TokensPerSecond, 1e-9);

        void Add(long update, double seconds, double rate) =>
            history.Updates.Add(new(update, TimeSpan.FromSeconds(seconds), 1, 1, 1, 1, 1, rate, 1));
    }
}

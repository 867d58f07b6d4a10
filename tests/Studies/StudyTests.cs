using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>Arms of a toy task. What an arm predicts is the hash of its weights, so that every choice can be told by hand.</summary>
[Collection("torch-rng")]
public sealed class StudyTests : IDisposable
{
    private static readonly TrainerSettings s_settings = new()
    {
        LearningRate = 1e-2, WarmupSteps = 10, ValidateEvery = 10, CheckpointEvery = 10, HigherIsBetter = true,
        Rules = Enum.GetValues<WeightRule>(),
    };

    private static readonly StudyPoint[] s_points = [new("equal-updates", 30), new("equal-time", 60)];

    private readonly string _folder = Directory.CreateTempSubdirectory("intradistill-study-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_point_is_scored_by_every_rule_with_the_weights_that_a_plain_training_has_there()
    {
        StoredRun run = await RunAsync(Store(), alpha: 0.5);

        var hashes = new Dictionary<long, string>();
        using var model = new ToyModel(seed: 1);
        using var trainer = model.Trainer(s_settings);
        trainer.Validate = () =>
        {
            hashes[trainer.Result.Update] = model.Hash();
            return Measure(trainer.Result.Update);
        };
        await trainer.TrainAsync(untilUpdate: 60, cancellation: Cancellation);

        // The metric is best at 20, then at 50; the loss is lowest at 10.
        foreach (var (point, rule, weights) in new[]
        {
            ("equal-updates", WeightRule.Metric, 20), ("equal-updates", WeightRule.Loss, 10), ("equal-updates", WeightRule.Last, 30),
            ("equal-time", WeightRule.Metric, 50), ("equal-time", WeightRule.Loss, 10), ("equal-time", WeightRule.Last, 60),
        })
        {
            ScoredWeights scored = Study.Read(run, point, rule);
            Assert.Equal($"{weights}", scored.Weights);
            Assert.Equal([hashes[weights]], scored.Hypotheses);
            Assert.Equal(64, scored.Scores["length"].Number);
            Assert.Equal(point == "equal-time" ? 60 : 30, scored.Point.Update);
        }
        Assert.Equal("10-30.mean3", Study.Read(run, "equal-updates", WeightRule.MeanOfLast).Weights);
        Assert.Equal(s_points, Study.Points(run));
        Assert.Equal([10, 20, 30, 40, 50, 60], TrainingLog.Validations(run).Select(point => point.Update));
    }

    [Fact]
    public async Task A_run_that_is_done_is_found_and_another_setting_of_the_study_is_a_run_of_its_own()
    {
        RunStore store = Store();
        string[] alone = await HashesAsync(new RunStore(Path.Combine(_folder, "alone")), alpha: 2);
        string[] first = await HashesAsync(store, alpha: 0.5), second = await HashesAsync(store, alpha: 2);
        Assert.Equal(alone, second);
        Assert.NotEqual(first, second);
        Assert.Equal(2, store.All().Count);

        var study = new Study(store, CPU);
        StoredRun again = await RunAsync(store, alpha: 0.5, study: study, newModel: () => throw new InvalidOperationException("trained again"));
        Assert.Equal("found, done", study.Origins[again.Name]);
        // Another number of updates is another run.
        await RunAsync(store, alpha: 0.5, points: [s_points[0]]);
        Assert.Equal(3, store.All().Count);
    }

    [Theory]
    [InlineData(0)]      // in the first prediction
    [InlineData(1)]      // between two rules of the first point
    [InlineData(4)]      // at the second point
    [InlineData(6)]
    public async Task An_interrupted_run_goes_on_and_comes_to_the_same(int predictions)
    {
        string[] whole = await HashesAsync(new RunStore(Path.Combine(_folder, "whole")), alpha: 0.5);
        RunStore store = Store();
        int made = 0;
        await Assert.ThrowsAsync<OperationCanceledException>(() => RunAsync(store, alpha: 0.5, predict: model =>
            made++ < predictions ? [model.Hash()] : throw new OperationCanceledException()));
        Assert.Equal(RunStatus.Unfinished, Assert.Single(store.All()).Status);

        var study = new Study(store, CPU);
        StoredRun run = await RunAsync(store, alpha: 0.5, study: study);
        Assert.StartsWith("gone on with from update", study.Origins[run.Name], StringComparison.Ordinal);
        Assert.Equal(whole, Hashes(run));
    }

    [Fact]
    public async Task A_damaged_checkpoint_is_named_where_a_run_goes_on_from_the_one_before()
    {
        RunStore store = Store();
        await Assert.ThrowsAsync<OperationCanceledException>(() => RunAsync(store, alpha: 0.5, predict: _ => throw new OperationCanceledException()));
        string newest = Directory.GetFiles(store.Folder, "*.checkpoint", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
        File.WriteAllBytes(newest, File.ReadAllBytes(newest)[..500]);

        TextWriter before = Console.Out;
        using var shown = new StringWriter();
        Console.SetOut(shown);
        try
        {
            await RunAsync(store, alpha: 0.5);
        }
        finally
        {
            Console.SetOut(before);
        }
        Assert.Contains($"{store.All()[0].Name}: Checkpoint {newest}", shown.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(9)]      // not at all
    [InlineData(0)]      // interrupted while the first point is examined
    [InlineData(1)]
    public async Task A_model_is_examined_at_each_point_with_the_weights_of_the_first_rule_once(int examinations)
    {
        RunStore store = Store();
        var examined = new List<string>();
        IEnumerable<(string, RunValue)> Examine(ToyModel model, StoredRun run, StudyPoint point)
        {
            if (examined.Count == examinations)
            {
                examinations = 9;
                throw new OperationCanceledException();
            }
            Assert.False(model.training);
            examined.Add(model.Hash());
            File.WriteAllText(Path.Combine(run.Folder, $"{point.Name}.safetensors"), "measured");
            return [("examined", model.Hash())];
        }
        if (examinations < 9)
            await Assert.ThrowsAsync<OperationCanceledException>(() => RunAsync(store, alpha: 0.5, examine: Examine));
        StoredRun run = await RunAsync(store, alpha: 0.5, examine: Examine);

        ScoredWeights[] scored = [.. s_points.Select(point => Study.Read(run, point.Name, WeightRule.Metric))];
        Assert.Equal(examined, scored.Select(one => one.Scores["examined"].Text));
        Assert.Equal(examined, scored.Select(one => one.Hypotheses[0]));
        Assert.Equal(2, examined.Distinct().Count());
        Assert.False(Study.Read(run, "equal-time", WeightRule.Last).Scores.TryGet("examined", out _));
        // What was written belongs to the run.
        File.AppendAllText(Path.Combine(run.Folder, "equal-time.safetensors"), "!");
        Assert.Equal(RunStatus.Broken, Assert.Single(store.All()).Status);
    }

    [Fact]
    public async Task An_arm_at_its_plateau_stops_before_the_limit_but_not_before_the_points_to_be_compared()
    {
        StudyPoint[] points = [.. s_points, new("plateau", 10_000)];
        StoredRun run = await RunAsync(Store(), alpha: 0.5, points: points,
            settings: s_settings with { Patience = 2, PatienceFrom = 60 });
        ScoredWeights end = Study.Read(run, "plateau", WeightRule.Metric);
        // The best metric is at 50: two validations later patience is over.
        Assert.Equal((70, "50", "EarlyStop"), (end.Point.Update, end.Weights, end.Scores["stopped"].Text));
        Assert.Equal(60, Study.Read(run, "equal-time", WeightRule.Metric).Point.Update);
    }

    [Fact]
    public async Task What_cannot_be_is_one_line_that_says_what_was_expected()
    {
        RunStore store = Store();
        Assert.Equal("a study's arm has no point to be scored at; expected one or more", await Refused(points: []));
        Assert.Equal("point b comes after 20 updates; expected 30 or more, as it follows a",
            await Refused(points: [new("a", 30), new("b", 20)]));
        Assert.Equal("a point is called \"two words\"; expected letters, digits and hyphens", await Refused(points: [new("two words", 3)]));
        Assert.Equal("two points of an arm have one name; expected different ones", await Refused(points: [new("a", 3), new("a", 4)]));
        Assert.Equal("toy, arm, seed 1: no weights by the rule Metric: none of 3 validations measured a metric.",
            await Refused(points: s_points, validate: _ => new(Loss: 1)));
        Assert.Contains("nothing is stored of point elsewhere by the rule Last", Assert.Throws<IntraDistillException>(() =>
            Study.Read(RunAsync(store, alpha: 1).GetAwaiter().GetResult(), "elsewhere", WeightRule.Last)).Message, StringComparison.Ordinal);

        async Task<string> Refused(StudyPoint[] points, Func<long, Validation>? validate = null)
        {
            string message = (await Assert.ThrowsAnyAsync<IntraDistillException>(
                () => RunAsync(store, alpha: 0.5, points: points, validate: validate))).Message;
            Assert.DoesNotContain('\n', message);
            return message;
        }
    }

    [Fact]
    public async Task Times_are_measured_in_turns_once_and_make_equal_time_a_number_of_updates()
    {
        RunStore store = Store();
        UpdateTimes times = await MeasureAsync();
        TimeRatio ratio = times.Ratio("slow", "fast");
        Assert.InRange(ratio.Ratio, 2, 8);
        Assert.InRange(ratio.Ratio, ratio.Low, ratio.High);
        Assert.Equal(4, times.Run.Metrics().Count);
        // Found again, it is the same to the last digit.
        UpdateTimes again = await MeasureAsync();
        Assert.Equal((ratio, times.Milliseconds("slow")), (again.Ratio("slow", "fast"), again.Milliseconds("slow")));
        Assert.Contains("no times of other; there are those of slow, fast",
            Assert.Throws<IntraDistillException>(() => times.Ratio("slow", "other")).Message, StringComparison.Ordinal);

        string table = times.Table("Times", "slow", ("Updates", arm => arm == "slow" ? "100" : "300")).ToString();
        Assert.Matches(@"Arm +Update \(ms\) +slow takes \(×\) +95 % +Updates", table);
        Assert.Matches(@"slow +\d+\.\d +1\.00 +– +100\nfast +\d\.\d +\d\.\d\d +\d\.\d\d–\d\.\d\d +300\n\[1\] Medians over 4 rounds in turns\. Made on: ", table);

        Assert.Equal(250, new TimeRatio(2.47, 2.4, 2.5).EqualTime(100, 10));
        Assert.Equal(240, new TimeRatio(2.44, 2.4, 2.5).EqualTime(100, 10));
        Assert.Equal(10, new TimeRatio(1e-3, 0, 1).EqualTime(100, 10));

        Task<UpdateTimes> MeasureAsync() => UpdateTimes.MeasureAsync<ToyBatch>(store,
            new RunConfig(1, [("what", "times"), .. RunConfig.OfMachine(CPU)]), CPU,
            [("slow", () => Sleeper(12)), ("fast", () => Sleeper(3))], rounds: 4, updates: 3, Cancellation);

        static (nn.Module, Trainer<ToyBatch>) Sleeper(int milliseconds)
        {
            var model = new ToyModel();
            return (model, new(model, s_settings with { ValidateEvery = 0, CheckpointEvery = 0, Rules = [] }, new ToySource(), (batch, _) =>
            {
                Thread.Sleep(milliseconds);
                return model.Loss(batch);
            }));
        }
    }

    [Fact]
    public async Task There_is_no_equal_time_between_machines()
    {
        RunStore store = Store();
        RunConfig here = new(1, ("what", "times"), ("machine.processor", "this one"), ("machine.threads", 2));
        UpdateTimes times = await UpdateTimes.MeasureAsync<ToyBatch>(store, here, CPU, [("a", () =>
        {
            var model = new ToyModel();
            return (model, model.Trainer(s_settings with { ValidateEvery = 0, CheckpointEvery = 0, Rules = [] }));
        })], rounds: 1, updates: 2, Cancellation);
        StoredRun same = Done(2), other = Done(1);
        times.RequireSameMachine([same]);
        string message = Assert.Throws<IntraDistillException>(() => times.RequireSameMachine([same, other])).Message;
        Assert.StartsWith($"{other.Name}: machine.threads is 1, and 2 where the times of updates were measured", message, StringComparison.Ordinal);

        StoredRun Done(int threads)
        {
            using RunFolder run = store.Start("x", new RunConfig(1, ("machine.processor", "this one"), ("machine.threads", threads)));
            run.Finish(("bleu", 1));
            return run;
        }
    }

    private RunStore Store() => new(Path.Combine(_folder, "study"));

    // Best metric at 50 (at 20 of the first thirty), lowest loss at 10.
    private static Validation Measure(long update) => new(update switch { 20 => 3, 30 => 2, 50 => 9, _ => 1 }, Loss: update);

    private static Task<StoredRun> RunAsync(RunStore store, double alpha, StudyPoint[]? points = null, TrainerSettings? settings = null,
        Study? study = null, Func<ToyModel>? newModel = null, Func<ToyModel, IReadOnlyList<string>>? predict = null,
        Func<long, Validation>? validate = null, Func<ToyModel, StoredRun, StudyPoint, IEnumerable<(string, RunValue)>>? examine = null)
    {
        var experiment = new Experiment<ToyModel, ToyBatch>
        {
            Label = "toy",
            Settings = (_, _) => new { alpha },
            Training = _ => settings ?? s_settings,
            Points = _ => points ?? s_points,
            Model = _ => newModel?.Invoke() ?? new ToyModel(seed: 1),
            Batches = _ => new ToySource(),
            Step = (_, model) => (batch, _) => model.Loss(batch, alpha),
            Validate = (_, update) => (validate ?? Measure)(update),
            Predict = predict ?? (model => [model.Hash()]),
            Score = lines => [("length", lines[0].Length)],
            Examine = examine,
        };
        return (study ?? new Study(store, CPU).Follow(null, Cancellation)).RunAsync(experiment, new Arm("arm", 1), seed: 1);
    }

    private static string[] Hashes(StoredRun run) => [.. s_points.SelectMany(point => s_settings.Rules.Select(rule =>
        Study.Read(run, point.Name, rule)).Select(scored => $"{scored.Weights} {scored.Hypotheses[0]}"))];

    private static async Task<string[]> HashesAsync(RunStore store, double alpha) => Hashes(await RunAsync(store, alpha));
}

using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>Arms of a toy task, run as a notebook does it.</summary>
[Collection("torch-rng")]
public sealed class ExperimentTests : IDisposable
{
    private static readonly Arm s_one = new("Baseline", 1, LearningRate: 1e-2), s_two = new("Intra-distillation", 2, 0.5, LearningRate: 2e-2);

    private readonly string _folder = Directory.CreateTempSubdirectory("intradistill-experiment-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Study Open(string name = "study") => Study.Open(name, "toy", CPU, float32, _folder);

    private static Experiment<ToyModel, ToyBatch> Toy(int width = 16) => new()
    {
        Label = "toy",
        Settings = (arm, seed) => new { data = "abc", passes = arm.Passes, width, greedy = new BeamSearchLike(3) },
        Training = arm => new()
        {
            LearningRate = arm.LearningRate!.Value, WarmupSteps = 5, ValidateEvery = 10, CheckpointEvery = 10, HigherIsBetter = true,
            Rules = [WeightRule.Metric, WeightRule.Last],
        },
        Points = arm => arm == s_one ? [new("equal-updates", 20), new("equal-time", 40)] : [new("equal-updates", 20), new("equal-time", 20)],
        Model = _ => new ToyModel(seed: torch.randint(1, 1 << 30, 1).item<long>(), width: width),
        Batches = seed => new ToySource(seed: seed),
        Step = (arm, model) => (batch, _) => model.Loss(batch, arm.Alpha),
        Validate = (model, update) => new(-Math.Abs(update - 30), Loss: update),
        Predict = model => [model.Hash()],
        Score = lines => [("length", lines[0].Length)],
    };

    private sealed record BeamSearchLike(int BeamSize);

    [Fact]
    public async Task Every_arm_of_every_seed_is_a_run_that_is_found_by_all_that_it_depends_on()
    {
        Study study = Open();
        ArmRuns runs = await study.RunAsync(Toy(), [s_one, s_two], [1, 2]);
        Assert.Equal(4, study.Store.All().Count);
        RunConfig config = runs[s_two, 2].Config;
        Assert.Equal(("Intra-distillation", "abc", "2", "3", "0.02", "cpu", 2), (config["arm"].Text, config["data"].Text, config["passes"].Text,
            config["greedy.BeamSize"].Text, config["training.LearningRate"].Text, config["machine.device"].Text, config.Seed));
        // Another seed draws other weights, another process the same ones.
        Assert.NotEqual(Hash(runs, s_one, 1), Hash(runs, s_one, 2));
        ArmRuns alone = await Study.Open("other", "toy", CPU, float32, _folder).RunAsync(Toy(), [s_two], [2]);
        Assert.Equal(Hash(runs, s_two, 2), Hash(alone, s_two, 2));

        Study again = Open();
        await again.RunAsync(Toy() with { Model = _ => throw new InvalidOperationException("trained again") }, [s_one, s_two], [1, 2]);
        Assert.All(again.Origins.Values, origin => Assert.Equal("found, done", origin));
        await again.RunAsync(Toy(width: 12), s_one, 1);
        Assert.Equal(5, again.Store.All().Count);
        Assert.Equal([1L, 2], again.Alike(runs[s_one, 1]).Keys.Order());
        Assert.Equal([1L], again.Alike(runs[s_one, 1], run => run.Config.Seed == 1, "width").Keys);
        Assert.Equal([1L, 2], (await again.RunAsync(Toy(), [s_one], [1])).AllSeeds(s_one, "equal-time", WeightRule.Last).Keys.Order());

        static string Hash(ArmRuns of, Arm arm, int seed) => of.Scored(arm, "equal-updates", WeightRule.Last, seed).Hypotheses[0];
    }

    [Fact]
    public async Task Tables_and_curves_are_read_off_the_runs()
    {
        ArmRuns runs = await Open().RunAsync(Toy(), [s_one, s_two], [1, 2]);
        Assert.Equal("2 seeds", runs.OfSeeds);
        Assert.Equal(["Baseline, equal updates", "Baseline, equal time"], runs.Points(s_one).Select(point => runs.NameAt(s_one, point)));
        // One name where both points come after the same number of updates.
        Assert.Equal(["Intra-distillation"], runs.Points(s_two).Select(point => runs.NameAt(s_two, point)));
        // Compared with an arm that goes on, it has two: there the other has made more.
        Assert.Equal(["equal-updates", "equal-time"], runs.Points(s_two, s_one).Select(point => point.Name));
        Assert.Equal([64, 64], runs.Scores(s_one, "equal-time", WeightRule.Metric, "length"));
        Assert.Equal(["30", "30"], runs.Chosen(s_one, "equal-time", WeightRule.Metric, "length").Select(one => one.Weights));

        Assert.Equal([128, 128], runs.Scores(s_one, "equal-time", WeightRule.Metric, of => 2 * of["length"].Number));
        Assert.Equal(["1.50 ± 0.71", "1.0 · 2.0"], ArmRuns.Cells([1, 2]).Select(cell => cell.Text));

        BudgetCurve curve = runs.Curve(s_one, point => point.Metric, made => made / 10.0);
        Assert.Equal([1, 2, 3, 4], curve.Budget);
        Assert.Equal([-20, -10, 0, -10], curve.Mean);
        Assert.Equal(curve.Low, runs.Line(s_one, point => point.Metric).Low);
        Assert.NotEmpty(runs.Divergence(s_two, 1).Y);

        string results = runs.Results("Results", WeightRule.Metric, ("length", "Length"), ("twice", 0, (arm, point) => 2)).ToString();
        Assert.Matches(@"Baseline, equal time +40 +64\.00 ± 0\.00 +64\.0 · 64\.0 +2\n", results);
        Assert.Matches(@"Intra-distillation +20 +64\.00", results);
        string table = runs.Table("Runs").ToString();
        Assert.Matches(@"Baseline +2 +toy-baseline-s2-\w+ +trained now +40 ", table);
        Assert.Contains("Made on: ", table, StringComparison.Ordinal);
        string side = runs.SideBySide("Side by side", "equal-time", WeightRule.Last, [0], line => [("Source", "s"), ("Reference", "r")]).ToString();
        Assert.Matches(@"\*Source\* +\*s\*\nReference +r\nBaseline +[0-9A-F]{64}\nIntra-distillation +[0-9A-F]{64}$", side);
        Assert.Contains("no run of Control, seed 1; there are those of Baseline, Intra-distillation, seeds 1, 2",
            Assert.Throws<IntraDistillException>(() => runs[new("Control", 2), 1]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_arm_that_meets_its_limit_before_a_plateau_is_told_of()
    {
        Experiment<ToyModel, ToyBatch> patient = Toy() with
        {
            Points = arm => [new("plateau", arm == s_one ? 100 : 40)],
            Training = arm => Toy().Training(arm) with { Patience = 2 },
        };
        string table = (await Open().RunAsync(patient, [s_one, s_two], [1])).Table("Runs").ToString();
        Assert.Contains("Intra-distillation, seed 1 met the limit of 40 updates before its plateau.", table, StringComparison.Ordinal);
        Assert.DoesNotContain("Baseline, seed 1 met", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_study_keeps_no_checkpoints_and_one_with_a_name_does()
    {
        Study named = Open(), unnamed = Open("");
        Assert.Equal((false, "runs/study"), (named.IsNew, named.Name));
        Assert.Matches("^runs/toy-[0-9]{8}-[0-9]{6}$", unnamed.Name);
        Assert.NotEmpty(Directory.GetFiles((await named.RunAsync(Toy(), s_one, 1)).CheckpointFolder));
        Assert.False(Directory.Exists((await unnamed.RunAsync(Toy(), s_one, 1)).CheckpointFolder));
        foreach (Study study in new[] { named, unnamed })
        {
            StoredRun pretrained = await study.TrainAsync("pretraining", 3, new { data = "abc" },
                new() { MaxUpdates = 20, WarmupSteps = 5, ValidateEvery = 0, CheckpointEvery = 10, Rules = [] }, () => new ToyModel(seed: 5),
                () => new ToySource(), (ToyModel model, ToyBatch batch) => model.Loss(batch), (_, _) => { });
            Assert.Equal(study == named, Directory.Exists(pretrained.CheckpointFolder));
        }
    }

    [Fact]
    public async Task The_times_of_updates_do_not_depend_on_what_alpha_is()
    {
        Study study = Open();
        UpdateTimes times = await study.MeasureAsync(Toy(), [s_one, s_two], new { data = "abc" }, rounds: 2, updates: 2);
        UpdateTimes again = await study.MeasureAsync(Toy(), [s_one, s_two with { Alpha = 3 }], new { data = "abc" }, rounds: 2, updates: 2);
        Assert.Equal(times.Run.Name, again.Run.Name);
        Assert.Equal("Baseline, K 1; Intra-distillation, K 2, weighed", times.Run.Config["arms"].Text);
        string cost = times.Cost("Cost", await study.RunAsync(Toy(), [s_one, s_two], [1]), s_one).ToString();
        Assert.Matches(@"Baseline +\d+\.\d +1\.00 +– +-?\d+\nIntra-distillation +\d+\.\d +\d+\.\d\d +\d+\.\d\d–\d+\.\d\d", cost);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(35)]     // stopped between two checkpoints
    public async Task A_pretraining_is_made_once_and_goes_on_where_it_was_stopped(int stopAfter)
    {
        async Task<string> Pretrain(string study, int updatesBefore = int.MaxValue)
        {
            int made = 0;
            using var stop = new CancellationTokenSource();
            StoredRun run = await Open(study).Follow(null, stop.Token).TrainAsync("pretraining", 3, new { data = "abc" },
                new() { MaxUpdates = 60, WarmupSteps = 5, LearningRate = 1e-2, ValidateEvery = 0, CheckpointEvery = 10, Rules = [] },
                () => new ToyModel(seed: 5), () => new ToySource(), (ToyModel model, ToyBatch batch) =>
                {
                    if (++made > updatesBefore)
                        stop.Cancel();
                    return model.Loss(batch);
                }, (model, folder) => File.WriteAllText(Path.Combine(folder, "hash.txt"), model.Hash()));
            Assert.Equal(60, run.Result!["updates"].Number);
            Assert.Matches(@"^\d+ parameters, 60 updates, \d+\.\d minutes$", Study.InWords(run));
            IReadOnlyList<CurveSeries> losses = TrainingLog.Losses(run, "words", "next");
            Assert.Equal(("words", "next", 60), (losses[0].Name, losses[1].Name, losses[1].X[^1]));
            return File.ReadAllText(Path.Combine(run.Folder, "hash.txt"));
        }
        if (stopAfter > 0)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Pretrain("stopped", stopAfter));
        Assert.Equal(await Pretrain("whole"), await Pretrain("stopped"));
        Assert.Equal(await Pretrain("whole", 0), await Pretrain("stopped", 0));      // found: no update is made
    }

    [Fact]
    public async Task A_search_goes_by_stages_and_is_kept_as_a_file()
    {
        string file = Path.Combine(_folder, "results", "search.json");
        Assert.Empty(SearchRound.Load(file));
        // The score is the learning rate's: 3e-2 is the best of the first stage, with α 2 better still.
        Experiment<ToyModel, ToyBatch> Of(long until) => Toy() with
        {
            Settings = (arm, _) => new { arm.Alpha, arm.Dropout },
            Validate = (_, update) => new(update),
            Step = (arm, model) => (batch, _) => model.Loss(batch, arm.Alpha),
        };
        var asked = new List<Arm>();
        SearchRound round = await SearchRound.RunAsync(Open(), new(1, "toy", 11, "here", "0123456789", "abc", []), Of, [s_one, s_two],
            arm => arm == s_one ? 40 : 20, _ =>
            [
                arm => [arm with { Dropout = 0.1 }, arm with { Dropout = 0.2 }],
                arm =>
                {
                    asked.Add(arm);
                    return [arm with { Alpha = 2 }];
                },
            ]);
        Assert.Equal(6, round.Tries.Count);
        Assert.Equal([0.1, 0.1], asked.Select(arm => arm.Dropout!.Value));      // of equal ones the first
        Assert.Equal([(40, 40), (20, 20)], round.Tries.Select(one => ((int)one.ValidBleu, (int)one.Updates)).Distinct());
        Assert.Equal([2.0], round.Tries.Skip(2).Take(1).Select(one => one.Alpha));

        Assert.Single(round.Save(file));
        IReadOnlyList<SearchRound> both = (round with { Round = 2 }).Save(file);
        Assert.Equal([1, 2], both.Select(one => one.Round));
        Assert.Equal(both[0].Tries, SearchRound.Load(file)[0].Tries);
        Assert.Matches(@"Baseline +0\.1 +0 +0\.01 +\*40\.00\* +40 +40\n", both[0].Table("Score").ToString());
        Assert.Equal([40, 40, 40], both[0].ExpectedBestOf()[0].Y);

        File.WriteAllText(file, "[{\n\"Round\": }]");
        string message = Assert.Throws<IntraDistillException>(() => SearchRound.Load(file)).Message;
        Assert.StartsWith($"{file}: line 2 is no round of a search: ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_of_a_config_are_records_and_values()
    {
        var parts = RunConfig.OfParts(new { data = "abc", epochs = 4, rate = 0.5, fast = true, none = (string?)null, beam = new BeamSearchLike(5) })
            .ToDictionary(part => part.Name, part => part.Value.Json);
        Assert.Equal("""{data="abc", epochs=4, rate=0.5, fast=true, beam.BeamSize=5}""",
            "{" + string.Join(", ", parts.Select(part => $"{part.Key}={part.Value}")) + "}");
        Assert.StartsWith("model is, or holds, Random", Assert.Throws<IntraDistillException>(() => RunConfig.OfParts(new { model = new Random() })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_arm_takes_what_parameters_say_and_says_what_it_is()
    {
        Assert.Equal(s_one with { Dropout = 0.3 }, s_one.With(alpha: 5, dropout: 0.3));
        Assert.Equal(s_two with { Alpha = 0, LearningRate = 1 }, s_two.With(alpha: 0, learningRate: 1));
        Assert.Equal(s_two, s_two.With());
        Assert.Equal("Intra-distillation (K 2, α 0.5, learning rate 0.02)", s_two.InWords);
    }

    [Fact]
    public void Curves_are_told_as_a_table()
    {
        BudgetCurve flat = BudgetCurve.Of([[(0, 2), (80, 2)]]), steep = BudgetCurve.Of([[(0, 0), (40, 4)]]);
        string[] lines = BudgetCurve.Table("Budgets", "updates", [("Steep", steep), ("Flat", flat)], "Steep").ToString().Split('\n');
        Assert.Matches(@"^ +10 +1\.0 +2\.0 +Flat by 1\.0$", lines[3]);
        Assert.Matches(@"^ +40 +4\.0 +2\.0 +Steep by 2\.0$", lines[6]);
        Assert.Matches(@"^ +80 +– +2\.0 +–$", lines[10]);
        Assert.Equal(["[1] Steep and Flat: ahead from 20 updates on.", "[2] Levels off: Steep at 40, Flat at 0 updates."], lines[11..]);
    }

    [Fact]
    public void What_was_measured_stands_in_one_row_with_the_seeds_of_all_arms()
    {
        Dictionary<long, double> plain = new() { [1] = 10, [2] = 20, [3] = 99 }, full = new() { [1] = 12, [2] = 23 };
        Assert.Equal(["15.00 ± 7.07", "17.50 ± 7.78", "+2.50", "1, 2"], Comparison.Measured(plain, full).Select(cell => cell.Text));
        Assert.Equal(["not measured", "not measured", "not measured", "–"],
            Comparison.Measured(plain, new Dictionary<long, double>()).Select(cell => cell.Text));
    }

    [Fact]
    public void Settings_stand_beside_the_published_ones()
    {
        string table = KitTable.BesidePublished("Settings", ("K", "3", "3"), ("α", "1", "5"), ("β", "2", "not stated"), ("p", "2", new KitCell("2").See(2)))
            .Note("one").Note("two").ToString();
        Assert.Matches(@"K +3 +3†\[1\]\nα +\*1\* +5†\[1\]\nβ +\*2\* +not stated\np +2 +2\[2\]\n", table);
    }
}

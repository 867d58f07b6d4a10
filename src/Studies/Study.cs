using MathNet.Numerics.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>What the weights (<see cref="WeightChoice.Weights"/>) scored and predicted, a line each, on the reported text that one rule
/// chose at one point of a run.</summary>
public sealed record ScoredWeights(
    StudyPoint Point, WeightRule Rule, string Weights, RunValues Scores, IReadOnlyList<string> Hypotheses) : KitRecord;

/// <summary>The arms of one study, each a stored run of its own. An arm is trained once, however many points and rules it is scored by: at
/// each point every rule of its trainer chooses weights of those so far, and these predict the reported text. So all arms of a study are
/// treated alike, no arm goes on in another's folder, and what the other rules would have given is known beside.</summary>
/// <param name="store">Where the runs are.</param>
/// <param name="device">What they compute on.</param>
/// <param name="type">The type of the models' weights; float32 if null.</param>
public sealed class Study(RunStore store, Device device, ScalarType? type = null)
{
    internal const string UpdatesName = "updates", MillisecondsName = "milliseconds_an_update", MemoryName = "training_memory_mb",
        EndName = "stopped";

    private const string UpdateName = "update", PointName = "point", RuleName = "rule", WeightsName = "weights",
        SecondsName = "training_seconds", ParametersName = "parameters";

    private readonly Dictionary<string, string> _origins = [];
    private Action<TrainingProgress>? _show;
    private CancellationToken _cancellation;

    /// <summary>Opens a study of a notebook.</summary>
    /// <param name="name">Its folder within <c>runs</c>; what is done there is found. Empty for a new one, which nobody goes on
    /// with.</param>
    /// <param name="otherwise">What the folder's name begins with if it is new; the time follows.</param>
    /// <param name="device">What the arms compute on.</param>
    /// <param name="type">The type of their models' weights.</param>
    /// <param name="runs">Where studies are.</param>
    public static Study Open(string name, string otherwise, Device device, ScalarType type, string runs = "../runs") => new(
        new RunStore(Path.Combine(runs,
            name.Length > 0 ? name : FormattableString.Invariant($"{otherwise}-{DateTime.Now:yyyyMMdd-HHmmss}"))),
        device, type) { IsNew = name.Length == 0 };

    /// <summary>Where the runs are.</summary>
    public RunStore Store => store;

    /// <summary>Its folder as <c>runs/name</c>.</summary>
    public string Name => $"runs/{Path.GetFileName(store.Folder)}";

    /// <summary>Whether it is new and without a name: checkpoints are deleted where a run is done.</summary>
    public bool IsNew { get; private init; }

    /// <summary>From now on shows progress, as a notebook's bar does, and can be stopped: a run is then gone on with next time.</summary>
    /// <returns>This study.</returns>
    public Study Follow(Action<TrainingProgress>? show, CancellationToken cancellation = default)
    {
        (_show, _cancellation) = (show, cancellation);
        return this;
    }

    /// <summary>Of each run by its name, whether it was trained now, gone on with, or found done.</summary>
    public IReadOnlyDictionary<string, string> Origins => _origins;

    /// <summary>Trains and scores every arm with every seed, or finds what is done.</summary>
    public async Task<ArmRuns> RunAsync<TModel, TBatch>(
        Experiment<TModel, TBatch> experiment, IReadOnlyList<Arm> arms, IReadOnlyList<int> seeds)
        where TModel : nn.Module where TBatch : IBatch
    {
        var runs = new Dictionary<(Arm, int), StoredRun>();
        foreach (int seed in seeds)
            foreach (Arm arm in arms)
                runs[(arm, seed)] = await RunAsync(experiment, arm, seed);
        return new(this, arms, seeds, runs);
    }

    /// <summary>Trains an arm from one point to the next and scores it at each; goes on where that was interrupted, and returns the run as
    /// it is where it is done. The seed is that of weights, batches and dropout. <see cref="Read"/> gives what the run scored.</summary>
    /// <exception cref="IntraDistillException">There is no point, points are not in order, a setting is of a type that no config holds, or
    /// a rule has nothing to choose from at a point.</exception>
    public async Task<StoredRun> RunAsync<TModel, TBatch>(Experiment<TModel, TBatch> experiment, Arm arm, int seed)
        where TModel : nn.Module where TBatch : IBatch
    {
        TrainerSettings training = experiment.Training(arm) with { Seed = seed };
        IReadOnlyList<StudyPoint> points = experiment.Points?.Invoke(arm) ?? [new(StudyPoint.End, training.MaxUpdates)];
        RequireOrder(points);
        var config = new RunConfig(seed, [("arm", arm.Name), .. RunConfig.OfParts(experiment.Settings(arm, seed)),
            .. RunConfig.Of("training", training), .. RunConfig.OfMachine(device, type),
            .. points.Select(point => ($"point.{point.Name}", (RunValue)point.Update))]);
        using RunFolder run = await StartAsync($"{experiment.Label} {arm.Name}", config);
        _origins[run.Name] = run.IsDone ? "found, done" : "trained now";
        if (run.IsDone)
            return run;

        // Of a GPU all that it holds counts, since torch's allocator gives nothing back that an earlier arm has used.
        long memory = device.type == DeviceType.CUDA ? 0 : Machine.MemoryInUse();
        Reproducible.Seed(seed);
        using TModel model = Place(experiment.Model(arm));
        string label = string.Join(", ", new[] { experiment.Label, arm.Name, $"seed {seed}" }.Where(part => part.Length > 0));
        using var trainer = new Trainer<TBatch>(model, training with { Label = label, CheckpointFolder = run.CheckpointFolder },
            experiment.Batches(seed), experiment.Step(arm, model));
        if (experiment.Validate is { } validate)
            trainer.Validate = () => validate(model, trainer.Result.Update);
        GoOn(trainer, run);
        trainer.ProgressChanged += _show;
        using (TrainingLog.Follow(run, trainer, every: (int)Math.Max(1, points[0].Update / 40)))
            // A point that training went on from is scored, and logged.
            foreach (StudyPoint point in points.Where(point => trainer.Result.Update <= point.Update))
            {
                await trainer.TrainAsync(point.Update, cancellation: _cancellation);
                Score(experiment, model, run, trainer, point);
            }
        TrainingResult result = trainer.Result;
        run.Finish([
            .. LinesOf(run).SelectMany(Flatten),
            (UpdatesName, result.Update), ("epochs", result.Epochs), (SecondsName, result.TrainingTime.TotalSeconds),
            (MillisecondsName, UpdateTimes.Milliseconds(result.History).Median()),
            ("tokens_per_second", result.History.Average(one => one.TokensPerSecond)),
            (MemoryName, (result.PeakMemory - memory) / 1e6), (ParametersName, Parameters(model)),
        ]);
        if (IsNew)
            run.DeleteCheckpoints();
        return run;
    }

    /// <summary>Measures in turns how long an update of each arm takes, or finds the measurement: one for all seeds of the study. The
    /// settings are what the times depend on, as an object of settings records and plain values; not α, nor rates. Each arm has so many
    /// rounds of so many updates, of which the first does not count: 2 or more.</summary>
    public Task<UpdateTimes> MeasureAsync<TModel, TBatch>(Experiment<TModel, TBatch> experiment, IReadOnlyList<Arm> arms, object settings,
        int rounds, int updates) where TModel : nn.Module where TBatch : IBatch
    {
        const int seed = 1;
        var config = new RunConfig(seed, [.. RunConfig.OfParts(settings),
            ("arms", string.Join("; ", arms.Select(arm => $"{arm.Name}, K {arm.Passes}{(arm.Alpha > 0 ? ", weighed" : "")}"))),
            .. RunConfig.OfMachine(device, type)]);
        return UpdateTimes.MeasureAsync(store, config, device, [.. arms.Select(arm => (arm.Name, (Func<(nn.Module, Trainer<TBatch>)>)(() =>
        {
            Reproducible.Seed(seed);
            TModel model = Place(experiment.Model(arm));
            return (model, new Trainer<TBatch>(model, experiment.Training(arm) with
            {
                Seed = seed, ValidateEvery = 0, CheckpointEvery = 0, Rules = [], Patience = 0,
            }, experiment.Batches(seed), experiment.Step(arm, model)));
        })))], rounds, updates, _cancellation);
    }

    /// <summary>A training that no arm is compared by, such as a pretraining, as a stored run: made once, however many want it.</summary>
    /// <param name="label">What it is called in progress and in the name of its folder.</param>
    /// <param name="seed">Its seed; torch is seeded with it before the model is made.</param>
    /// <param name="settings">All that it depends on besides the trainer's settings and the machine, as in
    /// <see cref="Experiment{TModel, TBatch}.Settings"/>.</param>
    /// <param name="training">How it is trained.</param>
    /// <param name="newModel">Makes the model, on the CPU.</param>
    /// <param name="batches">Makes the batches.</param>
    /// <param name="step">A batch's loss.</param>
    /// <param name="save">Writes what it leaves into the run's folder.</param>
    public async Task<StoredRun> TrainAsync<TModel, TBatch>(string label, int seed, object settings, TrainerSettings training,
        Func<TModel> newModel, Func<IBatchSource<TBatch>> batches, Func<TModel, TBatch, IntraDistillationLoss> step,
        Action<TModel, string> save)
        where TModel : nn.Module where TBatch : IBatch
    {
        training = training with { Seed = seed };
        using RunFolder run = await StartAsync(label, new RunConfig(seed,
            [.. RunConfig.OfParts(settings), .. RunConfig.Of("training", training), .. RunConfig.OfMachine(device, type)]));
        if (run.IsDone)
            return run;
        Reproducible.Seed(seed);
        using TModel model = Place(newModel());
        using var trainer = new Trainer<TBatch>(model, training with { Label = label, CheckpointFolder = run.CheckpointFolder }, batches(),
            (batch, _) => step(model, batch));
        GoOn(trainer, run);
        trainer.ProgressChanged += _show;
        TrainingResult result;
        using (TrainingLog.Follow(run, trainer, every: (int)Math.Max(1, training.MaxUpdates / 40)))
            result = await trainer.TrainAsync(cancellation: _cancellation);
        save(model, run.Folder);
        run.Finish((UpdatesName, result.Update), ("epochs", result.Epochs), (SecondsName, result.TrainingTime.TotalSeconds),
            (ParametersName, Parameters(model)));
        if (IsNew)
            run.DeleteCheckpoints();
        return run;
    }

    /// <summary>What such a training was, as <c>1,220,978 parameters, 8,000 updates, 26.9 minutes</c>.</summary>
    public static string InWords(StoredRun run) => FormattableString.Invariant($"{run.Result![ParametersName].Number:N0} parameters, ")
        + FormattableString.Invariant($"{run.Result[UpdatesName].Number:N0} updates, {run.Result[SecondsName].Number / 60:F1} minutes");

    /// <summary>Of the study's runs that are done and differ from one in nothing but some settings, the newest of each seed: what is
    /// measured beside a published number.</summary>
    /// <param name="like">The run.</param>
    /// <param name="where">Which of them; null for all.</param>
    /// <param name="except">The settings that may differ, as in <see cref="RunConfig.IsLike"/>; the seed may.</param>
    public IReadOnlyDictionary<long, StoredRun> Alike(
        StoredRun like, Func<StoredRun, bool>? where = null, params string[] except) => store.All()
        .Where(run => run.Status == RunStatus.Done && run.Config.IsLike(like.Config, [.. except, "seed"]) && where?.Invoke(run) != false)
        .GroupBy(run => run.Config.Seed).ToDictionary(same => same.Key, same => same.MaxBy(run => run.Origin.Started)!);

    /// <summary>Of runs of this study in one line, as <c>12 runs (9 found, done, 3 trained now), 14.2 minutes of training</c>: of the
    /// median update of each, so that what stopped the machine for a while is not in it.</summary>
    public string Summary(IReadOnlyCollection<StoredRun> runs) => FormattableString.Invariant($"{runs.Count} runs (")
        + string.Join(", ", runs.CountBy(run => _origins[run.Name].Split(" from")[0]).Select(same => $"{same.Value} {same.Key}"))
        + FormattableString.Invariant($"), {runs.Sum(Seconds) / 60:F1} minutes of training");

    /// <summary>How long a run trained by its median update, in seconds.</summary>
    public static double Seconds(StoredRun run) => run.Result![UpdatesName].Number * run.Result[MillisecondsName].Number / 1000;

    /// <summary>What the weights scored that a rule chose at a point of a run that is done.</summary>
    /// <exception cref="IntraDistillException">The run has no such point or rule; names the run.</exception>
    public static ScoredWeights Read(StoredRun run, string point, WeightRule rule)
    {
        (string weights, RunValues scores) = ReadScores(run, point, rule);
        IReadOnlyList<string> lines = run.Hypotheses(weights)
            ?? throw new IntraDistillException($"{run.Name}: the hypotheses of weights {weights} are missing");
        return new(new(point, (long)scores[UpdateName].Number), rule, weights, scores, lines);
    }

    /// <summary>The same without the lines that were predicted.</summary>
    internal static (string Weights, RunValues Scores) ReadScores(StoredRun run, string point, WeightRule rule)
    {
        string prefix = Prefix(point, rule);
        if (run.Result is not { } result || !result.TryGet(prefix + WeightsName, out RunValue? weights))
            throw new IntraDistillException($"{run.Name}: nothing is stored of point {point} by the rule {rule}");
        return (weights.Text, new RunValues(result.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)
            && pair.Key != prefix + WeightsName).Select(pair => (pair.Key[prefix.Length..], pair.Value))));
    }

    /// <summary>The points of a run that is done, in order, with the updates at which it came to them.</summary>
    public static IReadOnlyList<StudyPoint> Points(StoredRun run) => [.. (run.Result ?? new RunValues())
        .Where(pair => pair.Key.EndsWith('.' + UpdateName, StringComparison.Ordinal))
        .Select(pair => new StudyPoint(pair.Key.Split('.')[0], (long)pair.Value.Number))
        .DistinctBy(point => point.Name)];

    /// <summary>Moves a model to the study's device and type.</summary>
    public TModel Place<TModel>(TModel model) where TModel : nn.Module => model.to(device, type ?? get_default_dtype());

    private void GoOn<TBatch>(Trainer<TBatch> trainer, RunFolder run) where TBatch : IBatch
    {
        if (!trainer.TryResume())
            return;
        _origins[run.Name] = FormattableString.Invariant($"gone on with from update {trainer.Result.Update:N0}");
        if (trainer.ResumeWarning is { } warning)
            Console.WriteLine($"{run.Name}: {warning}");
    }

    private Task<RunFolder> StartAsync(string label, RunConfig config) =>
        store.StartWhenFreeAsync(label, config, device, Console.WriteLine, _cancellation);

    // A line of the metrics for each rule: an interrupted run finds there what it has scored already.
    private static void Score<TModel, TBatch>(
        Experiment<TModel, TBatch> experiment, TModel model, RunFolder run, Trainer<TBatch> trainer, StudyPoint point)
        where TModel : nn.Module where TBatch : IBatch
    {
        foreach (WeightRule rule in trainer.Rules)
        {
            if (LinesOf(run).Any(line => line[PointName].Text == point.Name && line[RuleName].Text == $"{rule}"))
                continue;
            string weights = trainer.Chosen(rule).Weights;
            // The same weights by another rule or at an earlier point have predicted already.
            IReadOnlyList<string>? lines = run.Hypotheses(weights);
            if (lines is null)
            {
                lines = trainer.WithChosenWeights(() => experiment.Predict(model), rule);
                run.WriteHypotheses(lines, weights);
            }
            run.Log([
                (UpdateName, trainer.Result.Update), (PointName, point.Name), (RuleName, $"{rule}"), (WeightsName, weights),
                (EndName, $"{trainer.Result.Stopped}"), ("seconds", trainer.Result.TrainingTime.TotalSeconds), .. experiment.Score(lines),
                .. rule == trainer.Rules[0] && experiment.Examine is { } examine
                    ? trainer.WithChosenWeights(() => examine(model, run, point).ToArray()) : [],
            ]);
        }
    }

    private static IEnumerable<RunValues> LinesOf(StoredRun run) => run.Metrics().Where(line => line.TryGet(PointName, out _));

    private static IEnumerable<(string, RunValue)> Flatten(RunValues line) => line
        .Where(pair => pair.Key is not (PointName or RuleName))
        .Select(pair => (Prefix(line[PointName].Text, Enum.Parse<WeightRule>(line[RuleName].Text)) + pair.Key, pair.Value));

    private static string Prefix(string point, WeightRule rule) => $"{point}.{rule}.";

    private static long Parameters(nn.Module model) => model.parameters().Sum(parameter => parameter.numel());

    private static void RequireOrder(IReadOnlyList<StudyPoint> points)
    {
        if (points.Count == 0)
            throw new IntraDistillException("a study's arm has no point to be scored at; expected one or more");
        for (int i = 0; i < points.Count; i++)
        {
            if (points[i].Name.Length == 0 || !points[i].Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
                throw new IntraDistillException($"a point is called \"{points[i].Name}\"; expected letters, digits and hyphens");
            if (points[i].Update < 1 || i > 0 && points[i].Update < points[i - 1].Update)
                throw new IntraDistillException($"point {points[i].Name} comes after {points[i].Update} updates; expected "
                    + (i == 0 ? "1 or more" : $"{points[i - 1].Update} or more, as it follows {points[i - 1].Name}"));
        }
        if (points.Select(point => point.Name).Distinct().Count() < points.Count)
            throw new IntraDistillException("two points of an arm have one name; expected different ones");
    }
}

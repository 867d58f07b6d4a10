using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>A point of a training at which an arm is scored, such as the end of equal updates or of equal time.</summary>
/// <param name="Name">Its name, the same for all arms: letters, digits, hyphens.</param>
/// <param name="Update">After how many updates it comes for this arm.</param>
public sealed record StudyPoint(string Name, long Update);

/// <summary>What the weights scored that one rule chose at one point of a run.</summary>
/// <param name="Point">The point.</param>
/// <param name="Rule">The rule.</param>
/// <param name="Weights">Which weights those are (<see cref="WeightChoice.Weights"/>).</param>
/// <param name="Scores">What they scored on the reported text, by name.</param>
/// <param name="Hypotheses">What they predicted there, a line each.</param>
public sealed record ScoredWeights(StudyPoint Point, WeightRule Rule, string Weights, RunValues Scores, IReadOnlyList<string> Hypotheses) : KitRecord;

/// <summary>
/// The arms of one study, each a stored run of its own. An arm is trained once, however many points and rules it is scored by: at
/// each point every rule of its trainer chooses weights of those so far, and these predict the reported text. So all arms of a study
/// are treated alike, no arm goes on in another's folder, and what the other rules would have given is known beside.
/// </summary>
/// <param name="store">Where the runs are.</param>
/// <param name="device">What they compute on.</param>
/// <param name="show">Shows progress, as a notebook's bar does.</param>
/// <param name="cancellation">Stops a run, which can then be gone on with.</param>
public sealed class ArmStudy(
    RunStore store, Device device, Action<TrainingProgress>? show = null, CancellationToken cancellation = default)
{
    internal const string UpdatesName = "updates", MillisecondsName = "milliseconds_an_update", MemoryName = "training_memory_mb";

    private const string UpdateName = "update", PointName = "point", RuleName = "rule", WeightsName = "weights", EndName = "stopped";

    private readonly Dictionary<string, string> _origins = [];

    /// <summary>Of each run by its name, whether it was trained now, gone on with, or found done.</summary>
    public IReadOnlyDictionary<string, string> Origins => _origins;

    /// <summary>
    /// Trains an arm from one point to the next and scores it at each; goes on where that was interrupted, and returns the run as
    /// it is where it is done.
    /// </summary>
    /// <param name="label">A few words that begin the name of the run's folder.</param>
    /// <param name="config">All that the run depends on but its points, which are added here.</param>
    /// <param name="points">In order. The last may be a limit that early stopping is to come before.</param>
    /// <param name="newModel">Makes the model, on its device; torch is seeded with the config's seed just before.</param>
    /// <param name="newTrainer">Makes its trainer, given where its checkpoints belong.</param>
    /// <param name="predict">Predicts the reported text with the model, a line each.</param>
    /// <param name="score">Scores such lines.</param>
    /// <param name="examine">
    /// What else is to be made of the model at each point, with the weights that the trainer's first rule chooses there, in evaluation
    /// mode: values, which are stored beside that rule's scores, and files in the run's folder. Begun again where a run was interrupted
    /// in it. Null for nothing.
    /// </param>
    /// <returns>The run, done; <see cref="Read"/> gives what it scored.</returns>
    /// <exception cref="IntraDistillException">There is no point, or points are not in order.</exception>
    /// <exception cref="WeightChoiceException">A rule has nothing to choose from at a point.</exception>
    public async Task<StoredRun> RunAsync<TModel, TBatch>(string label, RunConfig config, IReadOnlyList<StudyPoint> points,
        Func<TModel> newModel, Func<TModel, string, Trainer<TBatch>> newTrainer, Func<TModel, IReadOnlyList<string>> predict,
        Func<IReadOnlyList<string>, IEnumerable<(string Name, RunValue Value)>> score,
        Func<TModel, StoredRun, StudyPoint, IEnumerable<(string Name, RunValue Value)>>? examine = null)
        where TModel : nn.Module where TBatch : IBatch
    {
        RequireOrder(points);
        var whole = new RunConfig(config.Seed, config.Where(pair => pair.Key != "seed").Select(pair => (pair.Key, pair.Value))
            .Concat(points.Select(point => ($"point.{point.Name}", (RunValue)point.Update))));
        using RunFolder run = await store.StartWhenFreeAsync(label, whole, device, Console.WriteLine, cancellation);
        _origins[run.Name] = run.IsDone ? "found, done" : "trained now";
        if (run.IsDone)
            return run;

        // Of a GPU all that it holds counts, since torch's allocator gives nothing back that an earlier arm has used.
        long memory = device.type == DeviceType.CUDA ? 0 : Machine.MemoryInUse();
        Reproducible.Seed(config.Seed);
        using TModel model = newModel();
        using Trainer<TBatch> trainer = newTrainer(model, run.CheckpointFolder);
        if (trainer.TryResume())
            _origins[run.Name] = FormattableString.Invariant($"gone on with from update {trainer.Result.Update:N0}");
        if (show is not null)
            trainer.ProgressChanged += show;
        using (TrainingLog log = TrainingLog.Follow(run, trainer, every: (int)Math.Max(1, points[0].Update / 40)))
        {
            foreach (StudyPoint point in points)
            {
                if (trainer.Result.Update > point.Update)
                    continue;      // scored before training went on, and logged
                await trainer.TrainAsync(point.Update, cancellation: cancellation);
                Score(run, trainer, point, () => predict(model), score,
                    () => examine is null ? [] : trainer.WithChosenWeights(() => examine(model, run, point).ToArray()));
            }
        }
        TrainingResult result = trainer.Result;
        run.Finish([
            .. LinesOf(run).SelectMany(Flatten),
            (UpdatesName, result.Update), ("epochs", result.Epochs), ("training_seconds", result.TrainingTime.TotalSeconds),
            (MillisecondsName, MedianMilliseconds(result)),
            ("tokens_per_second", result.History.Average(one => one.TokensPerSecond)),
            (MemoryName, (result.PeakMemory - memory) / 1e6),
            ("parameters", model.parameters().Sum(parameter => parameter.numel())),
        ]);
        return run;
    }

    /// <summary>
    /// Of runs of this study in one line, as <c>12 runs (9 found, done, 3 trained now), 14.2 minutes of training</c>: of the median update
    /// of each, so that what stopped the machine for a while is not in it.
    /// </summary>
    public string Summary(IReadOnlyCollection<StoredRun> runs) => FormattableString.Invariant($"{runs.Count} runs (")
        + string.Join(", ", runs.Select(run => _origins[run.Name].Split(" from")[0]).CountBy(origin => origin).Select(same => $"{same.Value} {same.Key}"))
        + FormattableString.Invariant($"), {runs.Sum(Seconds) / 60:F1} minutes of training");

    /// <summary>How long a run trained by its median update, in seconds.</summary>
    public static double Seconds(StoredRun run) => run.Result![UpdatesName].Number * run.Result[MillisecondsName].Number / 1000;

    /// <summary>What the weights scored that a rule chose at a point of a run that is done.</summary>
    /// <exception cref="IntraDistillException">The run has no such point or rule; names the run.</exception>
    public static ScoredWeights Read(StoredRun run, string point, WeightRule rule)
    {
        string prefix = Prefix(point, rule);
        if (run.Result is not { } result || !result.TryGet(prefix + WeightsName, out RunValue? weights))
            throw new IntraDistillException($"{run.Name}: nothing is stored of point {point} by the rule {rule}");
        var scores = new RunValues(result.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)
            && pair.Key != prefix + WeightsName).Select(pair => (pair.Key[prefix.Length..], pair.Value)));
        IReadOnlyList<string> lines = run.Hypotheses(weights.Text)
            ?? throw new IntraDistillException($"{run.Name}: the hypotheses of weights {weights.Text} are missing");
        return new(new(point, (long)scores[UpdateName].Number), rule, weights.Text, scores, lines);
    }

    /// <summary>The points of a run that is done, in order, with the updates at which it came to them.</summary>
    public static IReadOnlyList<StudyPoint> Points(StoredRun run) => [.. (run.Result ?? new RunValues())
        .Where(pair => pair.Key.EndsWith('.' + UpdateName, StringComparison.Ordinal))
        .Select(pair => new StudyPoint(pair.Key.Split('.')[0], (long)pair.Value.Number))
        .DistinctBy(point => point.Name)];

    // A line of the metrics for each rule: an interrupted run finds there what it has scored already.
    private static void Score<TBatch>(RunFolder run, Trainer<TBatch> trainer, StudyPoint point, Func<IReadOnlyList<string>> predict,
        Func<IReadOnlyList<string>, IEnumerable<(string Name, RunValue Value)>> score,
        Func<IEnumerable<(string Name, RunValue Value)>> examine) where TBatch : IBatch
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
                lines = trainer.WithChosenWeights(predict, rule);
                run.WriteHypotheses(lines, weights);
            }
            run.Log([
                (UpdateName, trainer.Result.Update), (PointName, point.Name), (RuleName, $"{rule}"), (WeightsName, weights),
                (EndName, $"{trainer.Result.Stopped}"), ("seconds", trainer.Result.TrainingTime.TotalSeconds), .. score(lines),
                .. rule == trainer.Rules[0] ? examine() : [],
            ]);
        }
    }

    private static IEnumerable<RunValues> LinesOf(StoredRun run) => run.Metrics().Where(line => line.TryGet(PointName, out _));

    private static IEnumerable<(string, RunValue)> Flatten(RunValues line) => line
        .Where(pair => pair.Key is not (PointName or RuleName))
        .Select(pair => (Prefix(line[PointName].Text, Enum.Parse<WeightRule>(line[RuleName].Text)) + pair.Key, pair.Value));

    private static string Prefix(string point, WeightRule rule) => $"{point}.{rule}.";

    private static double MedianMilliseconds(TrainingResult result) =>
        MathNet.Numerics.Statistics.Statistics.Median(UpdateTimes.Milliseconds(result.History));

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

namespace IntraDistill;

/// <summary>Keeps the curves of a training in the metrics of its run while it goes on: a line for every validation and one for every so
/// many updates, with their means. What an interrupted training did again after its checkpoint is not there twice.</summary>
public sealed class TrainingLog : IDisposable
{
    private const string Update = "update", Seconds = "training_seconds", Task = "task_loss", Divergence = "divergence",
        Alpha = "alpha", Total = "loss", LearningRate = "learning_rate", Speed = "tokens_per_second", Norm = "gradient_norm",
        ValidationMark = "validation", Metric = "validation_metric", Loss = "validation_loss", Other = "validation.";

    private readonly RunFolder _run;
    private readonly int _every;
    private long _lastUpdate;
    private long _lastValidation;
    private Action? _stop;

    private TrainingLog(RunFolder run, int every)
    {
        (_run, _every) = (run, every);
        _lastUpdate = Updates(run).LastOrDefault()?.Update ?? 0;
        _lastValidation = Validations(run).LastOrDefault()?.Update ?? 0;
    }

    /// <summary>Begins to log what a trainer does, after its <see cref="Trainer{TBatch}.TryResume"/>. The metrics are brought to where the
    /// trainer is: lines after that are dropped, and what it has behind it is added where they lack it.</summary>
    /// <param name="run">The run, at work.</param>
    /// <param name="trainer">Its trainer.</param>
    /// <param name="every">How many updates make one line; the last, incomplete stretch has none.</param>
    /// <returns>The log; disposing it ends it.</returns>
    /// <exception cref="IntraDistillException"><paramref name="every"/> is less than 1, or a line of the metrics is not what was
    /// written.</exception>
    /// <exception cref="InvalidOperationException">The run is done or disposed.</exception>
    public static TrainingLog Follow<TBatch>(RunFolder run, Trainer<TBatch> trainer, int every = 50) where TBatch : IBatch
    {
        if (every < 1)
            throw new IntraDistillException($"a line of the metrics every {every} updates was asked for; expected 1 or more");
        run.Rewind(Update, trainer.Result.Update);
        var log = new TrainingLog(run, every);
        Action<TrainingProgress> write = _ => log.Write(trainer.Result);
        log.Write(trainer.Result);
        trainer.ProgressChanged += write;
        log._stop = () => trainer.ProgressChanged -= write;
        return log;
    }

    /// <summary>The training curve of a run: the means of its stretches of updates, each with the number of its last one.</summary>
    /// <exception cref="IntraDistillException">A line of the metrics is not what was written.</exception>
    public static IReadOnlyList<TrainingPoint> Updates(StoredRun run) =>
        [.. run.Metrics().Where(line => line.TryGet(Total, out _)).Select(line => new TrainingPoint(
            (long)line[Update].Number, Time(line), line[Task].Number, line[Divergence].Number, line[Alpha].Number,
            line[Total].Number, line[LearningRate].Number, line[Speed].Number, line[Norm].Number))];

    /// <summary>The same as lines of a chart, of a training with two losses that stand for task and divergence.</summary>
    public static IReadOnlyList<CurveSeries> Losses(StoredRun run, string task, string divergence)
    {
        IReadOnlyList<TrainingPoint> points = Updates(run);
        double[] at = [.. points.Select(point => (double)point.Update)];
        return [new(task, at, [.. points.Select(point => point.Task)]), new(divergence, at, [.. points.Select(point => point.Divergence)])];
    }

    /// <summary>The validations of a run.</summary>
    /// <exception cref="IntraDistillException">A line of the metrics is not what was written.</exception>
    public static IReadOnlyList<ValidationPoint> Validations(StoredRun run) =>
        [.. run.Metrics().Where(line => line.TryGet(ValidationMark, out _)).Select(line => new ValidationPoint(
            (long)line[Update].Number, Time(line), new Validation(Optional(line, Metric), Optional(line, Loss), Others(line))))];

    /// <summary>Ends the log.</summary>
    public void Dispose()
    {
        _stop?.Invoke();
        _stop = null;
    }

    private void Write(TrainingResult result)
    {
        for (; _lastUpdate + _every <= result.History.Count; _lastUpdate += _every)
        {
            TrainingPoint[] stretch = [.. result.History.Skip((int)_lastUpdate).Take(_every)];
            // Of what was measured: a divergence that weighs nothing is only looked at now and then.
            double Mean(Func<TrainingPoint, double> value) =>
                stretch.Select(value).Where(one => !double.IsNaN(one)).DefaultIfEmpty(double.NaN).Average();
            _run.Log((Update, stretch[^1].Update), (Seconds, stretch[^1].TrainingTime.TotalSeconds), (Total, Mean(p => p.Total)),
                (Task, Mean(p => p.Task)), (Divergence, Mean(p => p.Divergence)), (Alpha, Mean(p => p.Alpha)),
                (LearningRate, Mean(p => p.LearningRate)), (Speed, Mean(p => p.TokensPerSecond)), (Norm, Mean(p => p.GradientNorm)));
        }
        foreach (ValidationPoint point in result.Validations.Where(point => point.Update > _lastValidation))
        {
            List<(string, RunValue)> line = [(Update, point.Update), (Seconds, point.TrainingTime.TotalSeconds), (ValidationMark, true)];
            if (point.Measured.Metric is { } metric) line.Add((Metric, metric));
            if (point.Measured.Loss is { } loss) line.Add((Loss, loss));
            foreach (var (name, value) in point.Measured.Others ?? new Dictionary<string, double>())
                line.Add((Other + name, value));
            _run.Log(line);
            _lastValidation = point.Update;
        }
    }

    private static Dictionary<string, double>? Others(RunValues line)
    {
        var others = line.Where(pair => pair.Key.StartsWith(Other, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[Other.Length..], pair => pair.Value.Number);
        return others.Count > 0 ? others : null;
    }

    private static double? Optional(RunValues line, string name) => line.TryGet(name, out var value) ? value.Number : null;

    private static TimeSpan Time(RunValues line) => TimeSpan.FromTicks((long)Math.Round(line[Seconds].Number * TimeSpan.TicksPerSecond));
}

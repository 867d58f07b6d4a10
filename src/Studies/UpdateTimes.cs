using MathNet.Numerics.Statistics;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>How many updates of one arm take as long as one of a slower one: the ratio of the median times, with its 95 % bootstrap
/// interval over the rounds of the measurement.</summary>
public sealed record TimeRatio(double Ratio, double Low, double High)
{
    /// <summary>The updates that take as long as so many of the slower arm, to the nearest multiple of a step: the updates from one
    /// validation to the next, as an arm can be read off there only.</summary>
    public long EqualTime(long updates, long step) => Math.Max(1, (long)Math.Round(updates * Ratio / step)) * step;

    /// <summary>As <c>2.47 [2.44, 2.51]</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Ratio:F2} [{Low:F2}, {High:F2}]");

    internal string Interval => FormattableString.Invariant($"{Low:F2}–{High:F2}");
}

/// <summary>How long updates of the arms of a study take, measured in turns, A B A B, so that what else the machine does falls on all
/// alike. It makes of equal training time a number of updates: one that is the same whenever it is read, at which a run can be scored
/// without training anything twice. A stored run: all of a study's arms and seeds go by one measurement.</summary>
public sealed class UpdateTimes
{
    private const string Round = "round";

    private readonly Dictionary<string, double[]> _turns;

    private UpdateTimes(StoredRun run)
    {
        Run = run;
        IReadOnlyList<RunValues> rounds = run.Metrics();
        _turns = rounds[0].Names.Where(name => name != Round)
            .ToDictionary(name => name, name => rounds.Select(round => round[name].Number).ToArray());
    }

    /// <summary>The run that holds the measurement.</summary>
    public StoredRun Run { get; }

    /// <summary>The median time of an update in milliseconds.</summary>
    /// <exception cref="IntraDistillException">The arm was not measured.</exception>
    public double Milliseconds(string arm) => Turns(arm).Median();

    /// <summary>How many updates of an arm take as long as one of a slower one.</summary>
    /// <exception cref="IntraDistillException">An arm was not measured.</exception>
    public TimeRatio Ratio(string slower, string arm)
    {
        double[] of = Turns(slower), over = Turns(arm);
        var random = new Random(12345);
        double[] resampled = [.. Enumerable.Range(0, 1000).Select(_ =>
        {
            int[] drawn = [.. of.Select(_ => random.Next(of.Length))];
            return drawn.Select(i => of[i]).Median() / drawn.Select(i => over[i]).Median();
        }).Order()];
        return new(of.Median() / over.Median(), resampled[25], resampled[^26]);
    }

    /// <summary>The measured times: of an update of each arm, how many of them one of the slowest arm takes, by which equal time is
    /// counted, and further columns with the cell of an arm by its name.</summary>
    public KitTable Table(string title, string slowest, params (string Header, Func<string, KitCell> Cell)[] more)
    {
        var table = new KitTable(title, [new("Arm", Numeric: false), new("Update (ms)"), new($"{slowest} takes (×)"), new("95 %"),
            .. more.Select(one => new KitColumn(one.Header))]);
        foreach (string arm in _turns.Keys)
        {
            TimeRatio ratio = Ratio(slowest, arm);
            table.Row([arm, KitCell.Number(Milliseconds(arm), 1), KitCell.Number(ratio.Ratio), arm == slowest ? "–" : ratio.Interval,
                .. more.Select(one => one.Cell(arm))]);
        }
        return table.Note($"Medians over {Run.Result!["rounds"]} rounds in turns. Made on: {Run.Origin.Machine}.");
    }

    /// <summary>What an update costs: its time, how many times the baseline's with its interval, and the runs' memory.</summary>
    public KitTable Cost(string title, ArmRuns runs, Arm baseline)
    {
        var table = new KitTable(title, new("Arm", Numeric: false), new("Time (ms)"), new($"Time (× {baseline.Name.ToLowerInvariant()})"),
            new("95 %"), new("Memory for training (MB)"));
        foreach (Arm arm in runs.Arms)
        {
            TimeRatio ratio = Ratio(arm.Name, baseline.Name);
            table.Row(arm.Name, KitCell.Number(Milliseconds(arm.Name), 1), KitCell.Number(ratio.Ratio),
                arm == baseline ? "–" : ratio.Interval,
                KitCell.Number(runs.Of(arm).Average(run => run.Result![Study.MemoryName].Number), 0));
        }
        return table.Note("Memory: the largest working set of the process while the arm trained, less what it held before.");
    }

    /// <summary>Finds the measurement of a config, or makes it: of arms by name, with what makes a model and its trainer (without
    /// validation and checkpoints, on the same batches for all), which are disposed of in the end. The first update of a turn finds cold
    /// caches and does not count.</summary>
    /// <exception cref="IntraDistillException">There is no round, or a turn has fewer than two updates.</exception>
    internal static async Task<UpdateTimes> MeasureAsync<TBatch>(RunStore store, RunConfig config, Device device,
        IReadOnlyList<(string Name, Func<(nn.Module Model, Trainer<TBatch> Trainer)> New)> arms, int rounds, int updates,
        CancellationToken cancellation) where TBatch : IBatch
    {
        if (rounds < 1 || updates < 2)
            throw new IntraDistillException($"{rounds} rounds of {updates} updates; expected 1 or more of 2 or more");
        using RunFolder run = await store.StartWhenFreeAsync("update times", config, device, Console.WriteLine, cancellation);
        if (run.IsDone)
            return new(run);
        run.Rewind(Round, 0);       // of a measurement that was interrupted nothing is kept
        var made = arms.Select(arm => (arm.Name, Made: arm.New())).ToList();
        try
        {
            // The turn of round 0 warms up and does not count.
            for (int round = 0; round <= rounds; round++)
            {
                List<(string, RunValue)> line = [(Round, round)];
                foreach (var (name, (_, trainer)) in made)
                {
                    TrainingResult result = await trainer.TrainAsync((round + 1L) * updates, cancellation: cancellation);
                    line.Add((name, Milliseconds(result.History).TakeLast(updates - 1).Median()));
                }
                if (round > 0)
                    run.Log(line);
            }
        }
        finally
        {
            foreach (var (_, (model, trainer)) in made)
            {
                trainer.Dispose();
                model.Dispose();
            }
        }
        run.Finish(("rounds", rounds), ("updates_in_a_turn", updates));
        return new(run);
    }

    /// <summary>Throws where runs whose times are compared were not made on one kind of machine and device, with as many threads.</summary>
    /// <exception cref="IntraDistillException">Names the run and what differs.</exception>
    public void RequireSameMachine(IEnumerable<StoredRun> runs)
    {
        var here = Run.Config.Where(pair => pair.Key.StartsWith("machine.", StringComparison.Ordinal)).ToArray();
        foreach (StoredRun run in runs)
            foreach (var (name, value) in here)
            {
                string there = run.Config.TryGet(name, out RunValue? other) ? other.Text : "unknown";
                if (there != value.Text)
                    throw new IntraDistillException($"{run.Name}: {name} is {there}, and {value.Text} where the times of updates "
                        + $"were measured ({Run.Name}): there is no equal time between them");
            }
    }

    /// <summary>The time of each update of a training in milliseconds.</summary>
    internal static IEnumerable<double> Milliseconds(IReadOnlyList<TrainingPoint> history) => history.Select((point, i) =>
        (point.TrainingTime - (i > 0 ? history[i - 1].TrainingTime : TimeSpan.Zero)).TotalMilliseconds);

    private double[] Turns(string arm) => _turns.TryGetValue(arm, out double[]? turns) ? turns
        : throw new IntraDistillException($"{Run.Name}: no times of {arm}; there are those of {string.Join(", ", _turns.Keys)}");
}

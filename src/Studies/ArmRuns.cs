namespace IntraDistill;

/// <summary>The stored runs of a study's arms and seeds, and what is read off them: all that its tables show.</summary>
public sealed class ArmRuns
{
    private readonly Study _study;
    private readonly IReadOnlyDictionary<(Arm, int), StoredRun> _runs;
    // Without the lines that were predicted, which may be many.
    private readonly Dictionary<(Arm, string, WeightRule, int), (string Weights, RunValues Scores)> _scores = [];

    internal ArmRuns(Study study, IReadOnlyList<Arm> arms, IReadOnlyList<int> seeds, IReadOnlyDictionary<(Arm, int), StoredRun> runs) =>
        (_study, Arms, Seeds, _runs) = (study, arms, seeds, runs);

    /// <summary>The arms.</summary>
    public IReadOnlyList<Arm> Arms { get; }

    /// <summary>The seeds, in the order in which everything is by seed.</summary>
    public IReadOnlyList<int> Seeds { get; }

    /// <summary>The seeds in words: "3 seeds", or "seed 1".</summary>
    public string OfSeeds => Seeds.Count == 1 ? $"seed {Seeds[0]}" : $"{Seeds.Count} seeds";

    /// <summary>All runs.</summary>
    public IReadOnlyCollection<StoredRun> All => [.. _runs.Values];

    /// <summary>The run of an arm and a seed.</summary>
    /// <exception cref="IntraDistillException">There is none.</exception>
    public StoredRun this[Arm arm, int seed] => _runs.TryGetValue((arm, seed), out StoredRun? run) ? run
        : throw new IntraDistillException($"no run of {arm.Name}, seed {seed}; there are those of "
            + $"{string.Join(", ", Arms.Select(one => one.Name))}, seeds {string.Join(", ", Seeds)}");

    /// <summary>The runs of an arm, by seed.</summary>
    public IReadOnlyList<StoredRun> Of(Arm arm) => [.. Seeds.Select(seed => this[arm, seed])];

    /// <summary>What the weights scored and predicted that a rule chose at a point.</summary>
    /// <exception cref="IntraDistillException">Nothing is stored of that point or rule; names the run.</exception>
    public ScoredWeights Scored(Arm arm, string point, WeightRule rule, int seed) => Study.Read(this[arm, seed], point, rule);

    /// <summary>A score of those weights, a value a seed.</summary>
    public double[] Scores(Arm arm, string point, WeightRule rule, string name) => Scores(arm, point, rule, of => of[name].Number);

    /// <summary>The same of several scores, such as their average.</summary>
    public double[] Scores(Arm arm, string point, WeightRule rule, Func<RunValues, double> score) =>
        [.. Chosen(arm, point, rule, score).Select(of => of.Score)];

    /// <summary>The updates whose weights a rule chose and one of their scores, a pair a seed.</summary>
    public IReadOnlyList<(string Weights, double Score)> Chosen(Arm arm, string point, WeightRule rule, string name) =>
        Chosen(arm, point, rule, of => of[name].Number);

    /// <inheritdoc cref="Chosen(Arm, string, WeightRule, string)"/>
    public IReadOnlyList<(string Weights, double Score)> Chosen(Arm arm, string point, WeightRule rule, Func<RunValues, double> score) =>
        [.. Seeds.Select(seed => _scores.TryGetValue((arm, point, rule, seed), out var found) ? found
            : _scores[(arm, point, rule, seed)] = Study.ReadScores(this[arm, seed], point, rule))
            .Select(of => (of.Weights, score(of.Scores)))];

    /// <summary>The scores by seed of all runs of the study that differ from an arm's in nothing but the seed.</summary>
    public IReadOnlyDictionary<long, RunValues> AllSeeds(Arm arm, string point, WeightRule rule) =>
        _study.Alike(this[arm, Seeds[0]]).ToDictionary(one => one.Key, one => Study.ReadScores(one.Value, point, rule).Scores);

    /// <summary>The two cells of a score: mean ± standard deviation over the seeds, and each seed.</summary>
    public static KitCell[] Cells(IReadOnlyList<double> ofSeeds) =>
        [SampleSummary.Of(ofSeeds).Format(), string.Join(" · ", ofSeeds.Select(one => KitCell.Number(one, 1).Text))];

    /// <summary>The statistics of those weights' predictions, a seed each, made from the lines predicted.</summary>
    public SegmentStatistics[] Statistics(Arm arm, string point, WeightRule rule, Func<IReadOnlyList<string>, SegmentStatistics> of) =>
        [.. Seeds.Select(seed => of(Scored(arm, point, rule, seed).Hypotheses))];

    /// <summary>The points at which an arm was scored, in order, but for those that say nothing new: at which in every seed it, and each
    /// other arm that it is to be compared with, had made as many updates as at one before. Updates are those of the first seed.</summary>
    public IReadOnlyList<StudyPoint> Points(Arm arm, params Arm[] others)
    {
        Dictionary<string, long>[] made = [.. others.Prepend(arm).SelectMany(Of)
            .Select(run => Study.Points(run).ToDictionary(point => point.Name, point => point.Update))];
        return [.. Study.Points(this[arm, Seeds[0]]).Where(point => made.All(of => of.ContainsKey(point.Name)))
            .DistinctBy(point => string.Join(' ', made.Select(of => of[point.Name])))];
    }

    /// <summary>An arm's name, and where it has several points, the point's.</summary>
    public string NameAt(Arm arm, StudyPoint point) => Points(arm).Count == 1 ? arm.Name : $"{arm.Name}, {point.Name.Replace('-', ' ')}";

    /// <summary>Every arm at each of its points, with the weights that a rule chose: the updates made, a score (its name in the runs, and
    /// its heading) as mean ± standard deviation and by seed, and further columns with the number of an arm at a point.</summary>
    public KitTable Results(string title, WeightRule rule, (string Name, string Heading) score,
        params (string Heading, int Decimals, Func<Arm, string, double> Value)[] more)
    {
        var table = new KitTable(title, [new("System", Numeric: false), new("Updates"), new(score.Heading), new("each seed"),
            .. more.Select(one => new KitColumn(one.Heading))]);
        foreach (var (arm, point) in Arms.SelectMany(arm => Points(arm).Select(point => (arm, point))))
        {
            IEnumerable<string> made = Scores(arm, point.Name, rule, "update").Select(at => KitCell.Number(at, 0).Text).Distinct();
            table.Row([NameAt(arm, point), string.Join(" · ", made), .. Cells(Scores(arm, point.Name, rule, score.Name)),
                .. more.Select(one => KitCell.Number(one.Value(arm, point.Name), one.Decimals))]);
        }
        return table;
    }

    /// <summary>A number that validations measured, over a budget of training (after so many updates; null for these), mean and range over
    /// the seeds. Where the number is NaN there is no point.</summary>
    public BudgetCurve Curve(Arm arm, Func<ValidationPoint, double> score, Func<long, double>? budget = null) =>
        BudgetCurve.Of([.. Of(arm).Select(run => TrainingLog.Validations(run).Where(point => !double.IsNaN(score(point)))
            .Select(point => (budget?.Invoke(point.Update) ?? point.Update, score(point))).ToArray())]);

    /// <summary>The same as a line of a chart, with the range as a band where there are several seeds.</summary>
    public CurveSeries Line(Arm arm, Func<ValidationPoint, double> score, Func<long, double>? budget = null)
    {
        BudgetCurve curve = Curve(arm, score, budget);
        return Seeds.Count > 1 ? new(arm.Name, curve.Budget, curve.Mean, curve.Low, curve.High) : new(arm.Name, curve.Budget, curve.Mean);
    }

    /// <summary>The divergence in training of one seed, by updates.</summary>
    public CurveSeries Divergence(Arm arm, int seed)
    {
        IReadOnlyList<TrainingPoint> points = TrainingLog.Updates(this[arm, seed]);
        return new(arm.Name, [.. points.Select(point => (double)point.Update)], [.. points.Select(point => point.Divergence)]);
    }

    /// <summary>What the arms predicted in the first seed for some lines of the reported text, one below the other, under what is given of
    /// a line: a name and a text each, the first in bold.</summary>
    public KitTable SideBySide(string title, string point, WeightRule rule, IEnumerable<int> lines,
        Func<int, (string Name, string Text)[]> given)
    {
        var table = new KitTable(title, new("System", Numeric: false), new("Text", Numeric: false));
        foreach (int line in lines)
        {
            foreach (var (one, i) in given(line).Select((one, i) => (one, i)))
                table.Row(i == 0 ? new KitCell(one.Name).Bold() : one.Name, i == 0 ? new KitCell(one.Text).Bold() : one.Text);
            foreach (Arm arm in Arms)
                table.Row(arm.Name, Scored(arm, point, rule, Seeds[0]).Hypotheses[line]);
        }
        return table;
    }

    /// <summary>The runs: what was trained now and what was found, when, by which commit, on which machine.</summary>
    public KitTable Table(string title)
    {
        var table = new KitTable(title, new("Arm", Numeric: false), new("Seed"), new("Run", Numeric: false), new("State", Numeric: false),
            new("Updates"), new("Started (UTC)", Numeric: false), new("Commit", Numeric: false));
        foreach (var ((arm, seed), run) in _runs)
            table.Row(arm.Name, $"{seed}", run.Name, _study.Origins[run.Name], KitCell.Number(run.Result![Study.UpdatesName].Number, 0),
                FormattableString.Invariant($"{run.Origin.Started:yyyy-MM-dd HH:mm}"), run.Origin.CommitInWords ?? "–");
        foreach (var ((arm, seed), run) in _runs.Where(pair => pair.Value.Config["training.Patience"].Number > 0))
        {
            string last = Study.Points(run)[^1].Name;
            if (run.Result!.First(one => one.Key.StartsWith(last + ".", StringComparison.Ordinal)
                && one.Key.EndsWith("." + Study.EndName, StringComparison.Ordinal)).Value.Text != nameof(StopReason.EarlyStop))
                table.Note($"{arm.Name}, seed {seed} met the limit of {run.Config[$"point.{last}"].Text} updates before its {last}.");
        }
        foreach (string machine in _runs.Values.Select(run => run.Origin.Machine).Distinct())
            table.Note($"Made on: {machine}.");
        return table;
    }
}

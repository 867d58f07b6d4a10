using System.Globalization;

namespace IntraDistill;

/// <summary>What an arm gains over others: the comparisons of a table, judged as one <see cref="ComparisonFamily"/>, once by each rule that
/// chooses weights. The first counts, and is fixed before scores are seen; the others tell how far a verdict rests on it.</summary>
/// <param name="rules">The rules, the one that counts first.</param>
/// <param name="unit">What a gain is measured in.</param>
/// <param name="heads">Headings of the columns that name a comparison.</param>
/// <example><code>
/// var comparison = new Comparison(rules, "BLEU", "Intra-distillation");
/// comparison.Add(["against the control"], by => (Bootstrap.Compare(…), PairedDifference.Of(…)));
/// display(comparison.Gains("What intra-distillation gains"));
/// display(comparison.ByRule("Gain and verdict by rule"));
/// </code></example>
public sealed class Comparison(IReadOnlyList<WeightRule> rules, string unit, params string[] heads)
{
    private readonly List<Compared> _compared = [];
    private Dictionary<WeightRule, IReadOnlyList<Verdict>>? _verdicts;

    private sealed record Compared(
        string[] Row, Func<WeightRule, (BootstrapComparison Texts, PairedDifference? Seeds)> Measure, IReadOnlyList<WeightRule> Chooses)
    {
        public string Name => string.Join(" against ", Row);
    }

    /// <summary>The resamples that a bootstrap needs so that as many comparisons can be told apart: the smallest p of R resamples is 2/(R +
    /// 1), and Holm's correction may multiply it by their number.</summary>
    public static BootstrapSettings Resampling(int comparisons) => new() { Resamples = Math.Max(1000, 100 * comparisons) };

    /// <summary>Adds a comparison. All that a table is to show are added before one is looked at.</summary>
    /// <param name="row">What names it, a cell a heading; joined by "against" in sentences.</param>
    /// <param name="measure">The comparison of the scores by a rule, over texts and over seeds, the arm in question second; a higher score
    /// is a better one.</param>
    /// <param name="chooses">The rules that have something to choose from here; null for all.</param>
    /// <exception cref="IntraDistillException">There are not as many cells as headings.</exception>
    public void Add(string[] row, Func<WeightRule, (BootstrapComparison Texts, PairedDifference? Seeds)> measure,
        IReadOnlyList<WeightRule>? chooses = null)
    {
        if (row.Length != heads.Length)
            throw new IntraDistillException(
                $"a comparison named by {row.Length} cells; expected {heads.Length}: {string.Join(", ", heads)}");
        _compared.Add(new(row, measure, chooses ?? rules));
        _verdicts = null;
    }

    /// <summary>The verdicts by a rule, or by the one that counts, in the order of the comparisons.</summary>
    public IReadOnlyList<Verdict> Verdicts(WeightRule? by = null) =>
        (_verdicts ??= rules.ToDictionary(rule => rule, Judge))[by ?? rules[0]];

    /// <summary>Each gain by the rule that counts, with intervals, p-values and verdict, and columns with a cell a comparison.</summary>
    public KitTable Gains(string title, params (KitColumn Column, IReadOnlyList<KitCell> Cells)[] more)
    {
        var table = new KitTable(title, [.. Texts(heads), new("Gain"), new("95 %", "Over seeds"), new("p", "Over seeds"),
            new("95 %", "Over texts"), new("p", "Over texts"), new("Verdict", Numeric: false), .. more.Select(one => one.Column)]);
        foreach (var (compared, verdict, i) in _compared.Zip(Verdicts()).Select((pair, i) => (pair.First, pair.Second, i)))
        {
            BootstrapInterval texts = verdict.Texts.Difference;
            table.Row([.. Cells(compared.Row), new KitCell(Signed(texts.Score)).Bold(),
                Range(verdict.Seeds?.Low ?? double.NaN, verdict.Seeds?.High ?? double.NaN), P(verdict.AdjustedSeedsP),
                Range(texts.Low, texts.High), P(verdict.AdjustedTextsP), Verdict.Words(verdict.Kind), .. more.Select(one => one.Cells[i])]);
        }
        return table.Note($"p after Holm's correction over {_compared.Count} comparisons; intervals without it. Bootstrap: "
            + FormattableString.Invariant($"{Verdicts().Max(verdict => verdict.Texts.Resamples):N0} resamples."));
    }

    /// <summary>Gain and verdict by each rule, in two columns a rule.</summary>
    public KitTable ByRule(string title)
    {
        var table = new KitTable(title, [.. Texts(heads),
            .. rules.SelectMany(by => new KitColumn[] { new("Gain", $"{by}"), new("Verdict", $"{by}", Numeric: false) })]);
        foreach (var (compared, i) in _compared.Select((compared, i) => (compared, i)))
            table.Row([.. Cells(compared.Row), .. rules.SelectMany(by => compared.Chooses.Contains(by)
                ? Cells(Signed(Verdicts(by)[i].Texts.Difference.Score), Verdict.Words(Verdicts(by)[i].Kind)) : Cells("–", "–"))]);
        return table;
    }

    /// <summary>A sentence a comparison: the verdict by the rule that counts, and whether it is another by others.</summary>
    public IReadOnlyList<string> Sentences => [.. _compared.Select((compared, i) => $"{compared.Name}: " + Verdict.ByRule(
        [.. compared.Chooses.Select(by => ($"{by}", Verdicts(compared.Chooses.Contains(rules[0]) ? by : rules[0])[i]))]) + ".")];

    /// <summary>The updates whose weights each rule chose, and what they scored, in two columns a rule. Of a row: the cells that name it,
    /// under headings of their own; and by each rule what its seeds' weights scored, or null where it has no choice.</summary>
    public KitTable Weights(string title, string score,
        IEnumerable<(string[] Row, Func<WeightRule, IReadOnlyList<(string Weights, double Score)>?> By)> rows, params string[] names)
    {
        var table = new KitTable(title, [.. Texts(names),
            .. rules.SelectMany(by => new KitColumn[] { new("Updates", $"{by}", Numeric: false), new(score, $"{by}") })]);
        foreach ((string[] row, var scored) in rows)
            table.Row([.. Cells(row), .. rules.Select(scored).SelectMany(of => of is null ? Cells("–", "–")
                : [Updates([.. of.Select(one => one.Weights.Split('.')[0])]), KitCell.Number(of.Average(one => one.Score))])]);
        return table;

        static string Updates(string[] ofSeeds) => ofSeeds.Distinct().Count() == 1 ? ofSeeds[0] : string.Join(", ", ofSeeds);
    }

    /// <summary>The same of every arm of a study's runs at each of its points, by the name that the score has in them.</summary>
    public KitTable Weights(string title, string heading, ArmRuns runs, string score) => Weights(title, heading,
        runs.Arms.SelectMany(arm => runs.Points(arm).Select(point => (new[] { arm.Name, point.Name.Replace('-', ' ') },
            (Func<WeightRule, IReadOnlyList<(string, double)>?>)(by => runs.Chosen(arm, point.Name, by, score))))), "Arm", "Point");

    /// <summary>What training cost, mean over the runs of a row: updates, seconds, milliseconds an update and how many times those of the
    /// baseline, which is the first of the rows whose names differ in the last cell only, and memory. Where there are an equal-work
    /// baseline and intra-distillation a note says how far equal work is from equal time.</summary>
    public static KitTable Cost(string title, IEnumerable<(string[] Row, IReadOnlyList<StoredRun> Runs)> rows, params string[] names)
    {
        var table = new KitTable(title, [.. Texts(names), new("Updates"), new("Training (s)"), new("Update (ms)"),
            new("Update (× baseline)"), new("Memory (MB)")]);
        table.Note("Times are of the median update of each run: what stopped the machine for a while is not in them.")
            .Note("Memory: the largest working set while the arm trained, less what the process held before.");
        foreach (var alike in rows.GroupBy(one => string.Join('\n', one.Row.SkipLast(1))))
        {
            foreach ((string[] row, IReadOnlyList<StoredRun> runs) in alike)
            {
                double milliseconds = Mean(runs, Study.MillisecondsName);
                table.Row([.. Cells(row), KitCell.Number(Mean(runs, Study.UpdatesName), 0), KitCell.Number(runs.Average(Study.Seconds), 1),
                    KitCell.Number(milliseconds, 1), KitCell.Number(milliseconds / Mean(alike.First().Runs, Study.MillisecondsName)),
                    KitCell.Number(Mean(runs, Study.MemoryName), 0)]);
            }
            if (Seconds(Arms.EqualWork) is { } plain && Seconds(Arms.IntraDistillation) is { } full)
                table.Note((alike.Key.Length > 0 ? $"{alike.Key.Replace('\n', ' ')}: for" : "For") + FormattableString.Invariant(
                    $" as many passes the equal-work baseline trained {plain:F1} s, intra-distillation {full:F1} s: the baseline had ")
                    + FormattableString.Invariant($"{100 * Math.Abs(plain / full - 1):F0} % {(plain > full ? "more" : "less")} time."));

            double? Seconds(string arm) => alike.FirstOrDefault(one => one.Row[^1] == arm).Runs?.Average(Study.Seconds);
        }
        return table;

        static double Mean(IReadOnlyList<StoredRun> of, string name) => of.Average(run => run.Result![name].Number);
    }

    /// <summary>What this kit measured, for a row beside published numbers, of arms with a score by seed: mean and spread of each over the
    /// seeds that all of them have, the last arm's gain over the first, and the seeds; "not measured" where there is none.</summary>
    public static KitCell[] Measured(params IReadOnlyDictionary<long, double>[] arms)
    {
        long[] seeds = [.. arms.Select(of => of.Keys).Aggregate((all, more) => all.Intersect(more)).Order()];      // gains are paired
        return seeds.Length == 0 ? [.. Enumerable.Repeat(KitCell.NotMeasured, arms.Length + 1), "–"]
            : [.. arms.Select(of => (KitCell)SampleSummary.Of([.. seeds.Select(seed => of[seed])]).Format()),
                Signed(seeds.Average(seed => arms[^1][seed] - arms[0][seed])), string.Join(", ", seeds)];
    }

    private IReadOnlyList<Verdict> Judge(WeightRule by)
    {
        var family = new ComparisonFamily();
        foreach (Compared one in _compared)
        {
            (BootstrapComparison texts, PairedDifference? seeds) = one.Measure(by);
            family.Add(one.Name, texts, seeds, unit);
        }
        return family.Verdicts;
    }

    private static IEnumerable<KitColumn> Texts(string[] headers) => headers.Select(header => new KitColumn(header, Numeric: false));

    private static KitCell[] Cells(params string[] texts) => [.. texts];

    /// <summary>A difference with its sign; a dash for NaN.</summary>
    internal static string Signed(double value, int decimals = 2)
    {
        string digits = 0.0.ToString($"F{decimals}", CultureInfo.InvariantCulture);
        return double.IsNaN(value) ? "–"
            : Math.Round(value, decimals).ToString($"+{digits};−{digits};{digits}", CultureInfo.InvariantCulture);
    }

    /// <summary>An interval; "no test" for NaN.</summary>
    internal static string Range(double low, double high, int decimals = 2) =>
        double.IsNaN(low) ? "no test" : $"{Signed(low, decimals)} … {Signed(high, decimals)}";

    /// <summary>A p-value as a cell; a dash for NaN.</summary>
    internal static string P(double value) => double.IsNaN(value) ? "–" : PText.Of(value)["p ".Length..].TrimStart('=', ' ');
}

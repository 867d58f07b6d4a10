namespace IntraDistill;

/// <summary>What a test over seeds says of a claim: the corrected p is below 0.05, and the difference goes the claim's way or the opposite;
/// or neither is shown; or nothing is tested, with too few seeds or no spread over them.</summary>
internal enum ClaimOutcome { Holds, Opposite, NotShown, NoTest }

/// <summary>Claims that an arm makes a measure smaller, or larger, than other arms do. Each is judged against each of them by Student's
/// paired t over seeds, two-sided, with <see cref="Holm"/>'s correction for all: add all before one is looked at.</summary>
/// <param name="arm">The arm that the claims are of.</param>
/// <param name="others">What it is compared with: an arm's name, and what tables call it.</param>
public sealed class Claims(string arm, params (string Name, string Title)[] others)
{
    private readonly List<Claim> _claims = [];

    private sealed record Claim(string Text, string Measure, int Decimals, bool Smaller, Func<string, IReadOnlyList<double>> Of);

    // A claim against one other arm, with the difference of each seed and the corrected p.
    private sealed record Judged(Claim Claim, string Other, double[] Seeds, PairedDifference Difference, double P)
    {
        public string ItsWay => $"{CountOfItsWay} of {Seeds.Length}";

        public int CountOfItsWay => Seeds.Count(one => Claim.Smaller ? one < 0 : one > 0);

        public ClaimOutcome Outcome => double.IsNaN(P) ? ClaimOutcome.NoTest : P >= Verdict.Level ? ClaimOutcome.NotShown
            : Difference.Mean < 0 == Claim.Smaller ? ClaimOutcome.Holds : ClaimOutcome.Opposite;
    }

    /// <summary>Adds a claim.</summary>
    /// <param name="text">What is claimed; claims of one text are different views of one thing.</param>
    /// <param name="measure">By which measure.</param>
    /// <param name="decimals">How many decimals of it are shown.</param>
    /// <param name="smaller">Whether it is to be smaller, else larger.</param>
    /// <param name="values">The measure of an arm by its name, a value a seed, the same seeds in the same order for all arms.</param>
    public void Add(string text, string measure, int decimals, bool smaller, Func<string, IReadOnlyList<double>> values) =>
        _claims.Add(new(text, measure, decimals, smaller, values));

    /// <summary>Adds a claim by several measures of what was examined of an arm by its name, seeds as in the other.</summary>
    public void Add<T>(string text, bool smaller, Func<string, IReadOnlyList<T>> of, params Measure<T>[] by)
    {
        foreach (Measure<T> measure in by)
            Add(text, measure.Name, measure.Decimals, smaller, name => [.. of(name).Select(measure.Value)]);
    }

    /// <summary>The outcomes, by claim in their order and, within it, by what the arm is compared with.</summary>
    internal IEnumerable<ClaimOutcome[]> Outcomes => Judge().Select(one => one.Outcome).Chunk(others.Length);

    /// <summary>Each claim with the mean of its measure in the arms to be shown, and what is said of it against each other.</summary>
    public KitTable Table(string title, IReadOnlyList<string> shown)
    {
        var table = new KitTable(title, [new("Claim", Numeric: false), new("Measure", Numeric: false),
            .. shown.Select(name => new KitColumn(name)), .. others.Select(other => new KitColumn(other.Title, "Against"))]);
        string above = "";
        foreach (Judged[] judged in Judge().Chunk(others.Length))
        {
            Claim claim = judged[0].Claim;
            table.Row([claim.Text == above ? "" : claim.Text, claim.Measure,
                .. shown.Select(name => KitCell.Number(claim.Of(name).Average(), claim.Decimals)),
                .. judged.Select(one => (KitCell)(one.Outcome switch
                {
                    ClaimOutcome.Holds => "holds",
                    ClaimOutcome.Opposite => "opposite",
                    ClaimOutcome.NotShown => "not shown",
                    _ => $"{one.ItsWay} seeds",
                }))]);
            above = claim.Text;
        }
        return table;
    }

    /// <summary>The differences behind the outcomes against another arm, by its name: of each seed, mean, interval, p.</summary>
    /// <exception cref="IntraDistillException">Nothing is compared with an arm of this name.</exception>
    public KitTable Differences(string other, string title)
    {
        if (!others.Any(one => one.Name == other))
            throw new IntraDistillException(
                $"nothing is compared with {other}; expected one of {string.Join(", ", others.Select(one => one.Name))}");
        var table = new KitTable(title, new("Measure", Numeric: false), new("Claimed", Numeric: false), new("Difference of each seed"),
            new("Mean"), new("95 %"), new("p"), new("Seeds its way"));
        Judged[] all = Judge();
        foreach (Judged one in all.Where(one => one.Other == other))
        {
            string Text(double value) => Comparison.Signed(value, one.Claim.Decimals);
            table.Row(one.Claim.Measure, one.Claim.Smaller ? "smaller" : "larger", string.Join(" · ", one.Seeds.Select(Text)),
                Text(one.Difference.Mean), Comparison.Range(one.Difference.Low, one.Difference.High, one.Claim.Decimals),
                Comparison.P(one.P), one.ItsWay);
        }
        int tests = all.Count(one => !double.IsNaN(one.P));
        return table.Note(tests == 0 ? $"Fewer than {PairedDifference.FewestPairs} seeds: nothing is tested."
            : $"p after Holm's correction over the {tests} comparisons of these tables; intervals without it.");
    }

    /// <summary>A sentence for each other arm and each text: how many of its measures hold.</summary>
    public IReadOnlyList<string> Sentences
    {
        get
        {
            Judged[] all = Judge();
            return [.. others.SelectMany(other => all.Where(one => one.Other == other.Name).GroupBy(one => one.Claim.Text).Select(of =>
            {
                int Count(ClaimOutcome outcome) => of.Count(one => one.Outcome == outcome);
                int seeds = of.First().Seeds.Length;
                return $"Against {other.Title}. {of.Key}. Measures: {of.Count()}; " + (Count(ClaimOutcome.NoTest) == of.Count()
                    ? $"its way in {(seeds == 1 ? "this one seed" : $"all {seeds} seeds")}: "
                        + $"{of.Count(one => one.CountOfItsWay == seeds)}; no verdict with so few seeds."
                    : $"holds: {Count(ClaimOutcome.Holds)}; the opposite: {Count(ClaimOutcome.Opposite)}; "
                        + $"not shown: {Count(ClaimOutcome.NotShown) + Count(ClaimOutcome.NoTest)}.");
            }))];
        }
    }

    // By claim, and within it by what the arm is compared with.
    private Judged[] Judge()
    {
        Judged[] all = [.. _claims.SelectMany(claim => others.Select(other =>
        {
            IReadOnlyList<double> ours = claim.Of(arm), theirs = claim.Of(other.Name);
            double[] seeds = [.. ours.Zip(theirs, (our, their) => our - their)];
            return new Judged(claim, other.Name, seeds, PairedDifference.Of(theirs, ours), double.NaN);
        }))];
        return [.. all.Zip(Holm.Adjust([.. all.Select(one => one.Difference.PValue)]), (one, p) => one with { P = p })];
    }
}

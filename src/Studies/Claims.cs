
namespace IntraDistill;

/// <summary>What a test over seeds says of a claim.</summary>
public enum ClaimOutcome
{
    /// <summary>The corrected p is below 0.05, and the difference goes the claim's way.</summary>
    Holds,

    /// <summary>The corrected p is below 0.05, and the difference goes the other way.</summary>
    Opposite,

    /// <summary>Neither is shown, which does not show the contrary.</summary>
    NotShown,

    /// <summary>Fewer seeds than <see cref="PairedDifference.FewestPairs"/>, or no spread over them: nothing is tested.</summary>
    NoTest,
}

/// <summary>
/// Claims that an arm makes a measure smaller, or larger, than other arms do. Each is judged against each of them by Student's paired t
/// over seeds, two-sided, with <see cref="Holm"/>'s correction for all comparisons. Add all claims before one is looked at.
/// </summary>
/// <param name="arm">The arm that the claims are of.</param>
/// <param name="others">What it is compared with: an arm's name, and what tables call it.</param>
public sealed class Claims(string arm, params (string Name, string Title)[] others)
{
    private readonly List<Claim> _claims = [];

    private sealed record Claim(string Text, string Measure, int Decimals, bool Smaller, Func<string, IReadOnlyList<double>> Of);

    /// <summary>Adds a claim.</summary>
    /// <param name="text">What is claimed; claims of one text are different views of one thing.</param>
    /// <param name="measure">By which measure.</param>
    /// <param name="decimals">How many decimals of it are shown.</param>
    /// <param name="smaller">Whether it is to be smaller, else larger.</param>
    /// <param name="values">The measure of an arm by its name, a value a seed, the same seeds in the same order for all arms.</param>
    public void Add(string text, string measure, int decimals, bool smaller, Func<string, IReadOnlyList<double>> values) =>
        _claims.Add(new(text, measure, decimals, smaller, values));

    /// <summary>Adds a claim by several measures of what was examined.</summary>
    /// <param name="text">What is claimed.</param>
    /// <param name="smaller">Whether the measures are to be smaller, else larger.</param>
    /// <param name="of">What was examined of an arm by its name, the same seeds in the same order for all arms.</param>
    /// <param name="by">The measures.</param>
    public void Add<T>(string text, bool smaller, Func<string, IReadOnlyList<T>> of, params Measure<T>[] by)
    {
        foreach (Measure<T> measure in by)
            Add(text, measure.Name, measure.Decimals, smaller, name => [.. of(name).Select(measure.Value)]);
    }

    /// <summary>The outcomes, by claim in their order and, within it, by what the arm is compared with.</summary>
    public IReadOnlyList<IReadOnlyList<ClaimOutcome>> Outcomes =>
        [.. Judge().Select(of => of.Select(one => one.Outcome).ToArray())];

    /// <summary>Each claim with the mean of its measure in each arm, and what is said of it against each other.</summary>
    /// <param name="title">The table's caption.</param>
    /// <param name="shown">The arms whose means are shown.</param>
    public KitTable Table(string title, IReadOnlyList<string> shown)
    {
        var table = new KitTable(title, [new("Claim", Numeric: false), new("Measure", Numeric: false),
            .. shown.Select(name => new KitColumn(name)), .. others.Select(other => new KitColumn(other.Title, "Against"))]);
        foreach ((Claim claim, Judged[] judged, int i) in _claims.Zip(Judge()).Select((pair, i) => (pair.First, pair.Second, i)))
        {
            table.Row([i > 0 && _claims[i - 1].Text == claim.Text ? "" : claim.Text, claim.Measure,
                .. shown.Select(name => KitCell.Number(claim.Of(name).Average(), claim.Decimals)),
                .. judged.Select(one => new KitCell(one.Outcome == ClaimOutcome.NoTest ? $"{one.ItsWay} of {one.Seeds.Length} seeds" : Word(one.Outcome)))]);
        }
        return table;
    }

    /// <summary>The differences behind the outcomes against one other arm: of each seed, their mean, its interval, p.</summary>
    /// <param name="other">The other arm's name.</param>
    /// <param name="title">The table's caption.</param>
    /// <exception cref="IntraDistillException">Nothing is compared with an arm of this name.</exception>
    public KitTable Differences(string other, string title)
    {
        int at = Array.FindIndex(others, one => one.Name == other);
        if (at < 0)
            throw new IntraDistillException($"nothing is compared with {other}; expected one of {string.Join(", ", others.Select(one => one.Name))}");
        var table = new KitTable(title, new("Measure", Numeric: false), new("Claimed", Numeric: false), new("Difference of each seed"),
            new("Mean"), new("95 %"), new("p"), new("Seeds its way"));
        Judged[][] all = Judge();
        foreach ((Claim claim, Judged one) in _claims.Zip(all.Select(of => of[at])))
        {
            string Text(double value) => Comparison.Signed(value, claim.Decimals);
            table.Row(claim.Measure, claim.Smaller ? "smaller" : "larger", string.Join(" · ", one.Seeds.Select(Text)), Text(one.Difference.Mean),
                Comparison.Range(one.Difference.Low, one.Difference.High, claim.Decimals), Comparison.P(one.P),
                $"{one.ItsWay} of {one.Seeds.Length}");
        }
        int tests = all.Sum(of => of.Count(one => !double.IsNaN(one.P)));
        return table.Note(tests == 0 ? $"Fewer than {PairedDifference.FewestPairs} seeds: nothing is tested."
            : $"p after Holm's correction over the {tests} comparisons of these tables; intervals without it.");
    }

    /// <summary>A sentence for each other arm and each text: how many of its measures hold.</summary>
    public IReadOnlyList<string> Sentences
    {
        get
        {
            Judged[][] all = Judge();
            return [.. others.SelectMany((other, at) => _claims.Zip(all.Select(of => of[at])).GroupBy(pair => pair.First.Text).Select(of =>
            {
                Judged[] judged = [.. of.Select(pair => pair.Second)];
                int Count(ClaimOutcome outcome) => judged.Count(one => one.Outcome == outcome);
                string head = $"Against {other.Title}. {of.Key}. Measures: {judged.Length}; ";
                return head + (Count(ClaimOutcome.NoTest) == judged.Length
                    ? $"its way in {(judged[0].Seeds.Length == 1 ? "this one seed" : $"all {judged[0].Seeds.Length} seeds")}: "
                        + $"{judged.Count(one => one.ItsWay == one.Seeds.Length)}; no verdict with so few seeds."
                    : $"holds: {Count(ClaimOutcome.Holds)}; the opposite: {Count(ClaimOutcome.Opposite)}; "
                        + $"not shown: {Count(ClaimOutcome.NotShown) + Count(ClaimOutcome.NoTest)}.");
            }))];
        }
    }

    private sealed record Judged(double[] Seeds, PairedDifference Difference, double P, int ItsWay, ClaimOutcome Outcome);

    private Judged[][] Judge()
    {
        PairedDifference[] differences = [.. _claims.SelectMany(claim => others.Select(other =>
            PairedDifference.Of(claim.Of(other.Name), claim.Of(arm))))];
        double[] adjusted = Holm.Adjust([.. differences.Select(difference => difference.PValue)]);
        return [.. _claims.Select((claim, row) => others.Select((other, i) =>
        {
            (PairedDifference difference, double p) = (differences[row * others.Length + i], adjusted[row * others.Length + i]);
            double[] seeds = [.. claim.Of(arm).Zip(claim.Of(other.Name), (ours, theirs) => ours - theirs)];
            ClaimOutcome outcome = double.IsNaN(p) ? ClaimOutcome.NoTest : p >= Verdict.Level ? ClaimOutcome.NotShown
                : difference.Mean < 0 == claim.Smaller ? ClaimOutcome.Holds : ClaimOutcome.Opposite;
            return new Judged(seeds, difference, p, seeds.Count(one => claim.Smaller ? one < 0 : one > 0), outcome);
        }).ToArray())];
    }

    private static string Word(ClaimOutcome outcome) => outcome switch
    {
        ClaimOutcome.Holds => "holds",
        ClaimOutcome.Opposite => "opposite",
        ClaimOutcome.NotShown => "not shown",
        _ => "no test",
    };
}

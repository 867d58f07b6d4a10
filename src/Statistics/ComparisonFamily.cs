namespace IntraDistill;

/// <summary>
/// The comparisons of one table, which are judged together: the more of them, the likelier one looks significant by chance. Their
/// p-values are therefore corrected by <see cref="Holm"/>, those over texts as one family and those over seeds as another, and a
/// <see cref="Verdict"/> asks for both. Put in every comparison that the table shows, before any is looked at.
/// </summary>
/// <example><code>
/// ComparisonFamily family = new();
/// family.Add("MRPC against baseline", Bootstrap.Compare(baselineRuns, runs), PairedDifference.Of(baselineScores, scores));
/// family.Add("MRPC against control", …);
/// foreach (Verdict verdict in family.Verdicts)
///     Console.WriteLine(verdict);
/// </code></example>
public sealed class ComparisonFamily
{
    private readonly List<(string Name, BootstrapComparison Texts, PairedDifference? Seeds, string Unit)> _comparisons = [];

    /// <summary>The number of comparisons.</summary>
    public int Count => _comparisons.Count;

    /// <summary>Adds a comparison. A higher score must be a better one in both measurements.</summary>
    /// <param name="name">What is compared, as the table calls it.</param>
    /// <param name="texts">The comparison over test texts, of the means over all seeds.</param>
    /// <param name="seeds">The comparison over the same seeds' scores; null without any, which gives no verdict.</param>
    /// <param name="unit">What the difference is measured in.</param>
    /// <returns>This family, so that calls can be chained.</returns>
    /// <exception cref="IntraDistillException">The family has a comparison of this name.</exception>
    public ComparisonFamily Add(string name, BootstrapComparison texts, PairedDifference? seeds, string unit = "points")
    {
        if (_comparisons.Any(comparison => comparison.Name == name))
            throw new IntraDistillException($"two comparisons called '{name}'; expected a name of its own for each");
        _comparisons.Add((name, texts, seeds, unit));
        return this;
    }

    /// <summary>
    /// The verdict of each comparison, in the order they were added. Each added later corrects all the others more strongly, so read
    /// them when the family is complete.
    /// </summary>
    public IReadOnlyList<Verdict> Verdicts
    {
        get
        {
            double[] texts = Holm.Adjust([.. _comparisons.Select(comparison => comparison.Texts.PValue)]);
            double[] seeds = Holm.Adjust([.. _comparisons.Select(comparison => comparison.Seeds?.PValue ?? double.NaN)]);
            return [.. _comparisons.Select((comparison, i) => new Verdict(
                comparison.Name, comparison.Unit, comparison.Texts, comparison.Seeds, texts[i], seeds[i], Tests(texts), Tests(seeds)))];

            static int Tests(double[] adjusted) => adjusted.Count(p => !double.IsNaN(p));
        }
    }

    /// <summary>The verdict of the comparison of a name.</summary>
    /// <exception cref="IntraDistillException">There is none of this name.</exception>
    public Verdict this[string name] => Verdicts.FirstOrDefault(verdict => verdict.Name == name)
        ?? throw new IntraDistillException(
            $"no comparison is called '{name}'; expected one of {string.Join(", ", _comparisons.Select(c => $"'{c.Name}'"))}");

    /// <summary>All verdicts, one a line.</summary>
    public override string ToString() => string.Join('\n', Verdicts);
}

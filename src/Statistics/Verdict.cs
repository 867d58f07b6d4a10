using System.Globalization;

namespace IntraDistill;

/// <summary>What a comparison of two systems lets one say.</summary>
public enum VerdictKind
{
    /// <summary>The second system is better, over seeds and over texts.</summary>
    Better,

    /// <summary>The second system is worse, over seeds and over texts.</summary>
    Worse,

    /// <summary>Neither is shown. This does not show that the systems are equal.</summary>
    NoDifferenceShown,

    /// <summary>Fewer seeds than <see cref="PairedDifference.FewestPairs"/>: nothing can be said of another training.</summary>
    TooFewSeeds,
}

/// <summary>What one comparison of a <see cref="ComparisonFamily"/> shows. <see cref="VerdictKind.Better"/> and
/// <see cref="VerdictKind.Worse"/> are claimed only if both p-values, over texts and over seeds, are below <see cref="Level"/> after Holm's
/// correction for all tests of their kind in the family, and both differences point to the same side. The comparisons have their
/// uncorrected p-values and 95 % intervals; that over seeds may be null, and its corrected p is NaN without a test.</summary>
/// <remarks>Both are needed since each leaves out what the other tests: over texts alone a lucky seed looks like a better system, and over
/// seeds alone a system that suits these few texts does. Claiming what both say makes at most as many false claims as either.</remarks>
public sealed record Verdict(string Name, string Unit, BootstrapComparison Texts, PairedDifference? Seeds,
    double AdjustedTextsP, double AdjustedSeedsP, int TextsFamily, int SeedsFamily) : IOneLine
{
    /// <summary>The level of the verdicts: at most this share of families without any effect makes a claim.</summary>
    public const double Level = 0.05;

    /// <summary>What can be said.</summary>
    public VerdictKind Kind =>
        Seeds is null || Seeds.Count < PairedDifference.FewestPairs ? VerdictKind.TooFewSeeds
        : ClaimOfTexts != 0 && AdjustedSeedsP < Level && SideOfSeeds == ClaimOfTexts ? KindOf(ClaimOfTexts)
        : VerdictKind.NoDifferenceShown;

    /// <summary>The verdict in words with its numbers, as <c>better: +1.20 BLEU, 95 % over 3 seeds 0.43 … 1.97, over texts 0.31 … 2.11;
    /// Holm over 6 comparisons: p = 0.012 over seeds, p = 0.006 over texts</c>. The intervals are without correction.</summary>
    public string Sentence
    {
        get
        {
            bool tested = !double.IsNaN(AdjustedSeedsP);
            string few = Kind != VerdictKind.TooFewSeeds ? "" : $" for a verdict ({(Seeds is null ? "none given" : $"{Seeds.Count}")}, "
                + $"at least {PairedDifference.FewestPairs} are needed)";
            string seeds = tested && !double.IsNaN(Seeds!.Low) ? $"over {Seeds.Count} seeds {Range(Seeds.Low, Seeds.High)}, " : "";
            string holm = TextsFamily == 1 ? "" : $"Holm over {TextsFamily} comparisons: ";
            string family = SeedsFamily == TextsFamily ? "" : $" (family of {SeedsFamily})";
            string pOfSeeds = tested ? $"{PText.Of(AdjustedSeedsP)} over seeds{family}, " : "";
            return $"{Words(Kind)}{few}: {Difference} {Unit}, 95 % {seeds}over texts {Range(Texts.Difference.Low, Texts.Difference.High)}; "
                + $"{holm}{pOfSeeds}{PText.Of(AdjustedTextsP)} over texts{Remark()}";
        }
    }

    /// <summary>The name and the sentence.</summary>
    public override string ToString() => $"{Name}: {Sentence}";

    /// <summary>One sentence on one comparison made several times, each time with the weights that another rule chose: the verdict by the
    /// first rule, and whether it depends on the rule. The rule that counts is to be named before the results are seen; the others only
    /// tell how far the verdict can be trusted.</summary>
    /// <param name="verdicts">Each rule's name and its verdict on the one comparison, the rule that counts first.</param>
    internal static string ByRule(IReadOnlyList<(string Rule, Verdict Verdict)> verdicts)
    {
        (string rule, Verdict verdict) = verdicts[0];
        string sentence = $"by {rule} {verdict.Sentence}";
        if (verdicts.Count == 1)
            return sentence;
        if (verdicts.All(one => one.Verdict.Kind == verdict.Kind))
            return $"{sentence}. The same by "
                + string.Join(", by ", verdicts.Skip(1).Select(one => $"{one.Rule} ({one.Verdict.Difference})"));
        return $"{sentence}. It depends on the rule: "
            + string.Join(", ", verdicts.Skip(1).Select(one => $"by {one.Rule} {Words(one.Verdict.Kind)} ({one.Verdict.Difference})"));
    }

    /// <summary>A kind in words, as sentences and tables say it.</summary>
    internal static string Words(VerdictKind kind) => kind switch
    {
        VerdictKind.Better => "better",
        VerdictKind.Worse => "worse",
        VerdictKind.NoDifferenceShown => "no difference shown",
        _ => "too few seeds",
    };

    // 1 better, −1 worse, 0 neither. A verdict must agree with the interval it stands beside, whatever rounds on the way.
    private int ClaimOfTexts => AdjustedTextsP < Level ? SideOfTexts : 0;

    private int SideOfTexts => Side(Texts.Difference.Score, Texts.Difference.Low, Texts.Difference.High);

    private int SideOfSeeds => Seeds is null ? 0 : Side(Seeds.Mean, Seeds.Low, Seeds.High);

    private string Difference => string.Create(CultureInfo.InvariantCulture, $"{Texts.Difference.Score:+0.00;-0.00;0.00}");

    // What the numbers alone leave the reader wondering at.
    private string Remark()
    {
        if (Kind == VerdictKind.TooFewSeeds)
            return $"; of these seeds only, by the texts: {Words(KindOf(ClaimOfTexts))}";
        if (Kind != VerdictKind.NoDifferenceShown)
            return "";
        if (double.IsNaN(AdjustedSeedsP))
            return $"; no test over {Seeds!.Count} seeds, whose differences are all equal";
        if (SideOfTexts * SideOfSeeds < 0)
            return "; seeds and texts point to different sides";
        // The smallest p of R resamples is 2 / (R + 1).
        if (SideOfTexts != 0 && 2.0 * TextsFamily / (Texts.Resamples + 1) >= Level)
            return $"; {Texts.Resamples} resamples are too few for {TextsFamily} comparisons, {2 / Level * TextsFamily:0} would do";
        return SideOfTexts * SideOfSeeds > 0 ? "; both intervals exclude 0, but not so far that it stands in so many comparisons" : "";
    }

    private static VerdictKind KindOf(int side) =>
        side > 0 ? VerdictKind.Better : side < 0 ? VerdictKind.Worse : VerdictKind.NoDifferenceShown;

    private static int Side(double difference, double low, double high) =>
        difference > 0 && low > 0 ? 1 : difference < 0 && high < 0 ? -1 : 0;

    private static string Range(double low, double high) => $"{End(low)} … {End(high)}";

    // An end that excludes 0 must not read as 0.00.
    private static string End(double value) => PText.Faithful(value, 2, rounded => value != 0 && rounded == 0);
}

/// <summary>The comparisons of one table, which are judged together: the more of them, the likelier one looks significant by chance. Their
/// p-values are therefore corrected by <see cref="Holm"/>, those over texts as one family and those over seeds as another, and a
/// <see cref="Verdict"/> asks for both. Put in every comparison that the table shows, before any is looked at.</summary>
public sealed class ComparisonFamily
{
    private readonly List<(string Name, BootstrapComparison Texts, PairedDifference? Seeds, string Unit)> _comparisons = [];

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

    /// <summary>The verdict of each comparison, in the order they were added. Each added later corrects all the others more strongly, so
    /// read them when the family is complete.</summary>
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

    /// <summary>All verdicts, one a line.</summary>
    public override string ToString() => string.Join('\n', Verdicts);
}

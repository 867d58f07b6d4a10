using MathNet.Numerics.Statistics;
using System.Globalization;

namespace IntraDistill;

/// <summary>A measurement repeated, usually over training seeds: mean and sample standard deviation (divisor n − 1; NaN for one).</summary>
public sealed record SampleSummary(int Count, double Mean, double StandardDeviation) : IOneLine
{
    /// <summary>Summarizes measurements.</summary>
    /// <exception cref="IntraDistillException">There is none.</exception>
    public static SampleSummary Of(IEnumerable<double> values)
    {
        double[] sample = [.. values];
        if (sample.Length == 0)
            throw new IntraDistillException("no value to summarize; expected at least one");
        return new(sample.Length, sample.Mean(), sample.StandardDeviation());
    }

    /// <summary>As <c>34.20 ± 0.31</c>, or <c>34.20</c> alone for a single measurement.</summary>
    public string Format(int decimals = 2)
    {
        string mean = Mean.ToString($"F{decimals}", CultureInfo.InvariantCulture);
        return Count == 1 ? mean : $"{mean} ± {StandardDeviation.ToString($"F{decimals}", CultureInfo.InvariantCulture)}";
    }

    /// <summary>As <c>34.20 ± 0.31 (n = 3)</c>.</summary>
    public override string ToString() => $"{Format()} (n = {Count})";

    /// <summary>Throws where a score is NaN or infinite, naming it.</summary>
    internal static void RequireFinite(IReadOnlyList<double> scores, string of = "")
    {
        for (int i = 0; i < scores.Count; i++)
            if (!double.IsFinite(scores[i]))
                throw new IntraDistillException(FormattableString.Invariant($"score {i}{of} is {scores[i]}; expected a finite number"));
    }
}

/// <summary>What the best of n tries (of a search for settings) scores on average, estimated from m that were made (Dodge et al. 2019,
/// "Show Your Work: Improved Reporting of Experimental Results", EMNLP, §3). Two systems whose searches differ in size are compared at the
/// same n. For scores of validation: the best of test scores is no result.</summary>
/// <remarks>With s₍₁₎ ≤ … ≤ s₍ₘ₎: E[max of n] = Σᵢ s₍ᵢ₎ · ((i/m)ⁿ − ((i − 1)/m)ⁿ), the mean over all mⁿ ways to draw n of the scores with
/// replacement. As the draws can repeat a score, it lies a little on the cautious side of the truth (Tang et al. 2020, ACL), the more so
/// the nearer n is to m.</remarks>
public static class ExpectedBest
{
    /// <summary>The expected best score of 1, 2, … m tries, m being the number of scores, of which a higher one is better.</summary>
    /// <exception cref="IntraDistillException">There is no score, or one is not finite.</exception>
    public static double[] Curve(IReadOnlyList<double> scores)
    {
        if (scores.Count == 0)
            throw new IntraDistillException("no score of any try; expected at least one");
        SampleSummary.RequireFinite(scores);
        double[] worstFirst = [.. scores.Order()];
        double m = worstFirst.Length;
        return [.. Enumerable.Range(1, worstFirst.Length).Select(tries =>
            worstFirst.Select((score, i) => score * (Math.Pow((i + 1) / m, tries) - Math.Pow(i / m, tries))).Sum())];
    }
}

using MathNet.Numerics.Distributions;
using System.Globalization;

namespace IntraDistill;

/// <summary>What one system scores more than another over training seeds, each seed giving one score of either, by Student's paired t-test:
/// mean and sample standard deviation (divisor n − 1; NaN for a single pair) of the differences, the second system's score less the
/// first's, the 95 % confidence interval of the mean, and the two-sided p-value. It takes the differences for draws from a normal
/// distribution, and says nothing of another choice of test texts: that is what <see cref="Bootstrap"/> tells.</summary>
/// <remarks>Without a spread of the differences there is no test: <see cref="Low"/>, <see cref="High"/> and <see cref="PValue"/> are NaN
/// where all differences are equal (but for rounding) and not 0. The formula would have p = 0 there, a certainty that a few seeds cannot
/// give: on a small test set equal differences are a matter of few possible scores. Where all differences are 0, p is 1 and the interval
/// NaN. With fewer than <see cref="FewestPairs"/> pairs there is no test either: two differences estimate their own spread with one degree
/// of freedom, and whether they look significant is a matter of how near each other they happen to fall.</remarks>
public sealed record PairedDifference(int Count, double Mean, double StandardDeviation, double Low, double High, double PValue)
{
    /// <summary>The fewest pairs that are tested.</summary>
    public const int FewestPairs = 3;

    // Differences of two scores are rounded at about 1e-16 of the scores; what spreads less than this does not spread.
    private const double Rounding = 1e-12;

    /// <summary>Compares two systems by their scores of the same seeds, in the same order.</summary>
    /// <exception cref="IntraDistillException">The lists differ in length or are empty, or a score is not finite.</exception>
    public static PairedDifference Of(IReadOnlyList<double> baseline, IReadOnlyList<double> system)
    {
        if (baseline.Count != system.Count)
            throw new IntraDistillException(
                $"{baseline.Count} scores of the baseline and {system.Count} of the system; expected one of each a seed");
        if (baseline.Count == 0)
            throw new IntraDistillException("no scores to compare; expected at least one of each system");
        SampleSummary.RequireFinite(baseline, " of the baseline");
        SampleSummary.RequireFinite(system, " of the system");

        var (count, mean, deviation) = SampleSummary.Of(system.Zip(baseline, (s, b) => s - b));
        double rounding = Rounding * baseline.Concat(system).Max(Math.Abs);
        if (count < FewestPairs)
            return new(count, mean, deviation, double.NaN, double.NaN, double.NaN);
        if (deviation <= rounding)
            return new(count, mean, 0, double.NaN, double.NaN, Math.Abs(mean) <= rounding ? 1 : double.NaN);

        double error = deviation / Math.Sqrt(count);
        double half = StudentT.InvCDF(0, 1, count - 1, 0.975) * error;
        double pValue = 2 * StudentT.CDF(0, 1, count - 1, -Math.Abs(mean) / error);
        return new(count, mean, deviation, mean - half, mean + half, pValue);
    }

    /// <summary>As <c>+1.20 ± 0.31 [0.43, 1.97], p = 0.012 (n = 3)</c>, or with the reason why there is no test: <c>+1.20 ± 0.31 (n = 2: no
    /// test)</c>, <c>+1.20 (n = 3, all differences equal: no test)</c>.</summary>
    public override string ToString()
    {
        string mean = string.Create(CultureInfo.InvariantCulture, $"{Mean:+0.00;-0.00;0.00}");
        if (Count == 1)
            return $"{mean} (n = 1: no test)";
        string spread = string.Create(CultureInfo.InvariantCulture, $"{mean} ± {StandardDeviation:F2}");
        if (Count < FewestPairs)
            return $"{spread} (n = {Count}: no test)";
        if (double.IsNaN(Low))
            return $"{mean} (n = {Count}, all differences equal: {(PValue == 1 ? "p = 1" : "no test")})";
        return string.Create(CultureInfo.InvariantCulture, $"{spread} [{Low:F2}, {High:F2}], {PText.Of(PValue)} (n = {Count})");
    }
}

/// <summary>Holm's step-down correction for several tests (S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
/// Journal of Statistics 6, 1979): where adjusted p-values are held against 0.05, the chance of even one false claim in the whole family is
/// at most 5 %, however the tests depend on each other.</summary>
public static class Holm
{
    /// <summary>The adjusted p-values, in the order given. Of m tests the smallest p is multiplied by m, the next by m − 1, and so on; none
    /// is less than that of a smaller p, and none more than 1.</summary>
    /// <param name="pValues">The p-value of each test, 0–1. NaN is no test: it stays NaN and does not count.</param>
    /// <exception cref="IntraDistillException">A p-value is below 0 or above 1.</exception>
    public static double[] Adjust(IReadOnlyList<double> pValues)
    {
        for (int i = 0; i < pValues.Count; i++)
            if (pValues[i] is < 0 or > 1)
                throw new IntraDistillException(
                    FormattableString.Invariant($"p-value {i} is {pValues[i]}; expected 0 to 1, or NaN where there is no test"));

        double[] adjusted = [.. Enumerable.Repeat(double.NaN, pValues.Count)];
        int[] tests = [.. Enumerable.Range(0, pValues.Count).Where(i => !double.IsNaN(pValues[i])).OrderBy(i => pValues[i])];
        double largest = 0;
        for (int rank = 0; rank < tests.Length; rank++)
            adjusted[tests[rank]] = largest = Math.Max(largest, Math.Min(1, (tests.Length - rank) * pValues[tests[rank]]));
        return adjusted;
    }
}

/// <summary>How a p-value is written, wherever one is.</summary>
internal static class PText
{
    /// <summary>As <c>p = 0.012</c> or <c>p &lt; 0.001</c>.</summary>
    internal static string Of(double pValue) => pValue < 0.001 ? "p < 0.001"
        : $"p = {Faithful(pValue, 3, rounded => pValue < Verdict.Level && rounded >= Verdict.Level)}";

    /// <summary>A number with as many decimals, at least some, as it takes not to mislead once it is rounded.</summary>
    internal static string Faithful(double value, int decimals, Func<double, bool> misleads)
    {
        while (decimals < 15 && misleads(Math.Round(value, decimals)))
            decimals++;
        return value.ToString($"F{decimals}", CultureInfo.InvariantCulture);
    }
}

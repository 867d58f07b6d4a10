using System.Globalization;
using MathNet.Numerics.Statistics;

namespace IntraDistill;

/// <summary>A measurement repeated, usually over training seeds.</summary>
/// <param name="Count">How often it was measured.</param>
/// <param name="Mean">The mean.</param>
/// <param name="StandardDeviation">The sample standard deviation (divisor n − 1); NaN for a single measurement.</param>
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
    /// <param name="decimals">Digits after the point.</param>
    public string Format(int decimals = 2)
    {
        string mean = Mean.ToString($"F{decimals}", CultureInfo.InvariantCulture);
        return Count == 1 ? mean : $"{mean} ± {StandardDeviation.ToString($"F{decimals}", CultureInfo.InvariantCulture)}";
    }

    /// <summary>As <c>34.20 ± 0.31 (n = 3)</c>.</summary>
    public override string ToString() => $"{Format()} (n = {Count})";
}

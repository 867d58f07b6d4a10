using System.Globalization;

namespace IntraDistill;

/// <summary>
/// Holm's step-down correction for several tests (S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
/// Journal of Statistics 6, 1979): where adjusted p-values are held against 0.05, the chance of even one false claim in the whole
/// family is at most 5 %, however the tests depend on each other.
/// </summary>
public static class Holm
{
    /// <summary>
    /// The adjusted p-values, in the order given. Of m tests the smallest p is multiplied by m, the next by m − 1, and so on; none is
    /// less than that of a smaller p, and none more than 1.
    /// </summary>
    /// <param name="pValues">The p-value of each test, 0–1. NaN is no test: it stays NaN and does not count.</param>
    /// <exception cref="IntraDistillException">A p-value is below 0 or above 1.</exception>
    public static double[] Adjust(IReadOnlyList<double> pValues)
    {
        for (int i = 0; i < pValues.Count; i++)
            if (pValues[i] is < 0 or > 1)
                throw new IntraDistillException(string.Create(CultureInfo.InvariantCulture,
                    $"p-value {i} is {pValues[i]}; expected 0 to 1, or NaN where there is no test"));

        double[] adjusted = [.. Enumerable.Repeat(double.NaN, pValues.Count)];
        int[] tests = [.. Enumerable.Range(0, pValues.Count).Where(i => !double.IsNaN(pValues[i])).OrderBy(i => pValues[i])];
        double largest = 0;
        for (int rank = 0; rank < tests.Length; rank++)
        {
            largest = Math.Max(largest, Math.Min(1, (tests.Length - rank) * pValues[tests[rank]]));
            adjusted[tests[rank]] = largest;
        }
        return adjusted;
    }
}

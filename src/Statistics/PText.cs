using System.Globalization;

namespace IntraDistill;

/// <summary>How a p-value is written, wherever one is.</summary>
internal static class PText
{
    /// <summary>As <c>p = 0.012</c> or <c>p &lt; 0.001</c>.</summary>
    internal static string Of(double pValue)
    {
        if (pValue < 0.001)
            return "p < 0.001";
        // What is below 0.05 must not read as 0.050.
        int decimals = 3;
        while (decimals < 15 && pValue < 0.05 && Math.Round(pValue, decimals) >= 0.05)
            decimals++;
        return $"p = {pValue.ToString($"F{decimals}", CultureInfo.InvariantCulture)}";
    }
}

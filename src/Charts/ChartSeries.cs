namespace IntraDistill;

internal static class SeriesColors
{
    // Okabe and Ito's palette, told apart with any of the common colour-vision deficiencies.
    private static readonly string[] s_others = ["#D55E00", "#CC79A7", "#56B4E9", "#8C6D1F", "#4D4D4D", "#9467BD"];

    /// <summary>The colour (<c>#rrggbb</c>) of a series: the same in all charts for names that begin with "Baseline", "Control" or
    /// "Intra-distillation", in turn from the rest of the palette for all others.</summary>
    public static string Of(string name, int index) =>
        name.StartsWith("Baseline", StringComparison.OrdinalIgnoreCase) ? "#0072B2"
        : name.StartsWith("Control", StringComparison.OrdinalIgnoreCase) ? "#E69F00"
        : name.StartsWith("Intra-distillation", StringComparison.OrdinalIgnoreCase) ? "#009E73"
        : s_others[index % s_others.Length];
}

/// <summary>A line of a chart. A NaN in <paramref name="Y"/> leaves a gap.</summary>
/// <param name="Name">What the legend calls it; also picks its colour.</param>
/// <param name="X">Where, in the unit of the x axis.</param>
/// <param name="Y">How much, in the unit of the y axis.</param>
/// <param name="Low">The lower edge of a band around the line; null for none.</param>
/// <param name="High">The upper edge of the band.</param>
public sealed record CurveSeries(
    string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y,
    IReadOnlyList<double>? Low = null, IReadOnlyList<double>? High = null) : KitRecord
{
    /// <summary>A line through evenly spaced points of a function, from the first x to the last.</summary>
    public static CurveSeries Of(string name, double from, double to, Func<double, double> function, int points = 121)
    {
        double[] x = [.. Enumerable.Range(0, points).Select(i => from + (to - from) * i / (points - 1))];
        return new(name, x, [.. x.Select(function)]);
    }
}

/// <summary>A histogram on a log axis.</summary>
/// <param name="Name">What the legend calls it; also picks its colour.</param>
/// <param name="LogEdges">The bins' edges as log10, one more than there are bins.</param>
/// <param name="Heights">Count, part or density of each bin.</param>
public sealed record HistogramSeries(string Name, IReadOnlyList<double> LogEdges, IReadOnlyList<double> Heights) : KitRecord;

/// <summary>What pruning does to one model.</summary>
/// <param name="Name">What the legend calls it; also picks its colour.</param>
/// <param name="Percent">How many percent of the parameters are pruned.</param>
/// <param name="LeastSensitive">The metric with the least sensitive parameters pruned; null to leave out.</param>
/// <param name="MostSensitive">The metric with the most sensitive parameters pruned; null to leave out.</param>
public sealed record PruningSeries(
    string Name, IReadOnlyList<double> Percent,
    IReadOnlyList<double>? LeastSensitive, IReadOnlyList<double>? MostSensitive = null) : KitRecord;

/// <summary>One arm's bars.</summary>
/// <param name="Name">What the legend calls it; also picks its colour.</param>
/// <param name="Values">A value a category; NaN where nothing was measured.</param>
/// <param name="Low">The lower end of each interval; null for none.</param>
/// <param name="High">The upper end of each interval.</param>
public sealed record BarSeries(
    string Name, IReadOnlyList<double> Values, IReadOnlyList<double>? Low = null, IReadOnlyList<double>? High = null) : KitRecord
{
    /// <summary>Bars of scores with their intervals.</summary>
    public static BarSeries Of(string name, IEnumerable<BootstrapInterval> intervals)
    {
        BootstrapInterval[] all = [.. intervals];
        return new(name, [.. all.Select(one => one.Score)], [.. all.Select(one => one.Low)], [.. all.Select(one => one.High)]);
    }
}

/// <summary>One position of a slider: its label and the lines then shown, in the same order and number at every position.</summary>
public sealed record SliderPosition(string Label, IReadOnlyList<CurveSeries> Curves) : KitRecord;

/// <summary>A value for a distribution over three outcomes: of the top, the lower left and the lower right corner.</summary>
public readonly record struct SimplexPoint(double A, double B, double C, double Value);

/// <summary>A toy network in one pass.</summary>
/// <param name="Name">The caption below it.</param>
/// <param name="Active">For each layer from input to output, which units are active; false is a disabled unit.</param>
public sealed record NetworkPass(string Name, IReadOnlyList<IReadOnlyList<bool>> Active) : KitRecord;

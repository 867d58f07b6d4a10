using Property = (string Name, object? Value);

namespace IntraDistill;

// What a chart shows, from which both the live chart and its static picture are drawn. Sizes are in pixels.

/// <param name="Title">What it shows, with its unit.</param>
/// <param name="IsLog">Whether it counts in powers of ten.</param>
/// <param name="IsPart">Whether it shows parts, 0–1, as percentages.</param>
/// <param name="FromZero">Whether 0 is on it in any case.</param>
internal sealed record ChartAxis(string Title, bool IsLog = false, bool IsPart = false, bool FromZero = false);

/// <summary>A line; NaN in <paramref name="Y"/> leaves a gap.</summary>
internal sealed record ChartLine(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y, string Color)
{
    public const double BandOpacity = 0.18, StepsOpacity = 0.22;

    public (IReadOnlyList<double> Low, IReadOnlyList<double> High)? Band { get; init; }

    public double Width { get; init; } = 2.5;

    /// <summary>plotly.js's name of the kind of line; null for a solid one.</summary>
    public string? Dash { get; init; }

    /// <summary>plotly.js's name of the marker at each point, <c>circle</c> or <c>circle-open</c>; null for none.</summary>
    public string? Marker { get; init; }

    /// <summary>Whether it goes along and then up or down instead of straight, and is filled down to 0.</summary>
    public bool IsSteps { get; init; }

    /// <summary>What only the live chart shows.</summary>
    public Property[] Live { get; init; } = [];
}

/// <summary>Grouped bars, a group a category.</summary>
internal sealed record BarChart(string XTitle, string YTitle, IReadOnlyList<string> Categories, BarSeries[] Arms)
{
    /// <summary>The part of a category that is free between groups, and that of a bar between bars.</summary>
    public const double Gap = 0.25, GroupGap = 0.06;

    public const string IntervalColor = "#333333";

    private double CategoryWidth => (StaticPicture.Width - 100) / Math.Max(1, Categories.Count);

    public double BarWidth => CategoryWidth * (1 - Gap) / Arms.Length * (1 - GroupGap);

    /// <summary>Whether three digits and a point do not fit into a bar.</summary>
    public bool IsCrowded => BarWidth < 28;

    /// <summary>The size of the categories' names.</summary>
    public double NameSize => CategoryWidth < 20 ? 11 : 13;

    public double LongestName => Categories.Select(name => SvgCanvas.Width(name, NameSize)).DefaultIfEmpty(0).Max();

    /// <summary>By how many degrees the names are turned: where they do not fit side by side, slanted if there is room for that.</summary>
    public double Turn => !IsCrowded || LongestName <= CategoryWidth - 4 ? 0 : CategoryWidth < 20 ? -90 : -45;

    /// <summary>Half the width of an interval's cap; 0 for none.</summary>
    public double Cap => BarWidth < 14 ? Math.Max(0, (int)(BarWidth / 2 - 1)) : 5;

    public double IntervalWidth => BarWidth < 8 ? 1 : 1.6;
}

using System.Globalization;

namespace IntraDistill;

/// <summary>The colours of a heat map's values, and the colour of a number printed on one.</summary>
internal sealed class HeatScale
{
    /// <summary>
    /// ColorBrewer's YlGnBu in seven stops: about even to the eye, safe for the colour-blind, and over most of its length a good
    /// ground for dark numbers, which Cividis with its middle greys is not.
    /// </summary>
    private static readonly (double At, string Color)[] s_sequential =
    [
        (0, "#ffffcc"), (1 / 6.0, "#c7e9b4"), (2 / 6.0, "#7fcdbb"), (3 / 6.0, "#41b6c4"), (4 / 6.0, "#1d91c0"),
        (5 / 6.0, "#225ea8"), (1, "#0c2c84"),
    ];

    /// <summary>
    /// Blue below 0, orange above, equally dark at equal distances. Grey in the middle: white is what was not measured.
    /// </summary>
    private static readonly (double At, string Color)[] s_diverging =
        [(0, "#1f5a96"), (0.25, "#82b3dc"), (0.5, "#f4f4f4"), (0.75, "#f0a868"), (1, "#a34a00")];

    /// <summary>A scale for values.</summary>
    /// <param name="values">The values; those that are not finite do not count.</param>
    /// <param name="diverging">Whether 0 is in the middle of it.</param>
    public HeatScale(IEnumerable<double> values, bool diverging)
    {
        double[] finite = [.. values.Where(double.IsFinite).DefaultIfEmpty(0)];
        (Low, High) = diverging ? (-finite.Max(Math.Abs), finite.Max(Math.Abs)) : (finite.Min(), finite.Max());
        if (Low == High)
            (Low, High) = (Low - 1, High + 1);
        Stops = diverging ? s_diverging : s_sequential;
    }

    /// <summary>The value at the scale's lower end.</summary>
    public double Low { get; }

    /// <summary>The value at the scale's upper end.</summary>
    public double High { get; }

    /// <summary>Places on the scale (0–1) and their colours (<c>#rrggbb</c>); straight between them.</summary>
    public IReadOnlyList<(double At, string Color)> Stops { get; }

    /// <summary>The colour of text on a value's colour: of white and ink the one that stands out more (WCAG).</summary>
    public string TextOn(double value)
    {
        double ground = Luminance(Mix(Stops, (value - Low) / (High - Low)));
        return 1.05 / (ground + 0.05) > (ground + 0.05) / (Luminance(PlotlyFigure.Ink) + 0.05) ? "#ffffff" : PlotlyFigure.Ink;
    }

    /// <summary>The colour at a place on a scale, clamped to its ends.</summary>
    /// <param name="stops">The scale.</param>
    /// <param name="at">The place, 0–1.</param>
    public static string Mix(IReadOnlyList<(double At, string Color)> stops, double at)
    {
        int next = 1;
        while (next < stops.Count - 1 && stops[next].At < at)
            next++;
        (double from, double to) = (stops[next - 1].At, stops[next].At);
        double part = Math.Clamp((at - from) / (to - from), 0, 1);
        int[] a = Channels(stops[next - 1].Color), b = Channels(stops[next].Color);
        return "#" + string.Concat(a.Zip(b, (x, y) =>
            ((int)Math.Round(x + part * (y - x))).ToString("x2", CultureInfo.InvariantCulture)));
    }

    private static int[] Channels(string color)
    {
        int rgb = Convert.ToInt32(color[1..], 16);
        return [rgb >> 16, rgb >> 8 & 255, rgb & 255];
    }

    private static double Luminance(string color)
    {
        double[] linear = [.. Channels(color).Select(c => c / 255.0)
            .Select(c => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4))];
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    }
}

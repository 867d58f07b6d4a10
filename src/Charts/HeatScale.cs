namespace IntraDistill;

/// <summary>The colours of a heat map's values, from the least finite one to the most; of diverging ones with 0 in the middle.</summary>
internal sealed class HeatScale
{
    // ColorBrewer's YlGnBu in seven stops: about even to the eye, safe for the colour-blind, and over most of its length a good
    // ground for dark numbers, which Cividis with its middle greys is not.
    private static readonly (double At, string Color)[] s_sequential =
    [
        (0, "#ffffcc"), (1 / 6.0, "#c7e9b4"), (2 / 6.0, "#7fcdbb"), (3 / 6.0, "#41b6c4"), (4 / 6.0, "#1d91c0"),
        (5 / 6.0, "#225ea8"), (1, "#0c2c84"),
    ];

    // Blue below 0, orange above, equally dark at equal distances. Grey in the middle: white is what was not measured.
    private static readonly (double At, string Color)[] s_diverging =
        [(0, "#1f5a96"), (0.25, "#82b3dc"), (0.5, "#f4f4f4"), (0.75, "#f0a868"), (1, "#a34a00")];

    public HeatScale(IEnumerable<double> values, bool diverging)
    {
        double[] finite = [.. values.Where(double.IsFinite).DefaultIfEmpty(0)];
        (Low, High) = diverging ? (-finite.Max(Math.Abs), finite.Max(Math.Abs)) : (finite.Min(), finite.Max());
        if (Low == High)
            (Low, High) = (Low - 1, High + 1);
        IsDiverging = diverging;
    }

    public bool IsDiverging { get; }

    public double Low { get; }

    public double High { get; }

    /// <summary>Places on the scale (0–1) and their colours (<c>#rrggbb</c>); straight between them.</summary>
    public IReadOnlyList<(double At, string Color)> Stops => IsDiverging ? s_diverging : s_sequential;

    public string TextOn(double value) => PlotlyFigure.TextOn(Color(value));

    /// <summary>The colour of a value, clamped to the scale's ends; rounded to so many shades where that is asked for.</summary>
    public string Color(double value, int? shades = null)
    {
        double at = Math.Clamp((value - Low) / (High - Low), 0, 1);
        if (shades is { } count)
            at = Math.Round(at * (count - 1)) / (count - 1);
        int next = 1;
        while (Stops[next].At < at)
            next++;
        ((double from, string before), (double to, string after)) = (Stops[next - 1], Stops[next]);
        return "#" + Convert.ToHexStringLower([.. PlotlyFigure.Channels(before).Zip(PlotlyFigure.Channels(after),
            (a, b) => (byte)Math.Round(a + (at - from) / (to - from) * (b - a)))]);
    }
}

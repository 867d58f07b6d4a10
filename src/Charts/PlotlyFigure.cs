using System.Globalization;
using DynamicObj;
using Microsoft.FSharp.Collections;
using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Plotly.NET.TraceObjects;
using Property = (string Name, object? Value);

namespace IntraDistill;

/// <summary>The look that all charts share, and the parts they are built from: Plotly.NET's own objects, so that a notebook can go on
/// styling a chart with Plotly.NET. Properties that are null are left out.</summary>
internal static class PlotlyFigure
{
    // The colours of text, of lines that guide the eye, and of a grid.
    public const string Ink = "#2a2a2a", Grey = "#8a8a8a", GridColor = "#e8e8e8";

    public const string FontFamily = "'Segoe UI', 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif";

    /// <summary>The height of what lies between the axes, in pixels.</summary>
    public const double PlotHeight = 330;

    private const int TitleBand = 62, LegendRow = 22, AxisBand = 62;

    public static T Make<T>(params Property[] properties) where T : DynamicObj.DynamicObj, new() => Fill(new T(), properties);

    public static Trace NewTrace(string type, params Property[] properties) => Fill(new Trace(type), properties);

    public static T Fill<T>(T target, params Property[] properties) where T : DynamicObj.DynamicObj
    {
        foreach ((string name, object? value) in properties)
            if (value is not null)
                target.SetProperty(name, value);
        return target;
    }

    /// <summary>What ends the names of a subplot's axes, counted from 0: <c>xaxis</c>, <c>xaxis2</c> …</summary>
    public static string Subplot(int index) => index == 0 ? "" : $"{index + 1}";

    public static LinearAxis Axis(string title, params Property[] more) => Fill(Make<LinearAxis>(
        ("title", Make<Title>(("text", title), ("standoff", 10))), ("automargin", true), ("showline", true), ("linecolor", Grey),
        ("ticks", "outside"), ("tickcolor", Grey), ("gridcolor", GridColor), ("zeroline", false)), more);

    /// <summary>An axis as a chart describes it; a log axis labels its decades.</summary>
    public static LinearAxis Axis(ChartAxis axis) => Axis(axis.Title,
        ("type", axis.IsLog ? "log" : null), ("exponentformat", axis.IsLog ? "power" : null), ("dtick", axis.IsLog ? 1 : null),
        ("tickformat", axis.IsPart ? ".0%" : null), ("range", axis.IsPart ? new[] { 0, 1 } : null),
        ("rangemode", axis.FromZero ? "tozero" : null));

    /// <summary>The traces of a line: its band, if it has one, and then itself.</summary>
    public static IEnumerable<Trace> Traces(ChartLine line)
    {
        if (line.Band is { } band)
            yield return NewTrace("scatter", ("mode", "lines"), ("name", $"{line.Name}, range"), ("showlegend", false),
                ("legendgroup", line.Name), ("hoverinfo", "skip"),
                ("x", Numbers([.. line.X, .. line.X.Reverse()])), ("y", Numbers([.. band.High, .. band.Low.Reverse()])),
                ("fill", "toself"), ("fillcolor", Translucent(line.Color, ChartLine.BandOpacity)), ("line", Make<Line>(("width", 0))));
        yield return Fill(NewTrace("scatter", ("mode", line.Marker is null ? "lines" : "lines+markers"), ("name", line.Name),
            ("x", Numbers(line.X)), ("y", Numbers(line.Y)),
            ("line", Make<Line>(("color", line.Color), ("width", line.Width), ("dash", line.Dash),
                ("shape", line.IsSteps ? "hv" : null))),
            ("marker", line.Marker is null ? null : Make<Marker>(("size", 7), ("symbol", line.Marker))),
            ("fill", line.IsSteps ? "tozeroy" : null),
            ("fillcolor", line.IsSteps ? Translucent(line.Color, ChartLine.StepsOpacity) : null)), line.Live);
    }

    /// <summary>A chart: the title at the top left, the legend in as many rows as it needs below it, then the plot.</summary>
    public static GenericChart Compose(string title, IEnumerable<Trace> traces, params Property[] more)
    {
        FSharpList<Trace> list = ListModule.OfSeq(traces);
        double top = TitleBand + LegendRow * LegendRows(list);
        Layout layout = Make<Layout>(
            ("title", Make<Title>(("text", title), ("font", Make<Font>(("size", 17))),
                ("x", 0), ("xref", "paper"), ("xanchor", "left"),
                ("yref", "container"), ("y", 1), ("yanchor", "top"), ("pad", Make<Padding>(("t", 16))))),
            ("font", Make<Font>(("family", FontFamily), ("size", 13), ("color", Ink))),
            ("paper_bgcolor", "white"), ("plot_bgcolor", "white"),
            ("height", PlotHeight + top + AxisBand),
            ("margin", Make<Margin>(("l", 70), ("r", 24), ("t", top), ("b", AxisBand))),
            ("legend", Make<Legend>(("orientation", "h"), ("x", 0), ("xanchor", "left"), ("y", 1.01), ("yanchor", "bottom"),
                ("font", Make<Font>(("size", 13))))),
            ("hovermode", "closest"));
        Config config = Make<Config>(
            ("responsive", true), ("displaylogo", false), ("modeBarButtonsToRemove", new[] { "lasso2d", "select2d" }));
        return GenericChart.NewMultiChart(list, Fill(layout, more), config, DisplayOptions.initCDNOnly());
    }

    /// <summary>A chart made taller, with the room below its plot.</summary>
    public static GenericChart WithRoomBelow(GenericChart chart, int pixels)
    {
        Layout layout = GenericChart.getLayout(chart);
        layout.SetProperty("height", (double)layout.GetPropertyValue("height") + pixels);
        ((DynamicObj.DynamicObj)layout.GetPropertyValue("margin")).SetProperty("b", AxisBand + pixels);
        return chart;
    }

    // plotly.js wraps a legend by the width of its page; a notebook leaves it about 720 px. (On a narrower page the title
    // band has room for one row more.) All entries are as wide as the widest once they need more than a row.
    private static int LegendRows(IEnumerable<Trace> traces)
    {
        double[] widths = [.. traces
            .Where(trace => trace.TryGetPropertyValue("showlegend") is not { Value: false })
            .Where(trace => trace.TryGetPropertyValue("visible") is not { Value: false })
            .Select(trace => trace.TryGetPropertyValue("name")?.Value as string).OfType<string>().Select(name => 40 + 5.6 * name.Length)];
        return widths.Length < 2 ? 0
            : widths.Sum() <= 720 ? 1 : (int)Math.Ceiling(widths.Length / Math.Max(1, Math.Floor(720 / widths.Max())));
    }

    /// <summary>The title a chart was given; empty when it has none.</summary>
    public static string Title(GenericChart chart) =>
        (GenericChart.getLayout(chart).TryGetPropertyValue("title")?.Value as DynamicObj.DynamicObj)
            ?.TryGetPropertyValue("text")?.Value as string ?? "";

    public static double?[] Numbers(IEnumerable<double> values) => [.. values.Select(Number)];

    /// <summary>A number as it is written into a figure: five significant digits; null where it is none.</summary>
    public static double? Number(double value) => double.IsFinite(value)
        ? double.Parse(value.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : null;

    /// <summary>The colour of text on a ground (#rrggbb): of white and ink the one that stands out more (WCAG).</summary>
    public static string TextOn(string ground)
    {
        double luminance = Luminance(ground);
        return 1.05 / (luminance + 0.05) > (luminance + 0.05) / (Luminance(Ink) + 0.05) ? "#ffffff" : Ink;

        static double Luminance(string color)
        {
            double[] linear = [.. Channels(color).Select(c => c / 255.0)
                .Select(c => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4))];
            return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        }
    }

    /// <summary>Red, green and blue of a colour (#rrggbb), 0–255.</summary>
    public static int[] Channels(string color) => [.. Convert.FromHexString(color.AsSpan(1))];

    private static string Translucent(string color, double opacity) =>
        string.Create(CultureInfo.InvariantCulture, $"rgba({string.Join(',', Channels(color))},{opacity})");
}

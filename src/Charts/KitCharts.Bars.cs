using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Plotly.NET.TraceObjects;
using static IntraDistill.PlotlyFigure;

namespace IntraDistill;

// Bars, few and wide with their numbers, or many and narrow without.
public static partial class KitCharts
{
    private const double BarGap = 0.25, BarGroupGap = 0.06;

    /// <summary>
    /// Grouped bars, a group a category, with intervals. Bars too narrow for a number have none, and names of categories that do
    /// not fit side by side are then turned.
    /// </summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="xTitle">What the categories are.</param>
    /// <param name="yTitle">What the bars show, with its unit.</param>
    /// <param name="categories">The categories, left to right.</param>
    /// <param name="series">The arms.</param>
    /// <exception cref="IntraDistillException">No series, or one without a value for each category.</exception>
    public static GenericChart BarsWithIntervals(
        string title, string xTitle, string yTitle, IReadOnlyList<string> categories, IEnumerable<BarSeries> series)
    {
        BarSeries[] arms = NotEmpty(series);
        // In pixels, on a page as wide as a notebook's.
        double category = (StaticPicture.Width - 100) / Math.Max(1, categories.Count);
        double bar = category * (1 - BarGap) / arms.Length * (1 - BarGroupGap);
        bool isCrowded = bar < 28;   // three digits and a point do not fit

        Trace[] traces = [.. arms.Select((arm, i) =>
        {
            foreach (IReadOnlyList<double>? list in new[] { arm.Values, arm.Low, arm.High })
                if (list is not null && list.Count != categories.Count)
                    throw new IntraDistillException(
                        $"bars '{arm.Name}' have {list.Count} values; expected one for each of {categories.Count} categories");
            string color = Arms.Color(arm.Name, i);
            Error? intervals = arm.Low is null || arm.High is null ? null : Make<Error>(
                ("type", "data"), ("symmetric", false), ("color", "#333333"), ("thickness", bar < 8 ? 1 : 1.6),
                ("width", bar < 14 ? Math.Max(0, (int)(bar / 2 - 1)) : 5),
                ("array", Numbers(arm.High.Zip(arm.Values, (high, value) => high - value))),
                ("arrayminus", Numbers(arm.Values.Zip(arm.Low, (value, low) => value - low))));
            Trace trace = NewTrace("bar", ("name", arm.Name), ("x", categories), ("y", Numbers(arm.Values)),
                ("error_y", intervals), ("marker", Make<Marker>(("color", color))));
            return isCrowded ? trace : Fill(trace, ("texttemplate", "%{y:.3~g}"), ("textposition", "inside"),
                ("insidetextanchor", "start"), ("textangle", 0),
                ("insidetextfont", Make<Font>(("color", TextOn(color)), ("size", 13))));
        })];

        LinearAxis x = Axis(xTitle, ("type", "category")), y = Axis(yTitle, ("rangemode", "tozero"));
        // Between many short bars to both sides, zero is hard to see.
        if (isCrowded && arms.Any(arm => arm.Values.Any(value => value < 0)))
            Fill(y, ("zeroline", true), ("zerolinecolor", Grey), ("zerolinewidth", 1));
        if (isCrowded)
            Fill(x, ("showgrid", false));
        double size = category < 20 ? 11 : 13;
        double longest = categories.Select(name => SvgCanvas.Width(name, size)).DefaultIfEmpty(0).Max();
        bool turned = isCrowded && longest > category - 4;
        if (turned)   // slanted where there is room for it
            Fill(x, ("tickangle", category < 20 ? -90 : -45), ("tickfont", Make<Font>(("size", size))));
        GenericChart chart = Compose(
            title, traces, x, y, ("barmode", "group"), ("bargap", BarGap), ("bargroupgap", BarGroupGap));
        return turned ? WithRoomBelow(chart, (int)(category < 20 ? longest : 0.71 * longest)) : chart;
    }
}

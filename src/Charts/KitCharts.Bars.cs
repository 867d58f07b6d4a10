using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Plotly.NET.TraceObjects;
using static IntraDistill.PlotlyFigure;

namespace IntraDistill;

public static partial class KitCharts
{
    /// <summary>Grouped bars, a group a category, with intervals. Bars too narrow for a number have none, and names of categories that do
    /// not fit side by side are then turned.</summary>
    public static GenericChart BarsWithIntervals(
        string title, string xTitle, string yTitle, IReadOnlyList<string> categories, IEnumerable<BarSeries> series)
    {
        BarSeries[] arms = NotEmpty(series);
        foreach (BarSeries arm in arms)
            foreach (IReadOnlyList<double>? list in new[] { arm.Values, arm.Low, arm.High })
                if (list is not null && list.Count != categories.Count)
                    throw new IntraDistillException(
                        $"bars '{arm.Name}' have {list.Count} values; expected one for each of {categories.Count} categories");
        BarChart bars = new(xTitle, yTitle, categories, arms);

        IEnumerable<Trace> traces = arms.Select((arm, i) =>
        {
            string color = SeriesColors.Of(arm.Name, i);
            Error? intervals = arm.Low is null || arm.High is null ? null : Make<Error>(
                ("type", "data"), ("symmetric", false), ("color", BarChart.IntervalColor), ("thickness", bars.IntervalWidth),
                ("width", bars.Cap),
                ("array", Numbers(arm.High.Zip(arm.Values, (high, value) => high - value))),
                ("arrayminus", Numbers(arm.Values.Zip(arm.Low, (value, low) => value - low))));
            Trace trace = NewTrace("bar", ("name", arm.Name), ("x", categories), ("y", Numbers(arm.Values)),
                ("error_y", intervals), ("marker", Make<Marker>(("color", color))));
            return bars.IsCrowded ? trace : Fill(trace, ("texttemplate", "%{y:.3~g}"), ("textposition", "inside"),
                ("insidetextanchor", "start"), ("textangle", 0),
                ("insidetextfont", Make<Font>(("color", TextOn(color)), ("size", 13))));
        });

        LinearAxis x = Axis(xTitle, ("type", "category")), y = Axis(yTitle, ("rangemode", "tozero"));
        // Between many short bars to both sides, zero is hard to see.
        if (bars.IsCrowded && arms.Any(arm => arm.Values.Any(value => value < 0)))
            Fill(y, ("zeroline", true), ("zerolinecolor", Grey), ("zerolinewidth", 1));
        if (bars.IsCrowded)
            Fill(x, ("showgrid", false));
        if (bars.Turn != 0)
            Fill(x, ("tickangle", bars.Turn), ("tickfont", Make<Font>(("size", bars.NameSize))));
        GenericChart chart = Compose(title, traces, ("xaxis", x), ("yaxis", y),
            ("barmode", "group"), ("bargap", BarChart.Gap), ("bargroupgap", BarChart.GroupGap));
        if (bars.Turn != 0)
            WithRoomBelow(chart, (int)(bars.Turn == -90 ? bars.LongestName : 0.71 * bars.LongestName));
        return chart.WithPicture(now => BarPicture.Draw(now, bars));
    }
}

using System.Globalization;
using System.Text.Json;
using OxyPlot;
using OxyPlot.Axes;

namespace IntraDistill;

/// <summary>A figure's x and y axes as OxyPlot's, with the ranges that plotly.js would choose.</summary>
/// <param name="model">Where they go.</param>
/// <param name="layout">The figure's layout.</param>
/// <param name="traces">The figure's visible traces.</param>
/// <param name="categories">The names along the x axis of bars.</param>
internal sealed class PictureAxes(PlotModel model, JsonElement layout, JsonElement[] traces, string[] categories)
{
    // The part of the range that plotly.js leaves free at an end with data.
    private const double Free = 0.055;

    /// <summary>Adds an axis for each one that a trace uses.</summary>
    public void Build()
    {
        foreach (string name in traces.SelectMany(trace => new[] { Of(trace).X, Of(trace).Y }).Distinct())
            model.Axes.Add(Make(name, layout.At(name)));
    }

    /// <summary>The names in the layout of the two axes of a trace.</summary>
    public static (string X, string Y) Of(JsonElement trace) =>
        ($"xaxis{(trace.Text("xaxis") ?? "x")[1..]}", $"yaxis{(trace.Text("yaxis") ?? "y")[1..]}");

    private Axis Make(string name, JsonElement look)
    {
        bool isX = name[0] == 'x', isLog = look.Text("type") == "log", isCategory = isX && categories.Length > 0;
        (double low, double high) = Range(name, look, isX, isLog);
        Axis axis = isLog ? new DecadeAxis() : new LinearAxis();
        axis.Key = name;
        axis.Position = isX ? AxisPosition.Bottom : AxisPosition.Left;
        (axis.Minimum, axis.Maximum) = isLog ? (Math.Pow(10, low), Math.Pow(10, high)) : (low, high);
        (axis.MinimumPadding, axis.MaximumPadding) = (0, 0);
        axis.Title = FigureJson.Plain(look.Text("title", "text") ?? look.Text("title"));
        axis.AxisTitleDistance = 8;
        axis.TitleFontSize = 15;
        axis.IsAxisVisible = !look.IsFalse("visible");
        axis.IntervalLength = isX ? 60 : 45;
        axis.MinorTickSize = 0;
        axis.MajorTickSize = look.Text("ticks") == "outside" ? 5 : 0;
        axis.TicklineColor = StaticPicture.Color(look.Text("tickcolor"), OxyColors.Black);
        axis.AxislineStyle = look.At("showline").ValueKind is JsonValueKind.True ? LineStyle.Solid : LineStyle.None;
        axis.AxislineColor = StaticPicture.Color(look.Text("linecolor"), OxyColors.Black);
        axis.MajorGridlineStyle = look.IsFalse("showgrid") || isCategory ? LineStyle.None : LineStyle.Solid;
        axis.MajorGridlineColor = StaticPicture.Color(look.Text("gridcolor"), OxyColor.FromRgb(0xee, 0xee, 0xee));
        if (look.Numbers("domain") is [var start, var end])
            (axis.StartPosition, axis.EndPosition) = (start, end);
        if (isCategory)
            (axis.MajorStep, axis.Angle, axis.FontSize) =
                (1, look.Number("tickangle") ?? 0, look.Number("tickfont", "size") ?? StaticPicture.TextSize);
        axis.LabelFormatter = look.IsFalse("showticklabels") ? _ => ""
            : isCategory ? value => Category(value)
            : isLog ? Power
            : look.Text("tickformat") == ".0%" ? value => value.ToString("0%", CultureInfo.InvariantCulture).Replace(" ", "")
            : value => Math.Round(value, 10).ToString("G6", CultureInfo.InvariantCulture);
        return axis;
    }

    private (double Low, double High) Range(string name, JsonElement look, bool isX, bool isLog)
    {
        if (look.Numbers("range") is [var from, var to])
            return (from, to);
        if (isX && categories.Length > 0)
            return (-0.5, categories.Length - 0.5);

        JsonElement[] mine = [.. traces.Where(trace => (isX ? Of(trace).X : Of(trace).Y) == name)];
        IEnumerable<double> values = mine.SelectMany(trace => isX ? trace.Numbers("x")! : Heights(trace));
        double[] finite = [.. (isLog ? values.Where(value => value > 0).Select(Math.Log10) : values).Where(double.IsFinite)];
        if (finite.Length == 0)
            return (0, 1);
        double low = finite.Min(), high = finite.Max();
        bool fromZero = !isX && !isLog && (look.Text("rangemode") == "tozero"
            || mine.Any(trace => trace.Text("fill") == "tozeroy" || trace.Text("type") == "bar"));
        if (fromZero)
            (low, high) = (Math.Min(0, low), Math.Max(0, high));
        if (low == high)
            return (low - 1, high + 1);
        // Lines reach from edge to edge; points do not.
        double free = isX && !mine.Any(trace => trace.Text("mode")?.Contains("markers") == true) ? 0 : Free * (high - low);
        return (fromZero && low == 0 ? 0 : low - free, fromZero && high == 0 ? 0 : high + free);
    }

    private static IEnumerable<double> Heights(JsonElement trace)
    {
        double[] y = trace.Numbers("y")!;
        double[]? up = trace.Numbers("error_y", "array"), down = trace.Numbers("error_y", "arrayminus") ?? up;
        return up is null ? y
            : [.. y, .. y.Zip(up, (value, more) => value + more), .. y.Zip(down!, (value, less) => value - less)];
    }

    private string Category(double value)
    {
        int index = (int)Math.Round(value);
        bool isOne = Math.Abs(value - index) < 0.01 && index >= 0 && index < categories.Length;
        return isOne ? FigureJson.Plain(categories[index]) : "";
    }

    // 10⁻³; between the powers of ten, as on a short axis, the number itself.
    private static string Power(double value)
    {
        double exponent = Math.Floor(Math.Log10(value) + 1e-9), mantissa = value / Math.Pow(10, exponent);
        if (mantissa > 1.001 && value is > 0.001 and < 10_000)
            return value.ToString("G3", CultureInfo.InvariantCulture);
        string times = mantissa > 1.001 ? mantissa.ToString("0.##", CultureInfo.InvariantCulture) + "·" : "";
        return times + "10" + string.Concat(exponent.ToString("0", CultureInfo.InvariantCulture)
            .Select(c => c == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c - '0']));
    }

    /// <summary>A log axis that labels powers of ten only, unless it is too short to show two of them.</summary>
    private sealed class DecadeAxis : LogarithmicAxis
    {
        private const double Apart = 36;

        public override void GetTickValues(
            out IList<double> majorLabelValues, out IList<double> majorTickValues, out IList<double> minorTickValues)
        {
            double first = Math.Ceiling(Math.Log10(ActualMinimum) - 1e-9), last = Math.Floor(Math.Log10(ActualMaximum) + 1e-9);
            if (last - first < 1)
            {
                base.GetTickValues(out majorLabelValues, out majorTickValues, out minorTickValues);
                return;
            }
            double length = Math.Max(Math.Abs(ScreenMax.X - ScreenMin.X), Math.Abs(ScreenMax.Y - ScreenMin.Y));
            int step = (int)Math.Max(1, Math.Ceiling((last - first) * Apart / Math.Max(length, Apart)));
            majorLabelValues = majorTickValues =
                [.. Enumerable.Range(0, (int)(last - first) / step + 1).Select(i => Math.Pow(10, first + i * step))];
            minorTickValues = [];
        }
    }
}

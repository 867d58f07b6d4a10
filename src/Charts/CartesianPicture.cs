using System.Globalization;
using System.Text.Json;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace IntraDistill;

/// <summary>The lines, points and bars of a figure with x and y axes, as OxyPlot's series.</summary>
/// <param name="model">Where they go.</param>
/// <param name="layout">The figure's layout.</param>
/// <param name="traces">The figure's visible traces.</param>
internal sealed class CartesianPicture(PlotModel model, JsonElement layout, JsonElement[] traces)
{
    private readonly JsonElement[] _bars = [.. traces.Where(trace => trace.Text("type") == "bar")];

    /// <summary>Adds axes and series.</summary>
    public void Build()
    {
        string[] categories = [.. _bars.SelectMany(bar => bar.Texts("x")!).Distinct()];
        new PictureAxes(model, layout, traces, categories).Build();
        AddZeroLine();
        for (int i = 0, bars = 0; i < traces.Length; i++)
        {
            OxyColor color = StaticPicture.ColorOf(traces[i], i);
            if (traces[i].Text("type") == "bar")
                AddBars(traces[i], bars++, color, categories);
            else
                AddLine(traces[i], color);
        }
    }

    // Where it is asked for: the line at 0 that bars to both sides stand on.
    private void AddZeroLine()
    {
        foreach (string y in _bars.Select(bar => PictureAxes.Of(bar).Y).Distinct())
            if (layout.At(y, "zeroline").ValueKind is JsonValueKind.True)
                model.Annotations.Add(new LineAnnotation
                {
                    Type = LineAnnotationType.Horizontal, Y = 0, YAxisKey = y, LineStyle = LineStyle.Solid,
                    StrokeThickness = layout.Number(y, "zerolinewidth") ?? 1, Layer = AnnotationLayer.BelowSeries,
                    Color = StaticPicture.Color(layout.Text(y, "zerolinecolor"), OxyColors.Gray),
                });
    }

    /// <summary>How plotly.js dashes a line, in multiples of its width; null for no dashes.</summary>
    public static double[]? Dashes(JsonElement trace)
    {
        double width = trace.Number("line", "width") ?? 2, unit = Math.Max(width, 3) / width;
        return trace.Text("line", "dash") switch
        {
            "dot" => [unit, unit],
            "dash" => [3 * unit, 3 * unit],
            "longdash" => [5 * unit, 5 * unit],
            "dashdot" => [3 * unit, unit, unit, unit],
            "longdashdot" => [5 * unit, 2 * unit, unit, 2 * unit],
            _ => null,
        };
    }

    private void AddLine(JsonElement trace, OxyColor color)
    {
        (string x, string y) = PictureAxes.Of(trace);
        DataPoint[] points = [.. trace.Numbers("x")!.Zip(trace.Numbers("y")!, (a, b) => new DataPoint(a, b))];
        bool log = layout.Text(y, "type") == "log";
        if (log)
            points = [.. points.Select(point => point.Y > 0 ? point : DataPoint.Undefined)];
        if (trace.Text("line", "shape") == "hv")
            points = [.. Steps(points)];

        if (trace.Text("fill") is "tozeroy" or "toself")
            foreach (DataPoint[] run in Runs(points))
            {
                var area = new PolygonAnnotation
                {
                    Layer = AnnotationLayer.BelowSeries, Fill = StaticPicture.Color(trace.Text("fillcolor"), color),
                    StrokeThickness = 0, XAxisKey = x, YAxisKey = y, MinimumSegmentLength = 0,
                };
                area.Points.AddRange(run);
                double ground = log ? model.GetAxis(y).Minimum : 0;
                if (trace.Text("fill") == "tozeroy")
                    area.Points.AddRange([new DataPoint(run[^1].X, ground), new DataPoint(run[0].X, ground)]);
                model.Annotations.Add(area);
            }

        double width = trace.Number("line", "width") ?? 2;
        if (trace.Text("mode")!.Contains("lines") && width > 0)
        {
            var line = new LineSeries
            {
                XAxisKey = x, YAxisKey = y, Color = color, StrokeThickness = width, LineJoin = LineJoin.Round,
                Dashes = Dashes(trace), MinimumSegmentLength = 0,
            };
            line.Points.AddRange(points);
            model.Series.Add(line);
        }
        if (trace.Text("mode")!.Contains("markers"))
            foreach (MarkerLook look in MarkerLook.Of(trace, color))
            {
                var scatter = new ScatterSeries
                {
                    XAxisKey = x, YAxisKey = y, MarkerType = look.Type, MarkerOutline = look.Outline, MarkerSize = look.Size,
                    MarkerFill = look.Fill, MarkerStroke = look.Stroke, MarkerStrokeThickness = look.Thickness,
                };
                scatter.Points.AddRange(
                    points.Where(point => point.IsDefined()).Select(point => new ScatterPoint(point.X, point.Y)));
                model.Series.Add(scatter);
            }
    }

    private void AddBars(JsonElement trace, int place, OxyColor color, string[] categories)
    {
        (string x, string y) = PictureAxes.Of(trace);
        double[] values = trace.Numbers("y")!;
        double slot = (1 - (layout.Number("bargap") ?? 0.2)) / _bars.Length;
        double half = slot * (1 - (layout.Number("bargroupgap") ?? 0)) / 2;
        double offset = slot * (place - (_bars.Length - 1) / 2.0);

        var bars = new RectangleBarSeries { XAxisKey = x, YAxisKey = y, FillColor = color, StrokeThickness = 0 };
        var whiskers = new LineSeries
        {
            XAxisKey = x, YAxisKey = y, StrokeThickness = trace.Number("error_y", "thickness") ?? 2, MinimumSegmentLength = 0,
            Color = StaticPicture.Color(trace.Text("error_y", "color"), OxyColors.Black),
        };
        double pixels = (StaticPicture.Width - 100) / categories.Length;   // of one category
        double cap = (trace.Number("error_y", "width") ?? 4) / pixels;
        double[]? up = trace.Numbers("error_y", "array"), down = trace.Numbers("error_y", "arrayminus") ?? up;
        for (int i = 0; i < values.Length; i++)
        {
            double middle = Array.IndexOf(categories, trace.Texts("x")![i]) + offset;
            if (!double.IsFinite(values[i]))
                continue;
            bars.Items.Add(new RectangleBarItem(middle - half, 0, middle + half, values[i]));
            AddValue(trace, middle, values[i], 2 * half * pixels);
            if (up is null || !double.IsFinite(up[i]) || !double.IsFinite(down![i]))
                continue;
            double low = values[i] - down[i], high = values[i] + up[i];
            whiskers.Points.AddRange([new(middle, low), new(middle, high), DataPoint.Undefined]);
            if (cap > 0)
                whiskers.Points.AddRange([
                    new(middle - cap, low), new(middle + cap, low), DataPoint.Undefined,
                    new(middle - cap, high), new(middle + cap, high), DataPoint.Undefined]);
        }
        model.Series.Add(bars);
        model.Series.Add(whiskers);
    }

    // The value at the foot of its bar, where there is room for it.
    private void AddValue(JsonElement trace, double x, double value, double width)
    {
        if (trace.Text("texttemplate") != "%{y:.3~g}")
            return;
        string text = value.ToString("G3", CultureInfo.InvariantCulture);
        double size = trace.Number("insidetextfont", "size") ?? 13;
        double highest = _bars.SelectMany(bar => bar.Numbers("y")!).Where(double.IsFinite).Max(Math.Abs);
        if (SvgCanvas.Width(text, size) > width - 4 || Math.Abs(value) < 0.08 * highest)
            return;
        model.Annotations.Add(new TextAnnotation
        {
            Text = text, TextPosition = new DataPoint(x, 0), FontSize = size, StrokeThickness = 0, Padding = new OxyThickness(0),
            TextColor = StaticPicture.Color(trace.Text("insidetextfont", "color"), OxyColors.White),
            TextVerticalAlignment = value < 0 ? VerticalAlignment.Top : VerticalAlignment.Bottom,
            Offset = new ScreenVector(0, value < 0 ? 4 : -4), Layer = AnnotationLayer.AboveSeries,
            XAxisKey = PictureAxes.Of(trace).X, YAxisKey = PictureAxes.Of(trace).Y,
        });
    }

    // Along, then up or down: plotly.js's shape "hv".
    private static IEnumerable<DataPoint> Steps(DataPoint[] points)
    {
        for (int i = 0; i < points.Length; i++)
        {
            if (i > 0 && points[i].IsDefined() && points[i - 1].IsDefined())
                yield return new DataPoint(points[i].X, points[i - 1].Y);
            yield return points[i];
        }
    }

    // The parts of a line between its gaps.
    private static IEnumerable<DataPoint[]> Runs(DataPoint[] points)
    {
        var run = new List<DataPoint>();
        foreach (DataPoint point in points.Append(DataPoint.Undefined))
        {
            if (point.IsDefined())
                run.Add(point);
            else if (run.Count > 1)
                yield return [.. run];
            if (!point.IsDefined())
                run.Clear();
        }
    }
}

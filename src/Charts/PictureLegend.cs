using System.Text.Json;
using OxyPlot;

namespace IntraDistill;

/// <summary>The names of a figure's traces with a sample of each, in rows above the plot.</summary>
internal sealed class PictureLegend
{
    private const double RowHeight = 20, LineLength = 28, Gap = 6;

    private readonly List<(JsonElement Trace, string Name, OxyColor Color, double X, int Row)> _entries = [];

    /// <summary>Lays the names out.</summary>
    /// <param name="layout">The figure's layout.</param>
    /// <param name="traces">The figure's visible traces.</param>
    public PictureLegend(JsonElement layout, JsonElement[] traces)
    {
        if (layout.IsFalse("showlegend") || traces.Length < 2)
            return;
        double x = 0;
        int row = 0;
        for (int i = 0; i < traces.Length; i++)
        {
            if (traces[i].IsFalse("showlegend") || !traces[i].Has("name"))
                continue;
            string name = FigureJson.Plain(traces[i].Text("name"));
            double width = SampleWidth(traces[i]) + Gap + SvgCanvas.Width(name, StaticPicture.TextSize) + 16;
            if (x > 0 && x + width > StaticPicture.Width - 70)
                (x, row) = (0, row + 1);
            _entries.Add((traces[i], name, StaticPicture.ColorOf(traces[i], i), x, row));
            x += width;
        }
    }

    /// <summary>The room it needs, in pixels.</summary>
    public double Height => _entries.Count == 0 ? 0 : RowHeight * (_entries[^1].Row + 1) + 4;

    /// <summary>Draws it.</summary>
    public void Draw(SvgCanvas canvas, double left, double top)
    {
        foreach ((JsonElement trace, string name, OxyColor color, double x, int row) in _entries)
        {
            double middle = top + RowHeight * row + 10;
            DrawSample(canvas, trace, color, left + x, middle);
            StaticPicture.Write(
                canvas, name, left + x + SampleWidth(trace) + Gap, middle + 5, StaticPicture.TextSize);
        }
    }

    private static double SampleWidth(JsonElement trace) =>
        trace.Text("type") == "bar" ? 12 : trace.Text("mode")!.Contains("lines") ? LineLength : 14;

    private static void DrawSample(SvgCanvas canvas, JsonElement trace, OxyColor color, double x, double y)
    {
        const EdgeRenderingMode mode = EdgeRenderingMode.Automatic;
        if (trace.Text("type") == "bar")
        {
            canvas.DrawRectangle(new OxyRect(x, y - 6, 12, 12), color, OxyColors.Undefined, 0, mode);
            return;
        }
        if (trace.Text("fill") is "tozeroy" or "toself")
            canvas.DrawRectangle(new OxyRect(x, y, LineLength, 6), StaticPicture.Color(trace.Text("fillcolor"), color),
                OxyColors.Undefined, 0, mode);
        if (trace.Text("mode")!.Contains("lines"))
            canvas.DrawLine([new(x, y), new(x + LineLength, y)], color, trace.Number("line", "width") ?? 2, mode,
                CartesianPicture.Dashes(trace)!, LineJoin.Miter);
        if (trace.Text("mode")!.Contains("markers"))
            foreach (MarkerLook look in MarkerLook.Of(trace, color, largest: 7))
                canvas.DrawMarker(new ScreenPoint(x + SampleWidth(trace) / 2, y), look.Type, look.Outline, look.Size,
                    look.Fill, look.Stroke, look.Thickness, mode);
    }
}

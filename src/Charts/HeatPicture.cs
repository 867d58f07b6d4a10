using System.Globalization;
using System.Text.Json;
using OxyPlot;

namespace IntraDistill;

/// <summary>
/// A heat map as <see cref="KitCharts.HeatMap"/> makes it, drawn where its layout puts it: everything in it has its place in
/// pixels, so OxyPlot's axes are not needed.
/// </summary>
/// <param name="canvas">Where it goes.</param>
/// <param name="layout">The figure's layout.</param>
/// <param name="traces">The figure's visible traces.</param>
internal sealed class HeatPicture(SvgCanvas canvas, JsonElement layout, JsonElement[] traces)
{
    private const int Shades = 64;
    private const double BarTop = 66, BarHeight = 12;

    private readonly double _left = layout.Number("margin", "l") ?? 0, _top = layout.Number("margin", "t") ?? 0;
    private readonly double _right = StaticPicture.Width - (layout.Number("margin", "r") ?? 0);
    private readonly double _height = (layout.Number("height") ?? 0) - (layout.Number("margin", "t") ?? 0)
        - (layout.Number("margin", "b") ?? 0);

    /// <summary>Why there is no picture of a figure with a heat map; null where there is one.</summary>
    public static string? WhyNot(JsonElement layout, JsonElement[] traces)
    {
        if (layout.Number("height") is null || layout.Number("margin", "l") is null)
            return "its heat map has no place in pixels";
        if (traces.Any(trace => trace.Text("type") is not ("heatmap" or "scatter")))
            return "it mixes a heat map with something else";
        if (traces.Where(trace => trace.Text("type") == "heatmap").Any(IsOddMap))
            return "a heat map with another scale or other places";
        if (traces.Where(trace => trace.Text("type") == "scatter").Any(IsOddText))
            return "a heat map under something else than numbers";
        if (traces.SelectMany(trace => new[] { PictureAxes.Of(trace).X, PictureAxes.Of(trace).Y })
            .Any(axis => IsOddAxis(layout.At(axis))))
            return "a heat map whose axes are not names";
        if (layout.Items("annotations").Any(note => note.Text("yref") != "paper" || note.Text("yanchor") != "bottom"
            || !layout.Has(AxisOf(note)) || !note.IsFalse("showarrow") || note.Number("textangle") is not (0 or -90)))
            return "a heat map with annotations other than its groups";
        return layout.Items("shapes").Any(
            shape => shape.Text("type") != "line" || shape.Text("yref") != "paper" || !layout.Has(AxisOf(shape)))
            ? "a heat map with shapes other than lines" : null;
    }

    /// <summary>Draws all but the title.</summary>
    /// <returns>How high it is, in pixels.</returns>
    public double Draw()
    {
        JsonElement[] maps = [.. traces.Where(trace => trace.Text("type") == "heatmap")];
        foreach (JsonElement map in maps)
        {
            DrawCells(map);
            DrawNames(map);
        }
        foreach (JsonElement numbers in traces.Where(trace => trace.Text("type") == "scatter"))
            DrawNumbers(numbers);
        foreach (JsonElement line in layout.Items("shapes"))
            canvas.DrawLine(
                [new(X(AxisOf(line), line.Number("x0") ?? 0), Paper(line.Number("y0") ?? 0)),
                 new(X(AxisOf(line), line.Number("x1") ?? 0), Paper(line.Number("y1") ?? 0))],
                StaticPicture.Color(line.Text("line", "color"), OxyColors.Black), line.Number("line", "width") ?? 2,
                EdgeRenderingMode.Automatic, null!, LineJoin.Miter);
        foreach (JsonElement note in layout.Items("annotations"))
        {
            bool upright = note.Number("textangle") == -90;
            Write(note.Text("text"), X(AxisOf(note), note.Number("x") ?? 0), Paper(note.Number("y") ?? 0),
                note.Number("font", "size"), upright ? -90 : 0, upright ? HorizontalAlignment.Left : HorizontalAlignment.Center,
                upright ? VerticalAlignment.Middle : VerticalAlignment.Bottom);
        }
        DrawColorBar(maps[0]);
        return layout.Number("height")!.Value;
    }

    private void DrawCells(JsonElement map)
    {
        (string x, string y) = PictureAxes.Of(map);
        (double low, double high) = (map.Number("zmin")!.Value, map.Number("zmax")!.Value);
        JsonElement[] rows = map.Items("z");
        // Cells of one colour are one path: a quarter of the bytes.
        var cells = new SortedDictionary<int, List<OxyRect>>();
        for (int row = 0; row < rows.Length; row++)
        {
            double[] values = rows[row].Numbers()!;
            for (int column = 0; column < values.Length; column++)
            {
                if (!double.IsFinite(values[column]))
                    continue;
                int shade = (int)Math.Round(Math.Clamp((values[column] - low) / (high - low), 0, 1) * (Shades - 1));
                if (!cells.TryGetValue(shade, out List<OxyRect>? same))
                    cells.Add(shade, same = []);
                same.Add(new OxyRect(new ScreenPoint(X(x, column - 0.5) + 0.5, Y(y, row - 0.5) + 0.5),
                    new ScreenPoint(X(x, column + 0.5) - 0.5, Y(y, row + 0.5) - 0.5)));
            }
        }
        foreach ((int shade, List<OxyRect> same) in cells)
            canvas.DrawRectangles(same, Shade(map, shade), OxyColors.Undefined, 0, EdgeRenderingMode.Automatic);
    }

    private void DrawNames(JsonElement map)
    {
        (string x, string y) = PictureAxes.Of(map);
        JsonElement across = layout.At(x), down = layout.At(y);
        double bottom = Y(y, map.Items("z").Length - 0.5), angle = across.Number("tickangle") ?? 0;
        foreach ((double at, string name) in Names(across))
            Write(name, X(x, at), bottom + 5, across.Number("tickfont", "size"), angle,
                angle == 0 ? HorizontalAlignment.Center : HorizontalAlignment.Right, VerticalAlignment.Top);
        foreach ((double at, string name) in Names(down))
            Write(name, _left - 6, Y(y, at), null, 0, HorizontalAlignment.Right, VerticalAlignment.Middle);
        Write(across.Text("title", "text"), (_left + _right) / 2, (layout.Number("height") ?? 0) - 10, 15, 0,
            HorizontalAlignment.Center, VerticalAlignment.Bottom);
        Write(down.Text("title", "text"), 16, (Y(y, -0.5) + bottom) / 2, 15, -90,
            HorizontalAlignment.Center, VerticalAlignment.Middle);
    }

    private void DrawNumbers(JsonElement numbers)
    {
        (string x, string y) = PictureAxes.Of(numbers);
        double[] across = numbers.Numbers("x")!, down = numbers.Numbers("y")!;
        string[] texts = numbers.Texts("text")!;
        double size = numbers.Number("textfont", "size") ?? StaticPicture.TextSize;
        OxyColor color = StaticPicture.Color(numbers.Text("textfont", "color"), OxyColors.Black);
        canvas.DrawCentred(texts.Select((text, i) => (new ScreenPoint(X(x, across[i]), Y(y, down[i])), text)), color, size);
    }

    private void DrawColorBar(JsonElement map)
    {
        double length = map.Number("colorbar", "len") ?? 200, step = length / Shades;
        for (int shade = 0; shade < Shades; shade++)   // to the end each, one over the other: no seams
            canvas.DrawRectangle(new OxyRect(_left + shade * step, BarTop, length - shade * step, BarHeight),
                Shade(map, shade), OxyColors.Undefined, 0, EdgeRenderingMode.Automatic);
        (double low, double high) = (map.Number("zmin")!.Value, map.Number("zmax")!.Value);
        double apart = NiceStep((high - low) / 5);
        for (double tick = Math.Ceiling(low / apart - 1e-9) * apart; tick <= high + 1e-9 * apart; tick += apart)
            Write(Math.Round(tick, 10).ToString("G6", CultureInfo.InvariantCulture).Replace('-', '−'),
                _left + (tick - low) / (high - low) * length, BarTop + BarHeight + 3, 12, 0,
                HorizontalAlignment.Center, VerticalAlignment.Top);
        Write(map.Text("colorbar", "title", "text"), _left + length / 2, BarTop - 4, null, 0,
            HorizontalAlignment.Center, VerticalAlignment.Bottom);
    }

    private void Write(string? text, double x, double y, double? size, double angle, HorizontalAlignment across,
        VerticalAlignment along) => canvas.DrawText(new ScreenPoint(x, y), FigureJson.Plain(text), StaticPicture.Ink, "",
            size ?? StaticPicture.TextSize, 400, angle, across, along, null);

    private double X(string axis, double value) =>
        layout.Numbers(axis, "range") is [var from, var to] ? _left + (value - from) / (to - from) * (_right - _left) : _left;

    // The lower end of an axis's range is at the start of its domain.
    private double Y(string axis, double value)
    {
        (double start, double end) = layout.Numbers(axis, "domain") is [var a, var b] ? (a, b) : (0, 1);
        return layout.Numbers(axis, "range") is [var from, var to]
            ? Paper(start + (value - from) / (to - from) * (end - start)) : _top;
    }

    // A height in parts of the plot, upwards.
    private double Paper(double up) => _top + (1 - up) * _height;

    private static string AxisOf(JsonElement placed) => $"xaxis{(placed.Text("xref") is ['x', .. var number] ? number : "?")}";

    private static IEnumerable<(double At, string Name)> Names(JsonElement axis) =>
        axis.Numbers("tickvals")!.Zip(axis.Texts("ticktext")!);

    private static OxyColor Shade(JsonElement map, int shade) => StaticPicture.Color(
        HeatScale.Mix(Stops(map)!, shade / (Shades - 1.0)), OxyColors.White);

    private static (double, string)[]? Stops(JsonElement map)
    {
        JsonElement[] stops = map.Items("colorscale");
        bool known = stops.Length > 1 && stops.All(stop => stop.Items() is [var at, var color]
            && at.ValueKind is JsonValueKind.Number && color.ValueKind is JsonValueKind.String
            && color.GetString() is ['#', _, _, _, _, _, _]);
        return known ? [.. stops.Select(stop => (stop[0].GetDouble(), stop[1].GetString()!))] : null;
    }

    private static bool IsOddMap(JsonElement map)
    {
        double[]?[] rows = [.. map.Items("z").Select(row => row.Numbers())];
        return rows.Length == 0 || rows.Any(row => row is null || row.Length != rows[0]!.Length)
            || !(map.Number("zmin") < map.Number("zmax")) || Stops(map) is null
            || new[] { "x", "y", "x0", "y0", "dx", "dy", "transpose", "zsmooth", "texttemplate", "coloraxis", "reversescale" }
                .Any(name => map.Has(name));
    }

    private static bool IsOddText(JsonElement numbers) => numbers.Text("mode") != "text"
        || numbers.Numbers("x") is not { } x || numbers.Numbers("y") is not { } y || numbers.Texts("text") is not { } texts
        || x.Length != texts.Length || y.Length != texts.Length || numbers.Has("textposition");

    private static bool IsOddAxis(JsonElement axis) => axis.Numbers("range") is not [_, _]
        || axis.Numbers("tickvals") is not { } places || axis.Texts("ticktext")?.Length != places.Length
        || axis.Text("side") is "top" or "right" || axis.Has("overlaying");

    private static double NiceStep(double least)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return power * new[] { 1, 2, 5, 10 }.First(times => times * power >= least * (1 - 1e-9));
    }
}

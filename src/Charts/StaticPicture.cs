using System.Text.Json;
using OxyPlot;
using OxyPlot.Axes;

namespace IntraDistill.Charts;

/// <summary>
/// A small picture of a Plotly figure, as SVG, for readers that run no script: GitHub's viewer, a printed page. It shows
/// what the figure shows before anyone touches it, drawn by OxyPlot in the figure's own colours.
/// </summary>
internal static class StaticPicture
{
    /// <summary>In pixels; a notebook's column is about as wide.</summary>
    public const double Width = 760;

    private const string FontFamily = "'Segoe UI','Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif";
    private const double TitleSize = 17, TextSize = 13, RowHeight = 20, Swatch = 28, Right = 24;
    private static readonly OxyColor s_ink = OxyColor.FromRgb(0x2a, 0x2a, 0x2a);

    /// <summary>Draws a figure; null where the picture would not show what the figure does.</summary>
    public static string? Draw(string figureJson)
    {
        using JsonDocument document = JsonDocument.Parse(figureJson);
        JsonElement figure = document.RootElement, layout = figure.At("layout");
        if (PictureCheck.WhyNot(figure) is not null)
            return null;

        JsonElement[] traces = [.. PictureCheck.Visible(figure)];
        string title = FigureJson.Plain(layout.Text("title", "text"));
        string caption = SliderCaption(layout);
        List<(JsonElement Trace, string Name, double X, int Row)> legend = Legend(layout, traces);
        int rows = legend.Count == 0 ? 0 : legend[^1].Row + 1;
        double top = (title.Length > 0 ? 44 : 14) + RowHeight * rows + (rows > 0 ? 4 : 0);
        double height = Math.Clamp(
            (layout.Number("height") ?? 450) - (layout.Number("margin", "t") ?? 100) - (layout.Number("margin", "b") ?? 80), 200, 600)
            + top + 56 + (caption.Length > 0 ? 26 : 0);

        var model = new PlotModel
        {
            DefaultFont = "sans-serif", DefaultFontSize = TextSize, TextColor = s_ink, Background = OxyColors.Undefined,
            PlotAreaBorderThickness = new OxyThickness(0), Culture = System.Globalization.CultureInfo.InvariantCulture,
            Padding = new OxyThickness(6, 0, 0, caption.Length > 0 ? 32 : 8),
            PlotMargins = new OxyThickness(double.NaN, top, Right, double.NaN),
        };
        if (traces[0].Text("type") == "scatterternary")
            TernaryPicture.Build(model, layout, traces, new OxyRect(0, top, Width, height - top));
        else
            new CartesianPicture(model, layout, traces).Build();

        var canvas = new SvgCanvas();
        IPlotModel plot = model;
        plot.Update(true);
        plot.Render(canvas, new OxyRect(0, 0, Width, height));
        if (model.GetLastPlotException() is { } error)
            throw error;

        double left = Math.Clamp(model.PlotArea.Left, 6, 70);
        Write(canvas, title, left, 33, TitleSize);
        foreach ((JsonElement trace, string name, double x, int row) in legend)
        {
            double y = top - RowHeight * (rows - row) + 6;
            DrawSwatch(canvas, trace, left + x, y);
            Write(canvas, name, left + x + SwatchWidth(trace) + 6, y + 5, TextSize);
        }
        Write(canvas, caption, left, height - 12, TextSize);
        return canvas.ToSvg(Width, Math.Round(height), title, FontFamily);
    }

    /// <summary>A line of text as SVG.</summary>
    public static string InWords(string text)
    {
        var canvas = new SvgCanvas();
        Write(canvas, text, 6, 22, TextSize);
        return canvas.ToSvg(Width, 34, text, FontFamily);
    }

    /// <summary>A colour as plotly.js reads it: <c>#rgb</c>, <c>#rrggbb</c>, <c>rgb(…)</c>, <c>rgba(…)</c> or a name.</summary>
    public static OxyColor Color(string? text, OxyColor otherwise)
    {
        if (text is null)
            return otherwise;
        if (text.StartsWith("rgb", StringComparison.Ordinal))
        {
            double[] parts = [.. text[(text.IndexOf('(') + 1)..].TrimEnd(')').Split(',')
                .Select(part => double.Parse(part, System.Globalization.CultureInfo.InvariantCulture))];
            byte alpha = (byte)Math.Round(255 * (parts.Length > 3 ? parts[3] : 1));
            return OxyColor.FromArgb(alpha, (byte)parts[0], (byte)parts[1], (byte)parts[2]);
        }
        if (text.StartsWith('#'))
            return text.Length == 4 ? OxyColor.Parse($"#{text[1]}{text[1]}{text[2]}{text[2]}{text[3]}{text[3]}") : OxyColor.Parse(text);
        System.Drawing.Color known = System.Drawing.Color.FromName(text);
        return known.IsKnownColor ? OxyColor.FromRgb(known.R, known.G, known.B) : otherwise;
    }

    /// <summary>The colour of a trace: its own, or the one plotly.js gives the trace in that place.</summary>
    public static OxyColor ColorOf(JsonElement trace, int index)
    {
        string own = trace.Text("line", "color") ?? trace.Text("marker", "color") ?? s_colorway[index % s_colorway.Length];
        return Color(trace.Text("type") == "scatter" && trace.Text("mode") != "markers" ? own : trace.Text("marker", "color") ?? own, s_ink);
    }

    private static readonly string[] s_colorway =
        ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"];

    private static List<(JsonElement, string, double, int)> Legend(JsonElement layout, JsonElement[] traces)
    {
        List<(JsonElement, string, double, int)> entries = [];
        if (layout.IsFalse("showlegend") || traces.Length < 2)
            return entries;
        double x = 0;
        int row = 0;
        foreach (JsonElement trace in traces.Where(trace => !trace.IsFalse("showlegend") && trace.Has("name")))
        {
            string name = FigureJson.Plain(trace.Text("name"));
            double width = SwatchWidth(trace) + 6 + SvgCanvas.Width(name, TextSize) + 16;
            if (x > 0 && x + width > Width - 70)
                (x, row) = (0, row + 1);
            entries.Add((trace, name, x, row));
            x += width;
        }
        return entries;
    }

    private static double SwatchWidth(JsonElement trace) =>
        trace.Text("type") == "bar" ? 12 : trace.Text("mode")!.Contains("lines") ? Swatch : 14;

    private static void DrawSwatch(SvgCanvas canvas, JsonElement trace, double x, double y)
    {
        OxyColor color = ColorOf(trace, 0);
        if (trace.Text("type") == "bar")
        {
            canvas.DrawRectangle(new OxyRect(x, y - 6, 12, 12), color, OxyColors.Undefined, 0, EdgeRenderingMode.Automatic);
            return;
        }
        if (trace.Text("fill") is "tozeroy" or "toself")
            canvas.DrawRectangle(new OxyRect(x, y, Swatch, 6), Color(trace.Text("fillcolor"), color), OxyColors.Undefined, 0, EdgeRenderingMode.Automatic);
        if (trace.Text("mode")!.Contains("lines"))
            canvas.DrawLine([new(x, y), new(x + Swatch, y)], color, trace.Number("line", "width") ?? 2, EdgeRenderingMode.Automatic,
                CartesianPicture.Dashes(trace)!, LineJoin.Miter);
        if (trace.Text("mode")!.Contains("markers"))
            foreach (MarkerLook look in MarkerLook.Of(trace, color, largest: 7))
                canvas.DrawMarker(new ScreenPoint(x + SwatchWidth(trace) / 2, y), look.Type, look.Outline, look.Size, look.Fill, look.Stroke,
                    look.Thickness, EdgeRenderingMode.Automatic);
    }

    // What a slider is set to; plotly.js writes it above the slider's track.
    private static string SliderCaption(JsonElement layout)
    {
        if (layout.Items("sliders") is not [var slider, ..] || slider.Items("steps") is not { Length: > 0 } steps)
            return "";
        int active = (int)(slider.Number("active") ?? 0);
        return FigureJson.Plain(slider.Text("currentvalue", "prefix") + steps[Math.Clamp(active, 0, steps.Length - 1)].Text("label"));
    }

    private static void Write(SvgCanvas canvas, string text, double x, double baseline, double size) =>
        canvas.DrawText(new ScreenPoint(x, baseline + 0.22 * size), text, s_ink, "", size, 400, 0, HorizontalAlignment.Left,
            VerticalAlignment.Bottom, null);
}

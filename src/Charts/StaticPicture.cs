using System.Text.Json;
using OxyPlot;
using OxyPlot.Axes;

namespace IntraDistill;

/// <summary>
/// A small picture of a Plotly figure, as SVG, for readers that run no script: GitHub's viewer, a printed page. It shows
/// what the figure shows before anyone touches it, drawn by OxyPlot in the figure's own colours.
/// </summary>
internal static class StaticPicture
{
    /// <summary>In pixels; a notebook's column is about as wide.</summary>
    public const double Width = 760;

    /// <summary>Of all text but titles, in pixels.</summary>
    public const double TextSize = 13;

    private const string FontFamily = "'Segoe UI','Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif";
    private const double TitleSize = 17, Right = 24;

    /// <summary>The colour of all text.</summary>
    public static readonly OxyColor Ink = OxyColor.FromRgb(0x2a, 0x2a, 0x2a);

    /// <summary>Draws a figure; null where the picture would not show what the figure does.</summary>
    public static string? Draw(string figureJson)
    {
        using JsonDocument document = JsonDocument.Parse(figureJson);
        JsonElement figure = document.RootElement, layout = figure.At("layout");
        if (PictureCheck.WhyNot(figure) is not null)
            return null;

        JsonElement[] traces = [.. PictureCheck.Visible(figure)];
        string title = FigureJson.Plain(layout.Text("title", "text"));
        if (traces.Any(trace => trace.Text("type") == "heatmap"))
        {
            var map = new SvgCanvas();
            double mapHeight = new HeatPicture(map, layout, traces).Draw();
            Write(map, title, Math.Clamp(layout.Number("margin", "l") ?? 0, 6, 70), 33, TitleSize);
            return map.ToSvg(Width, mapHeight, title, FontFamily);
        }

        string caption = SliderCaption(layout);
        var legend = new PictureLegend(layout, traces);
        double top = (title.Length > 0 ? 44 : 14) + legend.Height;
        double margins = (layout.Number("margin", "t") ?? 100) + (layout.Number("margin", "b") ?? 80);
        double height = Math.Clamp((layout.Number("height") ?? 450) - margins, 200, 600) + top + (caption.Length > 0 ? 82 : 56);
        if (layout.Number("xaxis", "tickangle") is < 0)   // the names of bars that stand upright or slant
            height += Math.Max(0, (layout.Number("margin", "b") ?? 0) - 62);

        var model = new PlotModel
        {
            DefaultFont = "sans-serif", DefaultFontSize = TextSize, TextColor = Ink, Background = OxyColors.Undefined,
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
        legend.Draw(canvas, left, top - legend.Height);
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
            return OxyColor.Parse(text.Length == 4 ? $"#{text[1]}{text[1]}{text[2]}{text[2]}{text[3]}{text[3]}" : text);
        System.Drawing.Color known = System.Drawing.Color.FromName(text);
        return known.IsKnownColor ? OxyColor.FromRgb(known.R, known.G, known.B) : otherwise;
    }

    /// <summary>The colour of a trace: its own, or the one plotly.js gives the trace in that place.</summary>
    public static OxyColor ColorOf(JsonElement trace, int index)
    {
        bool isLine = trace.Text("type") == "scatter" && trace.Text("mode") != "markers";
        string? line = trace.Text("line", "color"), marker = trace.Text("marker", "color");
        return Color((isLine ? line ?? marker : marker ?? line) ?? s_colorway[index % s_colorway.Length], Ink);
    }

    private static readonly string[] s_colorway =
        ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"];

    // What a slider is set to; plotly.js writes it above the slider's track.
    private static string SliderCaption(JsonElement layout)
    {
        if (layout.Items("sliders") is not [var slider, ..] || slider.Items("steps") is not { Length: > 0 } steps)
            return "";
        int active = (int)(slider.Number("active") ?? 0);
        string? label = steps[Math.Clamp(active, 0, steps.Length - 1)].Text("label");
        return FigureJson.Plain($"{slider.Text("currentvalue", "prefix")?.TrimEnd()} {label}");
    }

    /// <summary>Writes a line of text.</summary>
    public static void Write(SvgCanvas canvas, string text, double x, double baseline, double size) =>
        canvas.DrawText(new ScreenPoint(x, baseline + 0.22 * size), text, Ink, "", size, 400, 0, HorizontalAlignment.Left,
            VerticalAlignment.Bottom, null);
}

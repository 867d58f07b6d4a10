using System.Globalization;
using System.Net;
using System.Text;
using OxyPlot;

namespace IntraDistill;

/// <summary>
/// Draws for OxyPlot into a small SVG. OxyPlot's own exporter writes every point with four decimals and every style in
/// full, five to ten times as much; a notebook keeps the picture, so size counts here.
/// </summary>
internal sealed class SvgCanvas : ClippingRenderContext
{
    // In pixels: what a line may be off by when points are left out.
    private const double Tolerance = 0.2;

    private readonly StringBuilder _body = new();
    private OxyRect? _clip;
    private string? _lastStyle;   // of the path that ends the body, if one does

    /// <summary>The picture as one SVG element.</summary>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="title">Read out by screen readers.</param>
    /// <param name="fontFamily">Of all text.</param>
    public string ToSvg(double width, double height, string title, string fontFamily) =>
        $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{N(width)}\" height=\"{N(height)}\" " +
        $"viewBox=\"0 0 {N(width)} {N(height)}\" role=\"img\" font-family=\"{Escape(fontFamily)}\" fill=\"none\">" +
        $"<title>{Escape(title)}</title>" +
        $"<path fill=\"#fff\" d=\"M0 0h{N(width)}v{N(height)}H0z\"/>{_body}</svg>";

    /// <inheritdoc/>
    public override void DrawLine(IList<ScreenPoint> points, OxyColor stroke, double thickness, EdgeRenderingMode mode,
        double[] dashArray, LineJoin lineJoin)
    {
        if (stroke.IsVisible() && thickness > 0 && points.Count > 1)
            Path(points, Outline(points, close: false), $"{Stroke(stroke, thickness, dashArray)}{Join(lineJoin)}");
    }

    /// <inheritdoc/>
    public override void DrawLineSegments(IList<ScreenPoint> points, OxyColor stroke, double thickness, EdgeRenderingMode mode,
        double[] dashArray, LineJoin lineJoin)
    {
        if (!stroke.IsVisible() || thickness <= 0 || points.Count < 2)
            return;
        var path = new StringBuilder();
        for (int i = 0; i + 1 < points.Count; i += 2)
            path.Append($"M{P(points[i])}L{P(points[i + 1])}");
        Path(points, path.ToString(), Stroke(stroke, thickness, dashArray));
    }

    /// <inheritdoc/>
    public override void DrawPolygon(IList<ScreenPoint> points, OxyColor fill, OxyColor stroke, double thickness,
        EdgeRenderingMode mode, double[] dashArray, LineJoin lineJoin)
    {
        if (points.Count > 2)
            Path(points, Outline(points, close: true), $"{Fill(fill)}{Stroke(stroke, thickness, dashArray)}");
    }

    /// <inheritdoc/>
    public override void DrawRectangle(
        OxyRect rectangle, OxyColor fill, OxyColor stroke, double thickness, EdgeRenderingMode mode) =>
        Path([rectangle.TopLeft, rectangle.BottomRight],
            $"M{P(rectangle.TopLeft)}h{N(rectangle.Width)}v{N(rectangle.Height)}h{N(-rectangle.Width)}z",
            $"{Fill(fill)}{Stroke(stroke, thickness, null)}");

    /// <inheritdoc/>
    public override void DrawRectangles(
        IList<OxyRect> rectangles, OxyColor fill, OxyColor stroke, double thickness, EdgeRenderingMode mode)
    {
        if (rectangles.Count > 0)
            Path([.. rectangles.SelectMany(one => new[] { one.TopLeft, one.BottomRight })],
                string.Concat(rectangles.Select(one => $"M{P(one.TopLeft)}h{N(one.Width)}v{N(one.Height)}h{N(-one.Width)}z")),
                $"{Fill(fill)}{Stroke(stroke, thickness, null)}");
    }

    /// <inheritdoc/>
    public override void DrawEllipse(OxyRect extents, OxyColor fill, OxyColor stroke, double thickness, EdgeRenderingMode mode) =>
        Append($"<ellipse cx=\"{N(extents.Center.X)}\" cy=\"{N(extents.Center.Y)}\" rx=\"{N(extents.Width / 2)}\" " +
            $"ry=\"{N(extents.Height / 2)}\"{Fill(fill)}{Stroke(stroke, thickness, null)}/>");

    /// <inheritdoc/>
    public override void DrawEllipses(
        IList<OxyRect> extents, OxyColor fill, OxyColor stroke, double thickness, EdgeRenderingMode mode)
    {
        if (extents.Count < 2 || stroke.IsVisible() && thickness > 0 && stroke != fill || extents.Any(e => Math.Abs(e.Width - e.Height) > 0.01))
        {
            foreach (OxyRect one in extents)
                DrawEllipse(one, fill, stroke, thickness, mode);
            return;
        }
        // A line of no length with round caps is a disc: a dozen bytes each instead of sixty.
        string dots = string.Concat(extents.Select(e => $"M{P(e.Center)}h.01"));
        Append($"<path stroke-linecap=\"round\" d=\"{dots}\"{Stroke(fill, extents[0].Width, null)}/>");
    }

    /// <inheritdoc/>
    public override void DrawText(
        ScreenPoint p, string text, OxyColor fill, string fontFamily, double fontSize, double fontWeight, double rotate,
        HorizontalAlignment horizontalAlignment, VerticalAlignment verticalAlignment, OxySize? maxSize)
    {
        if (string.IsNullOrEmpty(text) || !fill.IsVisible())
            return;
        string anchor = horizontalAlignment switch
        {
            HorizontalAlignment.Center => " text-anchor=\"middle\"",
            HorizontalAlignment.Right => " text-anchor=\"end\"",
            _ => "",
        };
        double down = fontSize * verticalAlignment switch
        {
            VerticalAlignment.Top => 0.85,
            VerticalAlignment.Middle => 0.35,
            _ => -0.22,
        };
        string place = rotate == 0
            ? $"x=\"{N(p.X)}\" y=\"{N(p.Y + down)}\""
            : $"transform=\"translate({P(p)}) rotate({N(rotate)})\" y=\"{N(down)}\"";
        string weight = fontWeight > 500 ? " font-weight=\"bold\"" : "";
        Append($"<text {place} font-size=\"{N(fontSize)}\"{weight}{anchor}{Fill(fill)}>{Escape(text)}</text>");
    }

    /// <summary>Draws short texts of one look, each in the middle of its place; the look is written once.</summary>
    public void DrawCentred(IEnumerable<(ScreenPoint At, string Text)> texts, OxyColor fill, double fontSize) =>
        Append($"<g font-size=\"{N(fontSize)}\" text-anchor=\"middle\"{Fill(fill)}>" + string.Concat(texts.Select(one =>
            $"<text x=\"{N(one.At.X)}\" y=\"{N(one.At.Y + 0.35 * fontSize)}\">{Escape(one.Text)}</text>")) + "</g>");

    /// <inheritdoc/>
    public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight) =>
        string.IsNullOrEmpty(text) ? OxySize.Empty : new OxySize(Width(text, fontSize), fontSize * 1.2);

    /// <summary>About how wide a text is in a usual sans-serif font.</summary>
    public static double Width(string text, double fontSize) => fontSize * text.Sum(c => c switch
    {
        'i' or 'j' or 'l' or '.' or ',' or ':' or ';' or '|' or '\'' or '!' => 0.25,
        ' ' or 'f' or 't' or 'r' or '(' or ')' or '[' or ']' or '/' or '-' => 0.32,
        'm' or 'w' or '%' or '–' => 0.82,
        'M' or 'W' or '@' or '—' => 0.9,
        >= 'A' and <= 'Z' => 0.68,
        >= '⁰' and <= '⁹' or '¹' or '²' or '³' or '⁻' => 0.36,
        >= '\u2e80' => 1.0,
        _ => 0.56,
    });

    /// <inheritdoc/>
    protected override void SetClip(OxyRect clippingRectangle) => _clip = clippingRectangle;

    /// <inheritdoc/>
    protected override void ResetClip() => _clip = null;

    private void Path(IList<ScreenPoint> points, string d, string style)
    {
        if (style.Length == 0)
            return;
        // An inner svg element cuts off what lies outside. (A clipPath would need an id, and a page holds many pictures.)
        if (_clip is { } clip && points.Any(p => !clip.Inflate(1, 1).Contains(p)))
        {
            string box = $"{N(clip.Left)} {N(clip.Top)} {N(clip.Width)} {N(clip.Height)}";
            Append($"<svg x=\"{N(clip.Left)}\" y=\"{N(clip.Top)}\" width=\"{N(clip.Width)}\" height=\"{N(clip.Height)}\" " +
                $"viewBox=\"{box}\"><path d=\"{d}\"{style}/></svg>");
            return;
        }
        // Lines of one look go into one element; translucent ones would no longer darken each other.
        string end = $"\"{style}/>";
        if (style == _lastStyle && !style.Contains("opacity") && !style.Contains("fill"))
            _body.Length -= end.Length;
        else
            _body.Append("<path d=\"");
        _body.Append(d).Append(end);
        _lastStyle = style;
    }

    private void Append(string element)
    {
        _body.Append(element);
        _lastStyle = null;
    }

    private static string Outline(IList<ScreenPoint> points, bool close)
    {
        ScreenPoint[] kept = Simplify(points);
        var path = new StringBuilder($"M{P(kept[0])}L");
        for (int i = 1; i < kept.Length; i++)
            path.Append(i > 1 ? " " : "").Append(P(kept[i]));
        return path.Append(close ? "z" : "").ToString();
    }

    // Douglas and Peucker: a point stays if leaving it out would move the line by more than the tolerance.
    private static ScreenPoint[] Simplify(IList<ScreenPoint> points)
    {
        var keep = new bool[points.Count];
        keep[0] = keep[^1] = true;
        var open = new Stack<(int First, int Last)>([(0, points.Count - 1)]);
        while (open.TryPop(out (int First, int Last) part))
        {
            int farthest = -1;
            double most = Tolerance;
            for (int i = part.First + 1; i < part.Last; i++)
                if (Distance(points[i], points[part.First], points[part.Last]) is var distance && distance > most)
                    (farthest, most) = (i, distance);
            if (farthest < 0)
                continue;
            keep[farthest] = true;
            open.Push((part.First, farthest));
            open.Push((farthest, part.Last));
        }
        return [.. points.Where((_, i) => keep[i])];
    }

    private static double Distance(ScreenPoint p, ScreenPoint a, ScreenPoint b)
    {
        double dx = b.X - a.X, dy = b.Y - a.Y, square = dx * dx + dy * dy;
        double along = square == 0 ? 0 : Math.Clamp(((p.X - a.X) * dx + (p.Y - a.Y) * dy) / square, 0, 1);
        return Math.Sqrt(Math.Pow(p.X - a.X - along * dx, 2) + Math.Pow(p.Y - a.Y - along * dy, 2));
    }

    private static string Fill(OxyColor color) => color.IsVisible() ? Paint("fill", color) : "";

    private static string Stroke(OxyColor color, double thickness, double[]? dashes)
    {
        if (!color.IsVisible() || thickness <= 0)
            return "";
        string dash = dashes is { Length: > 0 }
            ? $" stroke-dasharray=\"{string.Join(' ', dashes.Select(length => N(length * thickness)))}\"" : "";
        string width = thickness == 1 ? "" : $" stroke-width=\"{N(thickness)}\"";
        return $"{Paint("stroke", color)}{width}{dash}";
    }

    private static string Paint(string what, OxyColor color) =>
        $" {what}=\"#{color.R:x2}{color.G:x2}{color.B:x2}\"" +
        (color.A < 255 ? $" {what}-opacity=\"{N(color.A / 255.0, "0.##")}\"" : "");

    private static string Join(LineJoin join) => join == LineJoin.Round ? " stroke-linejoin=\"round\"" : "";

    private static string P(ScreenPoint p) => $"{N(p.X)} {N(p.Y)}";

    private static string N(double value, string format = "0.#")
    {
        string text = value.ToString(format, CultureInfo.InvariantCulture);
        return text == "-0" ? "0" : text;
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text).Replace("&#39;", "'");
}

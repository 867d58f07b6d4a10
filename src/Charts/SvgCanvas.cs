using System.Globalization;
using System.Net;
using System.Text;
using Point = (double X, double Y);

namespace IntraDistill;

/// <summary>Writes an SVG, in pixels from the upper left: a small one, for a notebook keeps it, and without ids, for a page may hold
/// many.</summary>
internal sealed class SvgCanvas
{
    /// <summary>A point without a place.</summary>
    public static readonly Point Gap = (double.NaN, double.NaN);

    private readonly StringBuilder _body = new();

    /// <summary>The picture as one SVG element, on white as the live chart is: not all colours show on a dark page.</summary>
    public string ToSvg(double height, string title)
    {
        string width = N(StaticPicture.Width), high = N(height);
        return $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{high}\" viewBox=\"0 0 {width} {high}\" " +
            $"role=\"img\" font-family=\"{PlotlyFigure.FontFamily}\" font-size=\"13\" fill=\"{PlotlyFigure.Ink}\">" +
            $"<title>{Escape(title)}</title><path fill=\"#fff\" d=\"M0 0h{width}v{high}H0z\"/>{_body}</svg>";
    }

    /// <summary>Draws a line, dashed as plotly.js does under that name; a point that has no place leaves a gap.</summary>
    public void Line(IEnumerable<Point> points, string color, double width = 1, string? dash = null)
    {
        string dashes = dash switch { "dash" => " stroke-dasharray=\"9 9\"", "dot" => " stroke-dasharray=\"3 3\"", _ => "" };
        _body.Append($"<path d=\"{Way(points)}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{N(width)}\"{dashes} ")
            .Append("stroke-linejoin=\"round\"/>");
    }

    /// <summary>Fills what lies between two lines over the same places; where one of them has a gap, it has one.</summary>
    public void Area(IReadOnlyList<Point> upper, IReadOnlyList<Point> lower, string color, double opacity)
    {
        var path = new StringBuilder();
        for (int i = 0, end; i < upper.Count; i = end + 1)
        {
            for (end = i; end < upper.Count && HasPlace(upper[end]) && HasPlace(lower[end]);)
                end++;
            if (end > i + 1)
                path.Append(Way(upper.Take(i..end).Concat(lower.Take(i..end).Reverse()))).Append('z');
        }
        _body.Append($"<path d=\"{path}\" fill=\"{color}\" fill-opacity=\"{opacity.ToString(CultureInfo.InvariantCulture)}\"/>");
    }

    /// <summary>Fills rectangles, each given by two opposite corners.</summary>
    public void Rectangles(IEnumerable<(Point From, Point To)> rectangles, string color)
    {
        string path = string.Concat(rectangles.Where(one => HasPlace(one.From) && HasPlace(one.To))
            .Select(one => $"M{P(one.From)}H{N(one.To.X)}V{N(one.To.Y)}H{N(one.From.X)}z"));
        _body.Append($"<path d=\"{path}\" fill=\"{color}\"/>");
    }

    public void Circle(Point middle, double radius, string color, bool isOpen)
    {
        string look = isOpen ? $"fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\"" : $"fill=\"{color}\"";
        if (HasPlace(middle))
            _body.Append($"<circle cx=\"{N(middle.X)}\" cy=\"{N(middle.Y)}\" r=\"{N(radius)}\" {look}/>");
    }

    /// <summary>Writes a line of text; the place is that of its anchor on its baseline, the angle is in degrees, clockwise.</summary>
    public void Text(string text, double x, double y, string anchor = "start", double size = 13, double angle = 0)
    {
        string place = angle == 0 ? $"x=\"{N(x)}\" y=\"{N(y)}\"" : $"transform=\"translate({N(x)} {N(y)}) rotate({N(angle)})\"";
        string look = (anchor == "start" ? "" : $" text-anchor=\"{anchor}\"") + (size == 13 ? "" : $" font-size=\"{N(size)}\"");
        if (text.Length > 0)
            _body.Append($"<text {place}{look}>{Escape(text)}</text>");
    }

    /// <summary>Writes short texts of one look, each in the middle of its place; the look is written once.</summary>
    public void Centred(IEnumerable<(Point Middle, string Text)> texts, double size, string color) => _body
        .Append($"<g font-size=\"{N(size)}\" text-anchor=\"middle\" fill=\"{color}\">")
        .AppendJoin("", texts.Select(one =>
            $"<text x=\"{N(one.Middle.X)}\" y=\"{N(one.Middle.Y + 0.35 * size)}\">{Escape(one.Text)}</text>"))
        .Append("</g>");

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

    // By steps, which take half the bytes of places; from one rounded place to the next, so that errors do not add up.
    private static string Way(IEnumerable<Point> points)
    {
        var way = new StringBuilder();
        Point last = Gap;
        foreach (Point point in points)
        {
            Point at = (Math.Round(point.X, 1), Math.Round(point.Y, 1));
            if (HasPlace(at))
                way.Append(HasPlace(last) ? $"l{P((at.X - last.X, at.Y - last.Y))}" : $"M{P(at)}");
            last = at;
        }
        return way.ToString();
    }

    private static bool HasPlace(Point point) => double.IsFinite(point.X) && double.IsFinite(point.Y);

    private static string P(Point point) => $"{N(point.X)} {N(point.Y)}";

    private static string N(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private static string Escape(string text) => WebUtility.HtmlEncode(text).Replace("&#39;", "'");
}

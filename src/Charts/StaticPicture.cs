using System.Runtime.CompilerServices;
using Plotly.NET;

namespace IntraDistill;

/// <summary>A small picture of a chart, as SVG, for readers that run no script: GitHub's viewer, a printed page. It is drawn from
/// the records that the chart was made of, when it is asked for.</summary>
internal static class StaticPicture
{
    /// <summary>In pixels; a notebook's column is about as wide.</summary>
    public const double Width = 760;

    private static readonly ConditionalWeakTable<GenericChart, Func<string, string>> s_pictures = [];

    /// <summary>Gives a chart its picture, drawn under the title that the chart then has.</summary>
    public static GenericChart WithPicture(this GenericChart chart, Func<string, string> draw)
    {
        s_pictures.Add(chart, draw);
        return chart;
    }

    /// <summary>A chart's picture; null where it has none: a triangle, a network, a slider, a chart that is not the kit's.</summary>
    public static string? Of(GenericChart chart)
    {
        try
        {
            return s_pictures.TryGetValue(chart, out Func<string, string>? draw) ? draw(PlotlyFigure.Title(chart)) : null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null;   // a chart is worth showing without its picture too, whatever is odd in its numbers
        }
    }

    public static string InWords(string text)
    {
        var canvas = new SvgCanvas();
        canvas.Text(text, 6, 22);
        return canvas.ToSvg(34, text);
    }
}

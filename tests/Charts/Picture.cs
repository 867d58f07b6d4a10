using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Plotly.NET;

namespace IntraDistill.Tests;

/// <summary>A chart's static picture as a reader sees it: what is written and what is drawn in it.</summary>
internal sealed partial class Picture
{
    private Picture(string svg)
    {
        Svg = svg;
        Root = XDocument.Parse(svg).Root!;
        Texts = [.. Named("text").Select(text => text.Value)];
        // The first is the ground.
        Shapes = [.. Named("path").Skip(1).SelectMany(Read)];
    }

    public static Picture Of(GenericChart chart) => new(NotebookFormatters.ToSvg(chart));

    public string Svg { get; }

    public XElement Root { get; }

    public double Height => Number(Root.Attribute("height")!.Value);

    public string[] Texts { get; }

    /// <summary>Everything drawn in one go without lifting the pen.</summary>
    public Shape[] Shapes { get; }

    public IEnumerable<XElement> Named(string element) => Root.Descendants().Where(e => e.Name.LocalName == element);

    /// <summary>The lines of a colour from left to right, without the samples of the legend.</summary>
    public Shape[] Lines(string color) => [.. Shapes.Where(shape => shape.Stroke == color && !IsSample(shape))];

    /// <summary>What is filled with a colour, without the samples of the legend.</summary>
    public Shape[] Filled(string color) => [.. Shapes.Where(shape => shape.Fill == color && !IsSample(shape))];

    // Samples lie above the plot, whose upper end is where its y axis begins.
    private bool IsSample(Shape shape) => shape.Bottom < Shapes.First(one => one.Stroke == PlotlyFigure.Grey).Top;

    private static IEnumerable<Shape> Read(XElement path)
    {
        var points = new List<(double X, double Y)>();
        foreach (Match step in Steps().Matches(path.Attribute("d")!.Value))
        {
            double[] numbers = [.. step.Groups[2].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Number)];
            if (step.Groups[1].Value == "M" && points.Count > 0)
            {
                yield return Made();
                points = [];
            }
            points.AddRange(step.Groups[1].Value switch
            {
                "H" => [(numbers[0], points[^1].Y)],
                "V" => [(points[^1].X, numbers[0])],
                "l" => [(Math.Round(points[^1].X + numbers[0], 1), Math.Round(points[^1].Y + numbers[1], 1))],
                _ => numbers.Chunk(2).Select(pair => (pair[0], pair[1])),
            });
        }
        if (points.Count > 0)
            yield return Made();

        Shape Made() => new(path.Attribute("stroke")?.Value, path.Attribute("fill")?.Value, path.Attribute("fill-opacity") is not null,
            path.Attribute("stroke-dasharray") is not null, [.. points]);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex("([MLHVlz])([^MLHVlz]*)")]
    private static partial Regex Steps();

    internal sealed record Shape(string? Stroke, string? Fill, bool IsTranslucent, bool IsDashed, (double X, double Y)[] Points)
    {
        public double Left => Points.Min(point => point.X);

        public double Top => Points.Min(point => point.Y);

        public double Bottom => Points.Max(point => point.Y);

        public double Height => Bottom - Top;
    }
}

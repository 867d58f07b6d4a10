using Point = (double X, double Y);

namespace IntraDistill;

/// <summary>Title, legend, grid and axes of a picture, and where in it a value lies.</summary>
internal sealed class PictureFrame
{
    // In pixels.
    private const double Height = PlotlyFigure.PlotHeight, Right = StaticPicture.Width - 24, LegendTop = 44, LegendRow = 20;

    private readonly string _title;
    private readonly PictureAxis _x, _y;
    private readonly double _left, _bottom, _end;

    /// <summary>Draws all but the data; in the legend, of which a single name has no need, by samples drawn around a place.</summary>
    public PictureFrame(
        string title, PictureAxis x, PictureAxis y, IReadOnlyList<string> legend, Action<SvgCanvas, int, Point> sample)
    {
        (_title, _x, _y) = (title, x, y);
        _left = 42 + y.Ticks.Select(tick => SvgCanvas.Width(tick.Label, 13)).DefaultIfEmpty(0).Max();
        Canvas.Text(title, _left, 33, size: 17);
        double top = LegendTop + (legend.Count > 1 ? DrawLegend(legend, sample) : 0);
        _bottom = top + Height;

        IEnumerable<Point> grid = y.Ticks.SelectMany(tick => Rule((_left, Y(tick.Value)), (Right, Y(tick.Value))));
        if (x.Bars is null)
            grid = grid.Concat(x.Ticks.SelectMany(tick => Rule((X(tick.Value), top), (X(tick.Value), _bottom))));
        Canvas.Line(grid, PlotlyFigure.GridColor);
        Canvas.Line([(_left, top), (_left, _bottom), (Right, _bottom)], PlotlyFigure.Grey);

        foreach ((double value, string label) in y.Ticks)
            Canvas.Text(label, _left - 8, Y(value) + 4.5, "end");
        (double turn, double size) = (x.Bars?.Turn ?? 0, x.Bars?.NameSize ?? 13);
        foreach ((double value, string label) in x.Ticks)
            if (turn == 0)
                Canvas.Text(label, X(value), _bottom + 18, "middle", size);
            else
                Canvas.Text(label, X(value) + 0.35 * size, _bottom + 8, "end", size, turn);
        double below = turn == 0 ? 18 : 10 + x.Bars!.LongestName * Math.Sin(-turn * Math.PI / 180);
        Canvas.Text(x.Title, (_left + Right) / 2, _bottom + below + 26, "middle", 15);
        Canvas.Text(y.Title, 18, (top + _bottom) / 2, "middle", 15, -90);
        _end = _bottom + below + 36;

        static Point[] Rule(Point from, Point to) => [from, to, SvgCanvas.Gap];
    }

    public SvgCanvas Canvas { get; } = new();

    /// <summary>Where a point lies, in pixels; no number where it has no place.</summary>
    public Point At(double x, double y) => (X(x), Y(y));

    public string ToSvg() => Canvas.ToSvg(Math.Round(_end), _title);

    private double X(double value) => _left + _x.Part(value) * (Right - _left);

    private double Y(double value) => _bottom - _y.Part(value) * Height;

    // Rows of names, each behind its sample; how high they are.
    private double DrawLegend(IReadOnlyList<string> names, Action<SvgCanvas, int, Point> sample)
    {
        const double sampleWidth = 28, gap = 6, between = 16;
        double x = _left, y = LegendTop;
        for (int i = 0; i < names.Count; i++)
        {
            double width = sampleWidth + gap + SvgCanvas.Width(names[i], 13);
            if (x > _left && x + width > Right)
                (x, y) = (_left, y + LegendRow);
            sample(Canvas, i, (x + sampleWidth / 2, y + LegendRow / 2));
            Canvas.Text(names[i], x + sampleWidth + gap, y + LegendRow / 2 + 4.5);
            x += width + between;
        }
        return y - LegendTop + LegendRow + 4;
    }
}

using Point = (double X, double Y);

namespace IntraDistill;

internal sealed class HeatPicture(HeatCells heat, HeatLayout layout)
{
    private const int Shades = 64;

    private readonly SvgCanvas _canvas = new();

    public string Draw(string title)
    {
        _canvas.Text(title, Math.Min(layout.Left, 70), 33, size: 17);
        DrawColorBar();
        for (int b = 0; b < layout.Bands.Length; b++)
            DrawNames(layout.Bands[b], layout.Tops[b]);
        var cells = layout.Bands.Zip(layout.Tops, Cells).SelectMany(cell => cell).ToArray();
        // Cells of one colour are one path: a quarter of the bytes.
        foreach (var same in cells.GroupBy(cell => heat.Scale.Color(cell.Value, Shades)))
            _canvas.Rectangles(same.Select(cell => (cell.From, cell.To)), same.Key);
        foreach (var same in cells.GroupBy(cell => heat.Scale.TextOn(cell.Value)))
            _canvas.Centred(same.Select(cell => (Middle(cell.From, cell.To), cell.Text)), layout.TextSize, same.Key);
        double height = layout.Tops[^1] + heat.Rows.Count * layout.CellHeight + layout.Bottom;
        _canvas.Text(heat.XTitle, (layout.Left + StaticPicture.Width - HeatLayout.Right) / 2, height - 13, "middle", 15);
        return _canvas.ToSvg(Math.Round(height), title);

        static Point Middle(Point a, Point b) => ((a.X + b.X) / 2, (a.Y + b.Y) / 2);
    }

    // The measured cells of a band, with a gap between them, wider between groups.
    private IEnumerable<(Point From, Point To, double Value, string Text)> Cells(HeatBand band, double top) =>
        from run in band.Groups
        from i in Enumerable.Range(run.First, run.Count)
        from row in Enumerable.Range(0, heat.Rows.Count)
        let value = heat.Values[row][band.First + i]
        where double.IsFinite(value)
        let before = i == run.First && i > 0 ? 1.5 : 0.5
        let behind = i == run.First + run.Count - 1 && i < band.Count - 1 ? 1.5 : 0.5
        let y = top + row * layout.CellHeight
        select ((X(i) + before, y + 0.5), (X(i + 1) - behind, y + layout.CellHeight - 0.5), value, layout.Texts[row][band.First + i]);

    // Of columns, rows and groups.
    private void DrawNames(HeatBand band, double top)
    {
        double bottom = top + heat.Rows.Count * layout.CellHeight, line = top - HeatLayout.GroupLine, size = layout.NameSize;
        for (int i = 0; i < band.Count; i++)
            if (layout.Turn == 0)
                _canvas.Text(heat.Columns[band.First + i], X(i + 0.5), bottom + 17, "middle", size);
            else
                _canvas.Text(heat.Columns[band.First + i], X(i + 0.5) + 0.35 * size, bottom + 10, "end", size, layout.Turn);
        for (int row = 0; row < heat.Rows.Count; row++)
            _canvas.Text(heat.Rows[row], layout.Left - 6, top + (row + 0.5) * layout.CellHeight + 4.5, "end");
        _canvas.Text(heat.YTitle, 18, (top + bottom) / 2, "middle", 15, -90);

        foreach (ColumnGroup group in band.Groups.Where(group => group.HasName))
        {
            double first = X(group.First), end = X(group.First + group.Count), middle = (first + end) / 2;
            _canvas.Line([(first + 2, line), (end - 2, line)], PlotlyFigure.Grey, 1.5);
            if (layout.Lies(group))
                _canvas.Text(group.Name, middle, line - 6, "middle", layout.GroupSize);
            else
                _canvas.Text(group.Name, middle + 0.35 * layout.GroupSize, line - 4, "start", layout.GroupSize, -90);
        }
    }

    private void DrawColorBar()
    {
        const double top = HeatLayout.BarTop + 20, bottom = top + 12, step = HeatLayout.BarLength / Shades;
        (double low, double high, double left) = (heat.Scale.Low, heat.Scale.High, layout.Left);
        for (int shade = 0; shade < Shades; shade++)   // to the end each, one over the other: no seams
            _canvas.Rectangles([((left + shade * step, top), (left + HeatLayout.BarLength, bottom))],
                heat.Scale.Color(low + (high - low) * shade / (Shades - 1), Shades));
        foreach (double tick in PictureAxis.Nice(low, high, steps: 5))
            _canvas.Text(PictureAxis.Label(tick), left + (tick - low) / (high - low) * HeatLayout.BarLength, bottom + 14, "middle", 12);
        _canvas.Text(heat.ValueTitle, left + HeatLayout.BarLength / 2, top - 6, "middle");
    }

    private double X(double column) => layout.Left + column * layout.CellWidth;
}

using System.Globalization;
using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Plotly.NET.TraceObjects;
using static IntraDistill.PlotlyFigure;

namespace IntraDistill;

public static partial class KitCharts
{
    /// <summary>A heat map with its numbers printed in the cells. More than 26 columns are broken into bands one below the other, between
    /// groups where that can be.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="xTitle">What the columns are.</param>
    /// <param name="yTitle">What the rows are; empty where their names say it.</param>
    /// <param name="columns">The columns, left to right.</param>
    /// <param name="rows">The rows, top to bottom.</param>
    /// <param name="values">For each row, a value for each column; NaN where nothing was measured leaves the cell blank.</param>
    /// <param name="valueTitle">What the colours and numbers show, with its unit.</param>
    /// <param name="diverging">For gains: colours as far to both sides of 0, and numbers with their signs.</param>
    /// <param name="columnGroups">For each column, the group it belongs to, such as a script; null for none. Neighbours of one group
    /// stand together under its name; an empty name sets a column apart without one.</param>
    /// <example><code>
    /// KitCharts.HeatMap("Gain over the baseline", "Language", "", ["de", "ru"], ["Control (α = 0)", "Intra-distillation"],
    ///     [[0.4, -0.2], [1.3, double.NaN]], "Gain in F1 (points)", diverging: true, columnGroups: ["Latin", "Cyrillic"])
    /// </code></example>
    public static GenericChart HeatMap(
        string title, string xTitle, string yTitle, IReadOnlyList<string> columns, IReadOnlyList<string> rows,
        IReadOnlyList<IReadOnlyList<double>> values, string valueTitle, bool diverging = false,
        IReadOnlyList<string>? columnGroups = null)
    {
        CheckCells(columns, rows, values, columnGroups);
        HeatCells heat = new(xTitle, yTitle, valueTitle, columns, rows, values, new(values.SelectMany(row => row), diverging));
        HeatLayout layout = HeatLayout.Of(heat, columnGroups);
        double marginTop = layout.Tops[0], rowsHeight = rows.Count * layout.CellHeight;
        double height = layout.Tops[^1] + rowsHeight - marginTop;
        int widest = layout.Bands.Max(band => band.Count);

        List<Trace> traces = [];
        List<(string, object?)> axes = [];
        List<Annotation> names = [];
        List<Shape> lines = [];
        for (int b = 0; b < layout.Bands.Length; b++)
        {
            HeatBand band = layout.Bands[b];
            bool isLast = b == layout.Bands.Length - 1;
            string number = Subplot(b);
            traces.AddRange([Cells(band, number), .. Texts(band, number)]);
            double top = layout.Tops[b], bottom = top + rowsHeight, line = top - HeatLayout.GroupLine;
            axes.Add(($"xaxis{number}", HeatAxis(isLast ? xTitle : "", [.. columns.Take(band.Columns)],
                [-0.5, widest - 0.5], ("anchor", $"y{number}"), ("tickangle", layout.Turn),
                ("tickfont", Make<Font>(("size", layout.NameSize))), ("automargin", isLast))));
            axes.Add(($"yaxis{number}", HeatAxis(yTitle, [.. rows], [rows.Count - 0.5, -0.5], ("anchor", $"x{number}"),
                ("domain", new[] { Number(Math.Max(0, Paper(bottom))), Number(Paper(top)) }))));
            foreach (ColumnGroup group in band.Groups)
            {
                double end = group.First + group.Count;
                if (group.HasName)
                {
                    names.Add(Make<Annotation>(
                        ("text", group.Name), ("showarrow", false), ("xref", $"x{number}"), ("yref", "paper"),
                        ("x", group.First + (group.Count - 1) / 2.0), ("y", Paper(line - 2)),
                        ("xanchor", "center"), ("yanchor", "bottom"), ("textangle", layout.Lies(group) ? 0 : -90),
                        ("font", Make<Font>(("size", layout.GroupSize)))));
                    lines.Add(Line(number, group.First - 0.44, end - 0.56, line, line, Grey, 1.5));
                }
                if (end < band.Count)
                    lines.Add(Line(number, end - 0.5, end - 0.5, top, bottom, "white", 3));
            }
        }
        GenericChart chart = Compose(title, traces,
            [
                .. axes, ("height", Math.Round(marginTop + height + layout.Bottom)), ("showlegend", false),
                ("margin", Make<Margin>(("l", Math.Round(layout.Left)), ("r", HeatLayout.Right), ("t", marginTop), ("b", layout.Bottom))),
                ("annotations", names.Count > 0 ? names.ToArray() : null), ("shapes", lines.Count > 0 ? lines.ToArray() : null),
            ]);
        // The names of the rows may be long: a title that began behind them would soon be cut off.
        Fill((Title)GenericChart.getLayout(chart).GetPropertyValue("title"), ("xref", "container"),
            ("pad", Make<Padding>(("t", 16), ("l", Math.Min(Math.Round(layout.Left), 70)))));
        return chart.WithPicture(now => new HeatPicture(heat, layout).Draw(now));

        double Paper(double down) => Math.Round(1 - (down - marginTop) / height, 5);

        Shape Line(string number, double x0, double x1, double y0, double y1, string color, double width) => Make<Shape>(
            ("type", "line"), ("xref", $"x{number}"), ("yref", "paper"), ("x0", Number(x0)), ("x1", Number(x1)),
            ("y0", Paper(y0)), ("y1", Paper(y1)), ("line", Make<Line>(("color", color), ("width", width))));

        Trace Cells(HeatBand band, string number) => NewTrace("heatmap", ("name", valueTitle),
            ("z", values.Select(row => Numbers(row.Take(band.Columns))).ToArray()),
            ("text", values.Select(row => row.Take(band.Columns).Select(Hover).ToArray()).ToArray()),
            ("hovertemplate", $"%{{y}}, %{{x}}<br>{valueTitle}: %{{text}}<extra></extra>"), ("xgap", 1), ("ygap", 1),
            ("zmin", Number(heat.Scale.Low)), ("zmax", Number(heat.Scale.High)),
            ("colorscale", heat.Scale.Stops.Select(stop => new object[] { stop.At, stop.Color }).ToArray()),
            ("showscale", number.Length == 0), ("xaxis", $"x{number}"), ("yaxis", $"y{number}"),
            ("colorbar", number.Length > 0 ? null : Make<ColorBar>(("orientation", "h"),
                ("title", Make<Title>(("text", valueTitle), ("side", "top"), ("font", Make<Font>(("size", 13))))),
                ("thickness", 12), ("lenmode", "pixels"), ("len", HeatLayout.BarLength), ("tickfont", Make<Font>(("size", 12))),
                ("x", 0), ("xanchor", "left"), ("xpad", 0), ("y", Paper(HeatLayout.BarTop)), ("yanchor", "top"), ("ypad", 0),
                ("outlinewidth", 0), ("ticks", ""), ("nticks", 6))));

        // Not the heat map's own texts: their colour on middling grounds is plotly.js's, and hard to read.
        IEnumerable<Trace> Texts(HeatBand band, string number) =>
            from row in Enumerable.Range(0, rows.Count)
            from column in Enumerable.Range(0, band.Count)
            let value = values[row][band.First + column]
            where double.IsFinite(value)
            group (Row: row, Column: column) by heat.Scale.TextOn(value) into cells
            select NewTrace("scatter", ("mode", "text"), ("name", "numbers"),
                ("x", cells.Select(cell => cell.Column).ToArray()), ("y", cells.Select(cell => cell.Row).ToArray()),
                ("text", cells.Select(cell => layout.Texts[cell.Row][band.First + cell.Column]).ToArray()),
                ("textfont", Make<Font>(("color", cells.Key), ("size", layout.TextSize))), ("hoverinfo", "skip"), ("showlegend", false),
                ("xaxis", $"x{number}"), ("yaxis", $"y{number}"));

        string Hover(double value) => Number(value) is not { } rounded ? "not measured"
            : (diverging && rounded > 0 ? "+" : "") + rounded.ToString(CultureInfo.InvariantCulture).Replace('-', '−');
    }

    // Names along an axis, at 0, 1, 2 …
    private static LinearAxis HeatAxis(string title, string[] names, double[] range, params (string, object?)[] more) => Axis(title, [
        ("range", range), ("tickmode", "array"), ("tickvals", Enumerable.Range(0, names.Length).ToArray()), ("ticktext", names),
        ("showgrid", false), ("showline", false), ("ticklen", 4), ("tickcolor", "white"), .. more]);

    private static void CheckCells(
        IReadOnlyList<string> columns, IReadOnlyList<string> rows, IReadOnlyList<IReadOnlyList<double>> values,
        IReadOnlyList<string>? groups)
    {
        if (columns.Count == 0 || rows.Count == 0)
            throw new IntraDistillException(
                $"a heat map of {rows.Count} rows and {columns.Count} columns; expected at least one of each");
        if (values.Count != rows.Count)
            throw new IntraDistillException($"{values.Count} rows of values; expected one for each of {rows.Count} rows");
        for (int row = 0; row < rows.Count; row++)
            if (values[row].Count != columns.Count)
                throw new IntraDistillException(
                    $"row '{rows[row]}' has {values[row].Count} values; expected one for each of {columns.Count} columns");
        if (groups is not null && groups.Count != columns.Count)
            throw new IntraDistillException($"{groups.Count} column groups; expected one for each of {columns.Count} columns");
    }
}

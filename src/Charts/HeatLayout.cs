using System.Globalization;

namespace IntraDistill;

/// <summary>What a heat map shows; see <see cref="KitCharts.HeatMap"/>.</summary>
internal sealed record HeatCells(
    string XTitle, string YTitle, string ValueTitle, IReadOnlyList<string> Columns, IReadOnlyList<string> Rows,
    IReadOnlyList<IReadOnlyList<double>> Values, HeatScale Scale);

/// <summary>A part of a heat map's columns, drawn with all rows below the part before it. Its groups count columns from its own first;
/// without groups it is one, nameless.</summary>
internal sealed record HeatBand(int First, int Count, IReadOnlyList<ColumnGroup> Groups)
{
    public Range Columns => First..(First + Count);
}

/// <summary>Where the parts of a heat map lie, in pixels from the upper left: it lays itself out, for a number must fit its cell.</summary>
/// <param name="Bands">The parts, one below the other.</param>
/// <param name="Tops">Where the cells of each part begin, from above.</param>
/// <param name="Left">Where the cells begin, from the left.</param>
/// <param name="CellWidth">Of a column.</param>
/// <param name="CellHeight">Of a row.</param>
/// <param name="Turn">By how many degrees the columns' names are turned: 0 or -45.</param>
/// <param name="Bottom">The room below the last cells.</param>
/// <param name="Texts">The values as printed in their cells.</param>
/// <param name="TextSize">The size of those.</param>
internal sealed record HeatLayout(
    HeatBand[] Bands, double[] Tops, double Left, double CellWidth, double CellHeight, double Turn, double Bottom, string[][] Texts,
    double TextSize)
{
    /// <summary>The most columns side by side: with more, a number of four characters does not fit its cell.</summary>
    public const int MostColumns = 26;

    /// <summary>Where the colour bar begins, from above, with its title; and its length.</summary>
    public const double BarTop = 46, BarLength = 220;

    /// <summary>The free room to the right; how far the line below a group's name is from its cells.</summary>
    public const double Right = 24, GroupLine = 4;

    // Above all cells are the title and the colour bar.
    private const double Top = 112, LargestText = 13, SmallestText = 8;

    /// <summary>Lays a heat map out whose columns are each of a group; null for none.</summary>
    public static HeatLayout Of(HeatCells heat, IReadOnlyList<string>? groups)
    {
        HeatBand[] bands = Split(heat.Columns.Count, groups);
        double left = heat.Rows.Max(row => SvgCanvas.Width(row, 13)) + (heat.YTitle.Length > 0 ? 44 : 16);
        double width = (StaticPicture.Width - left - Right) / bands.Max(band => band.Count);
        double height = Math.Clamp(Math.Round(300.0 / (bands.Length * heat.Rows.Count)), 22, 36);
        // Less the gap between cells, which is wider between groups.
        (string[][] texts, double textSize) = Print(heat.Values, width - (groups is null ? 3 : 4), heat.Scale.IsDiverging);
        double longest = heat.Columns.Max(column => SvgCanvas.Width(column, NameSizeIn(width)));
        bool turned = longest > width - 4;
        double below = turned ? 0.71 * longest + 18 : 24;

        double[] tops = new double[bands.Length];
        var layout = new HeatLayout(
            bands, tops, left, width, height, turned ? -45 : 0, below + (heat.XTitle.Length > 0 ? 34 : 12), texts, textSize);
        for (int b = 0; b < bands.Length; b++)
            tops[b] = (b == 0 ? Top : tops[b - 1] + heat.Rows.Count * height + below + 8) + layout.GroupRoom(bands[b]);
        return layout;
    }

    public double NameSize => NameSizeIn(CellWidth);

    public double GroupSize => CellWidth < 30 ? 11 : 12;

    /// <summary>Whether a group's name fits above its columns; if not, it stands upright.</summary>
    public bool Lies(ColumnGroup group) => SvgCanvas.Width(group.Name, GroupSize) <= group.Count * CellWidth - 2;

    private static double NameSizeIn(double cellWidth) => cellWidth < 30 ? 11 : 13;

    private double GroupRoom(HeatBand band) => band.Groups.Where(group => group.HasName)
        .Select(group => GroupLine + (Lies(group) ? 18 : SvgCanvas.Width(group.Name, GroupSize) + 6)).DefaultIfEmpty(0).Max();

    /// <summary>Splits the columns into bands of about equally many, between groups where it can.</summary>
    public static HeatBand[] Split(int columns, IReadOnlyList<string>? groups)
    {
        var bands = new List<HeatBand>();
        int left = (columns + MostColumns - 1) / MostColumns;
        for (int first = 0; first < columns; left--)
        {
            int rest = columns - first, even = (rest + left - 1) / left;
            // As many as fit, as long as the bands below can take the others.
            int count = Enumerable.Range(1, Math.Min(rest, MostColumns))
                .Where(n => rest - n <= (left - 1) * MostColumns && Math.Abs(n - even) <= MostColumns / 4)
                .Where(n => groups is null || first + n == columns || groups[first + n] != groups[first + n - 1])
                .DefaultIfEmpty(even).MinBy(n => Math.Abs(n - even));
            bands.Add(new HeatBand(first, count,
                [.. groups is null ? [new("", 0, count)] : ColumnGroup.Of([.. groups.Take(first..(first + count))])]));
            first += count;
        }
        return [.. bands];
    }

    /// <summary>The numbers as printed in cells of a width in pixels, and their size: one decimal, two if all are below 1, one less where
    /// there is no room for it, and none in a number of three digits (100 %). What was not measured is empty.</summary>
    public static (string[][] Texts, double Size) Print(IReadOnlyList<IReadOnlyList<double>> values, double width, bool signed)
    {
        double most = values.SelectMany(row => row).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        int decimals = most >= 1 ? 1 : 2;
        (string[][] Texts, double Size) printed = Print(decimals);
        if (printed.Size < SmallestText)
            printed = Print(decimals - 1);
        return (printed.Texts, Math.Max(printed.Size, SmallestText - 1));

        (string[][], double) Print(int decimals)
        {
            string[][] texts = [.. values.Select(row => row.Select(value => Text(value, decimals, signed)).ToArray())];
            double widest = texts.SelectMany(row => row).Select(text => SvgCanvas.Width(text, 1)).DefaultIfEmpty(0).Max();
            return (texts, Math.Min(LargestText, Math.Floor(2 * width / Math.Max(widest, 1)) / 2));
        }
    }

    private static string Text(double value, int decimals, bool signed)
    {
        if (!double.IsFinite(value))
            return "";
        string digits = Math.Abs(value).ToString($"F{(Math.Abs(value) >= 99.95 ? 0 : decimals)}", CultureInfo.InvariantCulture);
        bool isZero = digits.All(c => c is '0' or '.');
        return isZero ? digits : value < 0 ? $"−{digits}" : signed ? $"+{digits}" : digits;
    }
}

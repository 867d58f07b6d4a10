using System.Globalization;

namespace IntraDistill;

/// <summary>Neighbouring columns of one group within a band.</summary>
/// <param name="Name">The group.</param>
/// <param name="First">The first column's place in the band, from 0.</param>
/// <param name="Count">How many they are.</param>
internal readonly record struct HeatGroup(string Name, int First, int Count);

/// <summary>A part of a heat map's columns, drawn with all rows below the part before it.</summary>
/// <param name="First">The first column, from 0.</param>
/// <param name="Count">How many columns.</param>
/// <param name="Groups">Their groups; empty without groups.</param>
internal sealed record HeatBand(int First, int Count, IReadOnlyList<HeatGroup> Groups);

/// <summary>How the columns and numbers of a heat map are laid out so that all can be read.</summary>
internal static class HeatBands
{
    /// <summary>The most columns side by side: with more, a number of four characters does not fit its cell.</summary>
    public const int MostColumns = 26;

    private const double LargestText = 13, SmallestText = 8;

    /// <summary>Splits the columns into bands of about equally many, between groups where it can.</summary>
    /// <param name="columns">How many columns.</param>
    /// <param name="groups">A group a column; null for none.</param>
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
            bands.Add(new HeatBand(first, count, groups is null ? [] : [.. Runs(groups, first, count)]));
            first += count;
        }
        return [.. bands];
    }

    private static IEnumerable<HeatGroup> Runs(IReadOnlyList<string> groups, int first, int count)
    {
        for (int i = 0, end; i < count; i = end)
        {
            for (end = i + 1; end < count && groups[first + end] == groups[first + i];)
                end++;
            yield return new HeatGroup(groups[first + i], i, end - i);
        }
    }

    /// <summary>
    /// The numbers as printed in cells of a width, and their size: one decimal, two if all are below 1, one less where there is
    /// no room for it, and none in a number of three digits (100 %). What was not measured is empty.
    /// </summary>
    /// <param name="values">The numbers, row by row.</param>
    /// <param name="width">What a cell has for its number, in pixels.</param>
    /// <param name="signed">Whether a positive number has its sign.</param>
    public static (string[][] Texts, double Size) Print(IReadOnlyList<IReadOnlyList<double>> values, double width, bool signed)
    {
        double most = values.SelectMany(row => row).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        int decimals = most >= 1 ? 1 : 2, fewest = decimals - 1;
        while (true)
        {
            string[][] texts = [.. values.Select(row => row.Select(value => Text(value, decimals, signed)).ToArray())];
            double widest = texts.SelectMany(row => row).Select(text => SvgCanvas.Width(text, 1)).DefaultIfEmpty(0).Max();
            double size = Math.Min(LargestText, Math.Floor(2 * width / Math.Max(widest, 1)) / 2);
            if (size >= SmallestText || decimals <= fewest)
                return (texts, Math.Max(size, SmallestText - 1));
            decimals--;
        }
    }

    private static string Text(double value, int decimals, bool signed)
    {
        if (!double.IsFinite(value))
            return "";
        if (Math.Abs(value) >= 99.95)
            decimals = 0;
        string digits = Math.Abs(value).ToString($"F{decimals}", CultureInfo.InvariantCulture);
        bool isZero = digits.All(c => c is '0' or '.');
        return isZero ? digits : value < 0 ? $"−{digits}" : signed ? $"+{digits}" : digits;
    }
}

using System.Globalization;
using System.Net;
using System.Text;

namespace IntraDistill;

/// <summary>A column of a <see cref="KitTable"/>.</summary>
/// <param name="Header">Its heading, with the unit where it has one.</param>
/// <param name="Group">A heading over this and its neighbours of the same group; null for none.</param>
/// <param name="Numeric">Whether its cells stand flush right.</param>
public sealed record KitColumn(string Header, string? Group = null, bool Numeric = true);

/// <summary>A cell of a <see cref="KitTable"/>. A string is one as it stands.</summary>
public sealed record KitCell(string Text)
{
    internal bool IsBold { get; private init; }

    internal bool IsPublished { get; private init; }

    // From 1; 0 for none.
    internal int Footnote { get; private init; }

    /// <summary>What stands where nothing was measured.</summary>
    public static KitCell NotMeasured { get; } = new("not measured");

    /// <summary>A number with fixed decimals; "not measured" for NaN.</summary>
    public static KitCell Number(double value, int decimals = 2) =>
        // + 0.0 makes −0 a plain 0.
        double.IsNaN(value) ? NotMeasured
            : new((Math.Round(value, decimals) + 0.0).ToString($"N{decimals}", CultureInfo.InvariantCulture));

    /// <summary>A setting, with as many of four decimals as it has; a dash for NaN.</summary>
    public static KitCell Short(double value) => double.IsNaN(value) ? "–" : value.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>The cell, standing out.</summary>
    public KitCell Bold() => this with { IsBold = true };

    /// <summary>The cell, marked as a published number, which nothing here measured.</summary>
    public KitCell Published() => this with { IsPublished = true };

    /// <summary>The cell, with a reference to a footnote: 1 for the table's first <see cref="KitTable.Note"/>.</summary>
    public KitCell See(int number) => this with { Footnote = number };

    /// <summary>A cell that says this.</summary>
    public static implicit operator KitCell(string text) => new(text);
}

/// <summary>A table of results: caption, grouped headings, numbers flush right, and published numbers set apart from what was measured
/// here. A notebook shows it as HTML, a console as aligned text.</summary>
/// <example><code>
/// new KitTable("BLEU on the test set", new("Arm", Numeric: false), new("here", "de→en"), new("paper", "de→en"))
///     .Row("Baseline", KitCell.Number(31.7), KitCell.Number(33.07).Published().See(1))
///     .Note("Xu et al. 2022, table 1.")
/// </code></example>
public sealed class KitTable(string caption, params KitColumn[] columns)
{
    private const string PublishedLegend = "published, not measured here";
    private const string Border = ";border-bottom:1px solid #8a8a8a";
    private const string Shade = ";background:rgba(0,114,178,.10)";
    private readonly List<KitCell[]> _rows = [];
    private readonly List<string> _notes = [];

    private ColumnGroup[] Groups => [.. ColumnGroup.Of([.. columns.Select(column => column.Group)])];

    private bool HasGroups => columns.Any(column => column.Group is not null);

    private bool HasPublished => _rows.Any(row => row.Any(cell => cell.IsPublished));

    /// <summary>Settings of this run beside published ones; those that differ stand out. A published cell without a footnote points to
    /// the first; one that says "not stated" is none.</summary>
    public static KitTable BesidePublished(string caption, params (string Name, string Here, KitCell Published)[] rows)
    {
        var table = new KitTable(
            caption, new("Setting", Numeric: false), new("This run", Numeric: false), new("Published", Numeric: false));
        foreach ((string name, string here, KitCell published) in rows)
            table.Row(name, here == published.Text ? here : new KitCell(here).Bold(),
                published.Footnote > 0 || published.Text == "not stated" ? published : published.Published().See(1));
        return table;
    }

    /// <summary>Adds a row, of a cell a column, and returns the table.</summary>
    /// <exception cref="IntraDistillException">There are not as many cells as columns.</exception>
    public KitTable Row(params KitCell[] cells)
    {
        if (cells.Length != columns.Length)
            throw new IntraDistillException(
                $"a row of {cells.Length} cells; expected {columns.Length}, one for each column of '{caption}'");
        _rows.Add(cells);
        return this;
    }

    /// <summary>Adds a numbered footnote, such as a source, and returns the table.</summary>
    public KitTable Note(string text)
    {
        _notes.Add(text);
        return this;
    }

    /// <summary>The table as HTML that needs no style sheet.</summary>
    public string ToHtml()
    {
        StringBuilder html = new("<table style=\"border-collapse:collapse;font-variant-numeric:tabular-nums\">\n");
        html.Append($"<caption style=\"text-align:left;font-weight:600;padding:4px 8px\">{Encode(caption)}</caption>\n<thead>\n");
        if (HasGroups)
            html.Append("<tr>").AppendJoin("", Groups.Select(group =>
                $"<th colspan=\"{group.Count}\" style=\"text-align:center;padding:3px 10px{(group.HasName ? Border : "")}\">"
                + $"{Encode(group.Name)}</th>")).Append("</tr>\n");
        html.Append("<tr>").AppendJoin("", columns.Select(column =>
            $"<th style=\"text-align:{Align(column)};padding:3px 10px{Border}\">{Encode(column.Header)}</th>"));
        html.Append("</tr>\n</thead>\n<tbody>\n");
        foreach (KitCell[] row in _rows)
            html.Append("<tr>").AppendJoin("", row.Zip(columns, (cell, column) =>
                $"<td style=\"text-align:{Align(column)};padding:3px 10px{(column.Numeric ? ";white-space:nowrap" : "")}"
                + $"{(cell.IsPublished ? Shade : "")}\">{Html(cell)}</td>")).Append("</tr>\n");
        html.Append("</tbody>\n");
        List<string> foot = [.. _notes.Select((note, i) => $"<sup>{i + 1}</sup> {Encode(note)}")];
        if (HasPublished)
            foot.Insert(0, $"<i style=\"padding:0 4px{Shade}\">italic</i><sup>†</sup> {PublishedLegend}");
        if (foot.Count > 0)
            html.Append($"<tfoot><tr><td colspan=\"{columns.Length}\" style=\"text-align:left;font-size:85%;padding:5px 10px\">")
                .AppendJoin("<br>", foot).Append("</td></tr></tfoot>\n");
        return html.Append("</table>").ToString();

        static string Align(KitColumn column) => column.Numeric ? "right" : "left";
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static string Html(KitCell cell)
    {
        string html = Encode(cell.Text);
        if (cell == KitCell.NotMeasured)
            html = $"<span style=\"opacity:.6\">{html}</span>";
        if (cell.IsPublished)
            html = $"<i>{html}</i><sup>†</sup>";
        if (cell.IsBold)
            html = $"<b>{html}</b>";
        return cell.Footnote > 0 ? $"{html}<sup>{cell.Footnote}</sup>" : html;
    }

    /// <summary>The table as aligned text: <c>*emphasis*</c>, <c>†</c> for published, <c>[1]</c> for a footnote.</summary>
    public override string ToString()
    {
        string[][] lines = [[.. columns.Select(column => column.Header)], .. _rows.Select(row => row.Select(Plain).ToArray())];
        int[] widths = [.. columns.Select((_, i) => lines.Max(line => Width(line[i])))];
        // A group's heading may be wider than its columns: the last of them makes room.
        foreach (ColumnGroup group in Groups)
            widths[group.First + group.Count - 1] += Math.Max(0, Width(group.Name) - Room(group));

        List<string> text = [caption];
        if (HasGroups)
            text.Add(Line(Groups.Select(group =>
                Pad(new string(' ', (Room(group) - Width(group.Name)) / 2) + group.Name, Room(group), right: false))));
        text.AddRange(lines.Select(line => Line(line.Select((cell, i) => Pad(cell, widths[i], columns[i].Numeric)))));
        text.Insert(text.Count - _rows.Count, Line(widths.Select(width => new string('-', width))));
        if (HasPublished)
            text.Add($"† {PublishedLegend}");
        text.AddRange(_notes.Select((note, i) => $"[{i + 1}] {note}"));
        return string.Join(Environment.NewLine, text).TrimEnd();

        int Room(ColumnGroup group) => widths.Skip(group.First).Take(group.Count).Sum() + 2 * (group.Count - 1);

        static string Line(IEnumerable<string> cells) => string.Join("  ", cells).TrimEnd();
    }

    private static string Plain(KitCell cell)
    {
        string text = cell.IsBold ? $"*{cell.Text}*" : cell.Text;
        return $"{text}{(cell.IsPublished ? "†" : "")}{(cell.Footnote > 0 ? $"[{cell.Footnote}]" : "")}";
    }

    // What the reader sees as one character counts as one, whatever it is made of.
    private static int Width(string text) => new StringInfo(text).LengthInTextElements;

    private static string Pad(string text, int width, bool right)
    {
        string space = new(' ', Math.Max(0, width - Width(text)));
        return right ? space + text : text + space;
    }
}

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
/// <param name="Text">What it says.</param>
public sealed record KitCell(string Text)
{
    /// <summary>Whether it stands out.</summary>
    public bool Emphasized { get; init; }

    /// <summary>Whether it is a published number, which nothing here measured.</summary>
    public bool IsPublished { get; init; }

    /// <summary>The footnote it points to, from 1; 0 for none.</summary>
    public int Footnote { get; init; }

    /// <summary>What stands where nothing was measured.</summary>
    public static KitCell NotMeasured { get; } = new("not measured");

    /// <summary>A number with fixed decimals; "not measured" for NaN.</summary>
    /// <param name="value">The number.</param>
    /// <param name="decimals">Digits after the point.</param>
    public static KitCell Number(double value, int decimals = 2) =>
        // + 0.0 makes −0 a plain 0.
        double.IsNaN(value) ? NotMeasured
            : new((Math.Round(value, decimals) + 0.0).ToString($"N{decimals}", CultureInfo.InvariantCulture));

    /// <summary>A setting, with as many of four decimals as it has; a dash for NaN.</summary>
    public static KitCell Short(double value) => double.IsNaN(value) ? "–" : value.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>The cell, standing out.</summary>
    public KitCell Bold() => this with { Emphasized = true };

    /// <summary>The cell, marked as a published number.</summary>
    public KitCell Published() => this with { IsPublished = true };

    /// <summary>The cell, with a reference to a footnote.</summary>
    /// <param name="number">Its number: 1 for the table's first <see cref="KitTable.Note"/>.</param>
    public KitCell See(int number) => this with { Footnote = number };

    /// <summary>A cell that says this.</summary>
    public static implicit operator KitCell(string text) => new(text);
}

/// <summary>
/// A table of results: caption, grouped headings, numbers flush right, and published numbers set apart from what was
/// measured here. A notebook shows it as HTML, a console as aligned text.
/// </summary>
/// <param name="caption">What the table shows.</param>
/// <param name="columns">Its columns.</param>
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

    /// <summary>Settings of this run beside published ones; those that differ stand out.</summary>
    /// <param name="caption">What the table shows.</param>
    /// <param name="rows">
    /// Name, value here, value published. A published cell without a footnote points to the first; one that says "not stated" is none.
    /// </param>
    public static KitTable BesidePublished(string caption, params (string Name, string Here, KitCell Published)[] rows)
    {
        var table = new KitTable(caption, new("Setting", Numeric: false), new("This run", Numeric: false), new("Published", Numeric: false));
        foreach (var (name, here, published) in rows)
        {
            table.Row(name, here == published.Text ? here : new KitCell(here).Bold(),
                published.Footnote > 0 || published.Text == "not stated" ? published : published.Published().See(1));
        }
        return table;
    }

    /// <summary>Adds a row.</summary>
    /// <param name="cells">A cell a column.</param>
    /// <returns>This table.</returns>
    /// <exception cref="IntraDistillException">There are not as many cells as columns.</exception>
    public KitTable Row(params KitCell[] cells)
    {
        if (cells.Length != columns.Length)
            throw new IntraDistillException(
                $"a row of {cells.Length} cells; expected {columns.Length}, one for each column of '{caption}'");
        _rows.Add(cells);
        return this;
    }

    /// <summary>Adds a numbered footnote, such as a source.</summary>
    /// <returns>This table.</returns>
    public KitTable Note(string text)
    {
        _notes.Add(text);
        return this;
    }

    private bool HasPublished => _rows.Any(row => row.Any(cell => cell.IsPublished));

    // Neighbouring columns of one group, and how many they are.
    private IEnumerable<(string? Group, int Count)> Groups()
    {
        for (int i = 0, end; i < columns.Length; i = end)
        {
            for (end = i + 1; end < columns.Length && columns[i].Group is not null && columns[end].Group == columns[i].Group;)
                end++;
            yield return (columns[i].Group, end - i);
        }
    }

    /// <summary>The table as HTML that needs no style sheet.</summary>
    public string ToHtml()
    {
        StringBuilder html = new();
        html.Append("<table style=\"border-collapse:collapse;font-variant-numeric:tabular-nums\">\n");
        html.Append("<caption style=\"text-align:left;font-weight:600;padding:4px 8px\">")
            .Append(WebUtility.HtmlEncode(caption)).Append("</caption>\n<thead>\n");
        if (columns.Any(column => column.Group is not null))
        {
            html.Append("<tr>");
            foreach ((string? group, int count) in Groups())
                html.Append($"<th colspan=\"{count}\" style=\"text-align:center;padding:3px 10px")
                    .Append(group is null ? "" : Border).Append("\">").Append(WebUtility.HtmlEncode(group)).Append("</th>");
            html.Append("</tr>\n");
        }
        html.Append("<tr>");
        foreach (KitColumn column in columns)
            html.Append($"<th style=\"text-align:{Align(column)};padding:3px 10px{Border}\">")
                .Append(WebUtility.HtmlEncode(column.Header)).Append("</th>");
        html.Append("</tr>\n</thead>\n<tbody>\n");
        foreach (KitCell[] row in _rows)
        {
            html.Append("<tr>");
            for (int i = 0; i < row.Length; i++)
                html.Append($"<td style=\"text-align:{Align(columns[i])};padding:3px 10px")
                    .Append(columns[i].Numeric ? ";white-space:nowrap" : "").Append(row[i].IsPublished ? Shade : "").Append("\">")
                    .Append(Html(row[i])).Append("</td>");
            html.Append("</tr>\n");
        }
        html.Append("</tbody>\n");
        List<string> foot = [.. _notes.Select((note, i) => $"<sup>{i + 1}</sup> {WebUtility.HtmlEncode(note)}")];
        if (HasPublished)
            foot.Insert(0, $"<i style=\"padding:0 4px{Shade}\">italic</i><sup>†</sup> {PublishedLegend}");
        if (foot.Count > 0)
            html.Append($"<tfoot><tr><td colspan=\"{columns.Length}\" style=\"text-align:left;font-size:85%;padding:5px 10px\">")
                .AppendJoin("<br>", foot).Append("</td></tr></tfoot>\n");
        return html.Append("</table>").ToString();
    }

    private static string Align(KitColumn column) => column.Numeric ? "right" : "left";

    private static string Html(KitCell cell)
    {
        string html = WebUtility.HtmlEncode(cell.Text);
        if (cell == KitCell.NotMeasured)
            html = $"<span style=\"opacity:.6\">{html}</span>";
        if (cell.IsPublished)
            html = $"<i>{html}</i><sup>†</sup>";
        if (cell.Emphasized)
            html = $"<b>{html}</b>";
        return cell.Footnote > 0 ? $"{html}<sup>{cell.Footnote}</sup>" : html;
    }

    /// <summary>The table as aligned text: <c>*emphasis*</c>, <c>†</c> for published, <c>[1]</c> for a footnote.</summary>
    public override string ToString()
    {
        string[][] lines = [[.. columns.Select(column => column.Header)], .. _rows.Select(row => row.Select(Plain).ToArray())];
        int[] widths = [.. columns.Select((_, i) => lines.Max(line => Width(line[i])))];
        (string? Group, int Count)[] groups = [.. Groups()];
        for (int group = 0, first = 0; group < groups.Length; first += groups[group++].Count)
        {
            // A group's heading may be wider than its columns: the last of them makes room.
            int room = widths.AsSpan(first, groups[group].Count).ToArray().Sum() + 2 * (groups[group].Count - 1);
            widths[first + groups[group].Count - 1] += Math.Max(0, Width(groups[group].Group ?? "") - room);
        }

        StringBuilder text = new(caption);
        text.AppendLine();
        if (groups.Any(group => group.Group is not null))
        {
            int first = 0;
            text.AppendLine(string.Join("  ", groups.Select(group =>
            {
                int room = widths.AsSpan(first, group.Count).ToArray().Sum() + 2 * (group.Count - 1);
                first += group.Count;
                int left = (room - Width(group.Group ?? "")) / 2;
                return Pad(new string(' ', left) + group.Group, room, right: false);
            })).TrimEnd());
        }
        for (int l = 0; l < lines.Length; l++)
        {
            text.AppendLine(string.Join("  ", lines[l].Select((cell, i) => Pad(cell, widths[i], columns[i].Numeric))).TrimEnd());
            if (l == 0)
                text.AppendLine(string.Join("  ", widths.Select(width => new string('-', width))));
        }
        if (HasPublished)
            text.AppendLine($"† {PublishedLegend}");
        for (int note = 0; note < _notes.Count; note++)
            text.AppendLine($"[{note + 1}] {_notes[note]}");
        return text.ToString().TrimEnd();
    }

    private static string Plain(KitCell cell)
    {
        string text = cell.Emphasized ? $"*{cell.Text}*" : cell.Text;
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

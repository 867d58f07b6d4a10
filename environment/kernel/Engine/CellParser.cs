namespace IntraDistill.Kernel.Engine;

/// <summary>What a stretch of a cell is.</summary>
internal enum CellPartKind { CSharp, Markdown, Html, Import }

/// <summary>A stretch of a cell that is of one kind.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Text">
/// The text, or the file to import. C# is padded with empty lines in place of what came before it, so that line
/// numbers are the cell's.
/// </param>
/// <param name="Line">The line of the cell at which it begins, from 1.</param>
internal sealed record CellPart(CellPartKind Kind, string Text, int Line);

/// <summary>A cell split at its <c>#!</c> lines.</summary>
/// <param name="Parts">The parts that are not empty, in order.</param>
/// <param name="Timed">Whether <c>#!time</c> asks for the cell's wall time.</param>
internal sealed record ParsedCell(IReadOnlyList<CellPart> Parts, bool Timed);

/// <summary>Splits a cell at its <c>#!</c> lines.</summary>
internal static class CellParser
{
    private static readonly Dictionary<string, CellPartKind> s_languages = new(StringComparer.Ordinal)
    {
        ["#!csharp"] = CellPartKind.CSharp,
        ["#!c#"] = CellPartKind.CSharp,
        ["#!markdown"] = CellPartKind.Markdown,
        ["#!html"] = CellPartKind.Html,
    };

    /// <summary>All magics, for those who type them.</summary>
    public static IReadOnlyList<string> Magics { get; } = [.. s_languages.Keys, "#!time", "#!import"];

    /// <summary>The language that a <c>#!</c> line switches to; null when it is of another kind.</summary>
    /// <param name="line">The line without white space around it.</param>
    public static CellPartKind? LanguageOf(string line) =>
        s_languages.TryGetValue(MagicOf(line), out CellPartKind kind) ? kind : null;

    /// <exception cref="DirectiveException">A magic that this kernel does not have.</exception>
    public static ParsedCell Parse(string cell)
    {
        var parts = new List<CellPart>();
        string[] lines = cell.ReplaceLineEndings("\n").Split('\n');
        var kind = CellPartKind.CSharp;
        int begin = 0;
        bool timed = false;

        void EndPart(int end)
        {
            string text = string.Join('\n', lines[begin..end]);
            if (!string.IsNullOrWhiteSpace(text))
                parts.Add(new CellPart(kind, kind == CellPartKind.CSharp ? new string('\n', begin) + text : text, begin + 1));
            begin = end + 1;
        }

        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (!line.StartsWith("#!", StringComparison.Ordinal))
                continue;
            string magic = MagicOf(line);
            string argument = line[magic.Length..].Trim().Trim('"');
            EndPart(i);
            if (s_languages.TryGetValue(magic, out CellPartKind language))
                kind = language;
            else if (magic == "#!time")
                timed = true;
            else if (magic != "#!import")
                throw new DirectiveException(
                    $"{magic}: no such magic; there are {string.Join(", ", Magics.SkipLast(1))} and {Magics[^1]}", i + 1);
            else if (argument.Length == 0)
                throw new DirectiveException("#!import: expected a file, as in #!import helpers.cs", i + 1);
            else
                parts.Add(new CellPart(CellPartKind.Import, argument, i + 1));
        }
        EndPart(lines.Length);
        return new ParsedCell(parts, timed);
    }

    private static string MagicOf(string line) => line.Split((char[])[' ', '\t'], 2)[0];
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace IntraDistill.Kernel.Engine;

/// <summary>What a stretch of a cell is.</summary>
internal enum CellPartKind { CSharp, Markdown, Html, JavaScript, Import, PackageSource }

/// <summary>A stretch of a cell that is of one kind.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Text">
/// The text, or the file to import, or the source of packages. C# is padded with empty lines in place of what came before it, so that
/// line numbers are the cell's.
/// </param>
/// <param name="Line">The line of the cell at which it begins, from 1.</param>
internal sealed record CellPart(CellPartKind Kind, string Text, int Line);

/// <summary>A cell split at its directives.</summary>
/// <param name="Parts">The parts that are not empty, in order.</param>
/// <param name="Timed">Whether <c>#!time</c> asks for the cell's wall time.</param>
internal sealed record ParsedCell(IReadOnlyList<CellPart> Parts, bool Timed);

/// <summary>A line of a cell, from <paramref name="Start"/> to <paramref name="End"/> without its end.</summary>
/// <param name="Start">Where it begins in the cell.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Kind">Of what language it is.</param>
/// <param name="IsDirective">Whether the engine follows it: <c>#!</c> and <c>#i</c>. <c>#r</c> and the like are the compiler's.</param>
internal readonly record struct CellLine(int Start, int End, CellPartKind Kind, bool IsDirective);

/// <summary>
/// Splits a cell at its <c>#!</c> and <c>#i</c> lines. In C# the compiler's lexer says which lines those are: in a string, a comment or
/// a part that <c>#if</c> leaves out, the same characters are text. In other languages it is those that name a magic.
/// </summary>
internal static class CellParser
{
    private static readonly Dictionary<string, CellPartKind> s_languages = new(StringComparer.Ordinal)
    {
        ["#!csharp"] = CellPartKind.CSharp,
        ["#!c#"] = CellPartKind.CSharp,
        ["#!markdown"] = CellPartKind.Markdown,
        ["#!html"] = CellPartKind.Html,
        ["#!javascript"] = CellPartKind.JavaScript,
        ["#!js"] = CellPartKind.JavaScript,
    };

    /// <summary>All magics, for those who type them.</summary>
    public static IReadOnlyList<string> Magics { get; } = [.. s_languages.Keys, "#!time", "#!import"];

    /// <summary>The lines of a cell; of one that cannot be run, too.</summary>
    public static List<CellLine> Lines(string cell)
    {
        var lines = new List<CellLine>();
        var kind = CellPartKind.CSharp;
        HashSet<int> directives = DirectivesOf(cell, 0);
        for (int start = 0; ;)
        {
            int end = EndOfLine(cell, start);
            string magic = MagicOf(cell[start..end].Trim());
            bool isDirective = kind == CellPartKind.CSharp ? directives.Contains(start) : Magics.Contains(magic);
            lines.Add(new CellLine(start, end, kind, isDirective));
            if (end == cell.Length)
                return lines;
            start = end + (cell[end] == '\r' && end + 1 < cell.Length && cell[end + 1] == '\n' ? 2 : 1);
            if (!isDirective || !s_languages.TryGetValue(magic, out CellPartKind next) || next == kind)
                continue;
            kind = next;
            if (kind == CellPartKind.CSharp)
                directives = DirectivesOf(cell, start);
        }
    }

    /// <summary>Splits a cell.</summary>
    /// <exception cref="DirectiveException">A directive that this kernel does not have, or that cannot be read.</exception>
    public static ParsedCell Parse(string cell)
    {
        var parts = new List<CellPart>();
        List<CellLine> lines = Lines(cell);
        int begin = 0;
        bool timed = false;

        void EndPart(int end)
        {
            string text = string.Join('\n', lines[begin..end].Select(line => cell[line.Start..line.End]));
            if (!string.IsNullOrWhiteSpace(text))
                parts.Add(new CellPart(lines[begin].Kind,
                    lines[begin].Kind == CellPartKind.CSharp ? new string('\n', begin) + text : text, begin + 1));
            begin = end + 1;
        }

        for (int i = 0; i < lines.Count; i++)
        {
            if (!lines[i].IsDirective)
                continue;
            string line = cell[lines[i].Start..lines[i].End].Trim(), magic = MagicOf(line);
            string argument = line[magic.Length..].Trim().Trim('"');
            EndPart(i);
            switch (magic)
            {
                case "#!time":
                    timed = true;
                    break;
                case "#!import" when argument.Length > 0:
                    parts.Add(new CellPart(CellPartKind.Import, argument, i + 1));
                    break;
                case "#i" when argument.StartsWith("nuget:", StringComparison.OrdinalIgnoreCase) && argument.Length > "nuget:".Length:
                    parts.Add(new CellPart(CellPartKind.PackageSource, argument["nuget:".Length..].Trim(), i + 1));
                    break;
                case "#!import":
                    throw new DirectiveException("#!import: expected a file, as in #!import helpers.cs", i + 1);
                case "#i":
                    throw new DirectiveException("#i: expected a source of packages, as in #i \"nuget: ../feed\"", i + 1);
                case "#!mermaid":
                    throw new DirectiveException("#!mermaid: this kernel has no mermaid; a markdown cell or #!html shows a picture", i + 1);
                default:
                    if (!s_languages.ContainsKey(magic))
                        throw new DirectiveException(
                            $"{magic}: no such magic; there are {string.Join(", ", Magics.SkipLast(1))} and {Magics[^1]}", i + 1);
                    break;
            }
        }
        EndPart(lines.Count);
        return new ParsedCell(parts, timed);
    }

    private static string MagicOf(string line) => line.Split((char[])[' ', '\t', '"'], 2)[0];

    // Where the lines begin that the lexer takes for directives and that are not the compiler's.
    private static HashSet<int> DirectivesOf(string cell, int from)
    {
        string code = cell[from..];
        if (!code.Contains("#!", StringComparison.Ordinal) && !code.Contains("#i", StringComparison.Ordinal))
            return [];
        return [.. SyntaxFactory.ParseTokens(code, options: Submission.ParseOptions)
            .SelectMany(token => token.LeadingTrivia.Concat(token.TrailingTrivia))
            .Where(trivia => trivia.GetStructure() is DirectiveTriviaSyntax { IsActive: true } directive && directive.ToString() is var text
                && (text.StartsWith("#!", StringComparison.Ordinal) || MagicOf(text) == "#i"))
            .Select(trivia => from + StartOfLine(code, trivia.SpanStart))];
    }

    private const string EndsOfLines = "\r\n\f\u0085\u2028\u2029";   // those that string.ReplaceLineEndings knows

    private static int EndOfLine(string text, int start)
    {
        int length = text.AsSpan(start).IndexOfAny(EndsOfLines);
        return length < 0 ? text.Length : start + length;
    }

    private static int StartOfLine(string text, int at) => text.AsSpan(0, at).LastIndexOfAny(EndsOfLines) + 1;
}

using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Language;

/// <summary>
/// A cell as the C# compiler may see it: <c>#!</c> lines and parts in other languages are blanked out, character by
/// character, so that positions stay what they are in the cell.
/// </summary>
internal sealed class CellText
{
    private CellText(string code, bool inCode, int lineStart)
    {
        Code = code;
        InCode = inCode;
        LineStart = lineStart;
    }

    /// <summary>The C#, as long as the cell.</summary>
    public string Code { get; }

    /// <summary>Whether the cursor stands in C# rather than in text or on a <c>#!</c> line.</summary>
    public bool InCode { get; }

    /// <summary>Where the cursor's line begins.</summary>
    public int LineStart { get; }

    /// <summary>Reads a cell; one that cannot be run, too.</summary>
    public static CellText Read(string cell, int cursor)
    {
        char[] code = cell.ToCharArray();
        var kind = CellPartKind.CSharp;
        bool inCode = false;
        int lineStart = 0, start = 0;
        while (true)
        {
            int end = EndOfLine(cell, start);
            ReadOnlySpan<char> line = cell.AsSpan(start, end - start);
            bool isMagic = line.TrimStart().StartsWith("#!", StringComparison.Ordinal);
            if (isMagic && CellParser.LanguageOf(line.Trim().ToString()) is { } language)
                kind = language;
            bool isCode = !isMagic && kind == CellPartKind.CSharp;
            if (!isCode)
                code.AsSpan(start, end - start).Fill(' ');
            if (cursor >= start)
            {
                lineStart = start;
                inCode = isCode;
            }
            if (end == cell.Length)
                return new CellText(new string(code), inCode, lineStart);
            start = end + (cell[end] == '\r' && end + 1 < cell.Length && cell[end + 1] == '\n' ? 2 : 1);
        }
    }

    // The same ends of lines as string.ReplaceLineEndings knows, with which the engine splits a cell.
    private static int EndOfLine(string text, int start)
    {
        int length = text.AsSpan(start).IndexOfAny("\r\n\f\u0085\u2028\u2029");
        return length < 0 ? text.Length : start + length;
    }
}

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
        List<CellLine> lines = CellParser.Lines(cell);
        foreach (CellLine line in lines.Where(line => !IsCode(line)))
            code.AsSpan(line.Start, line.End - line.Start).Fill(' ');
        CellLine at = lines.Last(line => line.Start <= cursor);
        return new CellText(new string(code), IsCode(at), at.Start);

        static bool IsCode(CellLine line) => line.Kind == CellPartKind.CSharp && !line.IsDirective;
    }
}

namespace IntraDistill.Kernel.Language;

/// <summary>Positions in a text: Jupyter's messages count Unicode code points, .NET and Roslyn UTF-16 units.</summary>
internal static class CodePoints
{
    /// <summary>The UTF-16 index of a code point; what lies outside of the text is moved to its nearer end.</summary>
    public static int ToUtf16(string text, int codePoints)
    {
        int index = 0;
        for (int i = 0; i < codePoints && index < text.Length; i++)
            index += IsPair(text, index) ? 2 : 1;
        return index;
    }

    /// <summary>How many code points lie before a UTF-16 index; one that splits a pair counts as before the pair.</summary>
    public static int FromUtf16(string text, int index)
    {
        int end = Floor(text, index);
        int count = end;
        for (int i = 0; i < end - 1; i++)
            if (IsPair(text, i))
            {
                count--;
                i++;
            }
        return count;
    }

    /// <summary>An index moved into the text, and out of the middle of a surrogate pair.</summary>
    public static int Floor(string text, int index)
    {
        int inside = Math.Clamp(index, 0, text.Length);
        return inside > 0 && IsPair(text, inside - 1) ? inside - 1 : inside;
    }

    private static bool IsPair(string text, int index) =>
        index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]);
}

using System.Text;

namespace IntraDistill.Tasks;

/// <summary>GPT-2's words, and its way to write bytes as characters that show (openai/gpt-2, encoder.py).</summary>
internal static class ByteLevel
{
    private static readonly char[] s_characters = new char[256];
    private static readonly string[] s_contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    static ByteLevel()
    {
        // Printable characters of Latin-1 stand for themselves, the other bytes for those from U+0100 on.
        int next = 0x100;
        for (int b = 0; b < 256; b++)
            s_characters[b] = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? (char)b : (char)next++;
    }

    private enum Kind { Letter, Number, Space, Other }

    /// <summary>How a byte is written.</summary>
    public static char Character(byte b) => s_characters[b];

    /// <summary>
    /// The matches of <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c> in a text, which they
    /// cover. Over code points, as there; a .NET regular expression takes the letters beyond U+FFFF for others.
    /// </summary>
    public static IEnumerable<(int Start, int End)> Words(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            int start = i;
            int letters = text[i] == ' ' && i + 1 < text.Length ? i + 1 : i;
            if (Contraction(text, i) is int length and > 0)
                i += length;
            else if (KindAt(text, letters, out _) is Kind kind and not Kind.Space)
                i = EndOfRun(text, letters, kind, out _);
            else
            {
                i = EndOfRun(text, i, Kind.Space, out int last);
                // The last white space before a word is left to it, or is a match of its own.
                if (i < text.Length && last > start)
                    i = last;
            }
            yield return (start, i);
        }
    }

    private static int Contraction(string text, int at)
    {
        if (text[at] != '\'')
            return 0;
        foreach (string contraction in s_contractions)
            if (string.CompareOrdinal(text, at, contraction, 0, contraction.Length) == 0)
                return contraction.Length;
        return 0;
    }

    private static int EndOfRun(string text, int from, Kind kind, out int last)
    {
        last = from;
        int i = from;
        while (i < text.Length && KindAt(text, i, out int units) == kind)
        {
            last = i;
            i += units;
        }
        return i;
    }

    private static Kind KindAt(string text, int at, out int units)
    {
        Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out units);
        if (Rune.IsWhiteSpace(rune))
            return Kind.Space;
        if (Rune.IsLetter(rune))
            return Kind.Letter;
        return Rune.IsNumber(rune) ? Kind.Number : Kind.Other;
    }
}

using System.Globalization;
using System.Text;

namespace IntraDistill.Tasks;

/// <summary>
/// Cuts text into the words inside which subwords are learned and merged. The words joined are the text with one space before
/// it, as in SentencePiece: a space belongs to the word that follows it, so that a word is the same one everywhere in a
/// sentence.
/// </summary>
internal static class WordSplitter
{
    /// <summary>Longer runs are cut, which bounds the cost of a word; text in a script without spaces has such runs.</summary>
    private const int LongestWord = 48;

    private enum Kind { Letter, Digit, Kana, Han, Symbol, Space }

    /// <summary>
    /// The words of a text, none for an empty one. A word is at most one space, then a run of letters (with their marks), of
    /// digits, of one East Asian script or of symbols; other white space is a word a character.
    /// </summary>
    public static IEnumerable<string> Split(string text)
    {
        if (text.Length == 0)
            yield break;
        string all = ' ' + text;
        int start = 0, length = 0;
        Kind run = Kind.Space; // a word that holds its leading space alone
        for (int i = 0; i < all.Length;)
        {
            // A lone surrogate decodes as U+FFFD of one UTF-16 unit.
            Rune.DecodeFromUtf16(all.AsSpan(i), out Rune rune, out int units);
            Kind kind = KindOf(rune);
            bool joins = length > 0 && length < LongestWord && kind != Kind.Space
                && (kind == run || run == Kind.Space && all[start] == ' ');
            if (!joins && length > 0)
            {
                yield return all[start..i];
                (start, length) = (i, 0);
            }
            run = kind;
            length++;
            i += units;
        }
        yield return all[start..];
    }

    private static Kind KindOf(Rune rune)
    {
        int value = rune.Value;
        if (Rune.IsWhiteSpace(rune))
            return Kind.Space;
        if (value is >= 0x3040 and <= 0x30FF)
            return Kind.Kana;
        if (value is >= 0x3400 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x3FFFF)
            return Kind.Han;
        if (Rune.IsDigit(rune))
            return Kind.Digit;
        return Rune.IsLetter(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark
            ? Kind.Letter
            : Kind.Symbol;
    }
}

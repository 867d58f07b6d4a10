using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IntraDistill.Tasks;

/// <summary>The tokenizer of sacreBLEU 2.6 (Post 2018), and Python's idea of white space and lower case.</summary>
internal static partial class SacreBleuText
{
    private static readonly char[] s_spaces = [.. Enumerable.Range(0, char.MaxValue).Select(c => (char)c).Where(IsSpace)];

    [GeneratedRegex(@"([{-~\[-` -&(-+:-@/])")]
    private static partial Regex Symbols { get; }

    [GeneratedRegex(@"([^0-9])([.,])")]
    private static partial Regex PointAfterNonDigit { get; }

    [GeneratedRegex(@"([.,])([^0-9])")]
    private static partial Regex PointBeforeNonDigit { get; }

    [GeneratedRegex(@"([0-9])(-)")]
    private static partial Regex DashAfterDigit { get; }

    public static string[] Words(string segment, BleuTokenizer tokenizer) =>
        Split(tokenizer == BleuTokenizer.None ? segment : Tokenize13a(segment));

    private static string Tokenize13a(string segment)
    {
        string line = segment.TrimEnd(s_spaces).Replace("<skipped>", "").Replace("-\n", "").Replace('\n', ' ')
            .Replace("&quot;", "\"").Replace("&amp;", "&").Replace("&lt;", "<").Replace("&gt;", ">");
        line = Symbols.Replace($" {line} ", " $1 ");
        line = PointAfterNonDigit.Replace(line, "$1 $2 ");
        line = PointBeforeNonDigit.Replace(line, " $1 $2");
        return DashAfterDigit.Replace(line, "$1 $2 ");
    }

    /// <summary>Python's <c>str.isspace</c>, which counts the four ASCII separators as well.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>Python's <c>str.split()</c>: the words between white space.</summary>
    public static string[] Split(string text) => text.Split(s_spaces, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Python's <c>str.lower</c>: .NET's invariant mapping and the two rules it leaves out, İ → i̇ and Σ → ς at the end of a
    /// word.</summary>
    public static string Lower(string text)
    {
        string lower = text.ToLowerInvariant();
        if (!text.AsSpan().ContainsAny('İ', 'Σ'))
            return lower;
        StringBuilder result = new(text.Length + 4);
        for (int i = 0; i < text.Length; i++)
            if (text[i] is 'İ')
                result.Append("i\u0307");
            else
                result.Append(text[i] is 'Σ' && EndsWord(text, i) ? 'ς' : lower[i]);
        return result.ToString();
    }

    // Unicode's Final_Sigma: a cased letter before, none after, case-ignorable characters in between skipped.
    private static bool EndsWord(string text, int sigma) =>
        IsCased(text[..sigma].LastOrDefault(c => !IsCaseIgnorable(c)))
        && !IsCased(text[(sigma + 1)..].FirstOrDefault(c => !IsCaseIgnorable(c)));

    private static bool IsCased(char c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsCaseIgnorable(char c) => c is '\'' or '.' or ':' or '·' or '\u2019' or '\u2018'
        || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}

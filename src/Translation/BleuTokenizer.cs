using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IntraDistill.Tasks;

/// <summary>How BLEU cuts a segment into words; the names are sacreBLEU's.</summary>
public enum BleuTokenizer
{
    /// <summary><c>13a</c>: what mteval-v13a.pl does and WMT reports; sacreBLEU's default.</summary>
    V13a,

    /// <summary><c>none</c>: whitespace alone; for text that is tokenized already.</summary>
    None,

    /// <summary><c>intl</c>: mteval-v14's international tokenization, by Unicode categories.</summary>
    International,
}

/// <summary>The tokenizers of sacreBLEU 2.6 (Post 2018), and Python's idea of whitespace and lower case.</summary>
internal static partial class SacreTokenizers
{
    [GeneratedRegex(@"([{-~\[-` -&(-+:-@/])")]
    private static partial Regex Symbols { get; }

    [GeneratedRegex(@"([^0-9])([.,])")]
    private static partial Regex PointAfterNonDigit { get; }

    [GeneratedRegex(@"([.,])([^0-9])")]
    private static partial Regex PointBeforeNonDigit { get; }

    [GeneratedRegex(@"([0-9])(-)")]
    private static partial Regex DashAfterDigit { get; }

    /// <summary>The name in a signature.</summary>
    public static string Name(BleuTokenizer tokenizer) => tokenizer switch
    {
        BleuTokenizer.V13a => "13a",
        BleuTokenizer.None => "none",
        BleuTokenizer.International => "intl",
        _ => throw new ArgumentOutOfRangeException(nameof(tokenizer), tokenizer, "no such BLEU tokenizer"),
    };

    /// <summary>The words of a segment.</summary>
    public static List<string> Tokenize(string segment, BleuTokenizer tokenizer) => Split(tokenizer switch
    {
        BleuTokenizer.V13a => Tokenize13a(TrimEnd(segment)),
        BleuTokenizer.None => segment,
        BleuTokenizer.International => TokenizeInternational(TrimEnd(segment)),
        _ => throw new ArgumentOutOfRangeException(nameof(tokenizer), tokenizer, "no such BLEU tokenizer"),
    });

    private static string Tokenize13a(string line)
    {
        line = line.Replace("<skipped>", "").Replace("-\n", "").Replace('\n', ' ');
        line = line.Replace("&quot;", "\"").Replace("&amp;", "&").Replace("&lt;", "<").Replace("&gt;", ">");
        line = Symbols.Replace($" {line} ", " $1 ");
        line = PointAfterNonDigit.Replace(line, "$1 $2 ");
        line = PointBeforeNonDigit.Replace(line, " $1 $2");
        return DashAfterDigit.Replace(line, "$1 $2 ");
    }

    /// <remarks>
    /// By hand, since .NET's <c>\p{S}</c> sees UTF-16 units and so misses symbols beyond the basic plane (emoji).
    /// </remarks>
    private static string TokenizeInternational(string line)
    {
        Rune space = new(' ');
        List<Rune> runes = [.. line.EnumerateRunes()];
        // (\P{N})(\p{P}) → "$1 $2 ", then (\p{P})(\P{N}) → " $1 $2": pairs that do not overlap, from the left.
        runes = ReplacePairs(runes, (a, b) => !IsNumber(a) && Rune.IsPunctuation(b), (a, b) => [a, space, b, space]);
        runes = ReplacePairs(runes, (a, b) => Rune.IsPunctuation(a) && !IsNumber(b), (a, b) => [space, a, space, b]);
        StringBuilder result = new(2 * line.Length);
        foreach (Rune rune in runes)
            if (Rune.IsSymbol(rune))
                result.Append(' ').Append(rune.ToString()).Append(' ');
            else
                result.Append(rune.ToString());
        return result.ToString();
    }

    private static List<Rune> ReplacePairs(List<Rune> runes, Func<Rune, Rune, bool> matches, Func<Rune, Rune, Rune[]> replace)
    {
        List<Rune> result = new(2 * runes.Count);
        for (int i = 0; i < runes.Count; i++)
            if (i + 1 < runes.Count && matches(runes[i], runes[i + 1]))
                result.AddRange(replace(runes[i], runes[++i]));
            else
                result.Add(runes[i]);
        return result;
    }

    // Rune.IsNumber is Nd, Nl and No, as \p{N}.
    private static bool IsNumber(Rune rune) => Rune.IsNumber(rune);

    /// <summary>Python's <c>str.isspace</c>, which counts the four ASCII separators as well.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    private static string TrimEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
            end--;
        return text[..end];
    }

    /// <summary>Python's <c>str.split()</c>: the words between white space.</summary>
    public static List<string> Split(string text)
    {
        List<string> words = [];
        for (int i = 0; i < text.Length;)
        {
            while (i < text.Length && IsSpace(text[i]))
                i++;
            int start = i;
            while (i < text.Length && !IsSpace(text[i]))
                i++;
            if (i > start)
                words.Add(text[start..i]);
        }
        return words;
    }

    /// <summary>
    /// Python's <c>str.lower</c>: .NET's invariant mapping and the two rules it leaves out, İ → i̇ and Σ → ς at the
    /// end of a word.
    /// </summary>
    public static string Lower(string text)
    {
        string lower = text.ToLowerInvariant();
        if (!text.AsSpan().ContainsAny('İ', 'Σ'))
            return lower;
        StringBuilder result = new(text.Length + 4);
        for (int i = 0; i < text.Length; i++)
            if (text[i] is 'İ')
                result.Append("i\u0307");
            else if (text[i] is 'Σ' && EndsWord(text, i))
                result.Append('ς');
            else
                result.Append(lower[i]);
        return result.ToString();
    }

    // Unicode's Final_Sigma: a cased letter before, none after, case-ignorable characters in between skipped.
    private static bool EndsWord(string text, int sigma)
    {
        int before = sigma - 1, after = sigma + 1;
        while (before >= 0 && IsCaseIgnorable(text[before]))
            before--;
        while (after < text.Length && IsCaseIgnorable(text[after]))
            after++;
        return before >= 0 && IsCased(text[before]) && !(after < text.Length && IsCased(text[after]));
    }

    private static bool IsCased(char c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsCaseIgnorable(char c) => c is '\'' or '.' or ':' or '·' or '\u2019' or '\u2018'
        || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}

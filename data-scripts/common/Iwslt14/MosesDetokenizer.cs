using System.Globalization;
using System.Text;
using static IntraDistill.DataScripts.Iwslt14.PerlCharacters;

namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>
/// Makes running text of tokens as Moses' <c>detokenizer.perl -l LANG</c> does: escapes are undone, punctuation and
/// contractions go back to their words, quotation marks are opening and closing ones in turn. Immutable and safe to use from
/// several threads.
/// </summary>
public sealed class MosesDetokenizer
{
    private static readonly (string Escape, string Character)[] s_escapes =
    [
        ("&bar;", "|"), ("&#124;", "|"), ("&lt;", "<"), ("&gt;", ">"), ("&bra;", "["), ("&ket;", "]"), ("&quot;", "\""),
        ("&apos;", "'"), ("&#91;", "["), ("&#93;", "]"),
        // The last, so that "&amp;lt;" becomes "&lt;".
        ("&amp;", "&"),
    ];

    private readonly string _language;

    /// <summary>Makes the detokenizer of a language.</summary>
    /// <param name="language">One of en, ar, de, es, fa, he, it, nl, pl; English and Italian have rules of their own.</param>
    /// <exception cref="IntraDistillException">The language is none of these.</exception>
    public MosesDetokenizer(string language)
    {
        MosesLanguages.Require(language);
        _language = language;
    }

    /// <summary>The text that the tokens make.</summary>
    /// <param name="tokenized">
    /// One line of tokens with spaces between, without its line end, lower-cased or not. A blank line and one that is a
    /// single tag (<c>&lt;…&gt;</c>) come back unchanged.
    /// </param>
    public string Detokenize(string tokenized)
    {
        if (string.IsNullOrWhiteSpace(tokenized) || tokenized is ['<', _, .., '>'])
            return tokenized;

        StringBuilder text = new(tokenized.Length);
        Dictionary<string, int> quotes = new(StringComparer.Ordinal);
        string[] words = Words(tokenized);
        bool space = true;
        for (int i = 0; i < words.Length; i++)
        {
            string before = i > 0 ? words[i - 1] : "", next = i + 1 < words.Length ? words[i + 1] : "";
            (bool joinsLeft, bool joinsRight) = Joins(words[i], before, next, quotes);
            if (!joinsLeft && space)
                text.Append(' ');
            text.Append(words[i]);
            space = !joinsRight;
        }
        return Clean(text.ToString());
    }

    private static string[] Words(string tokenized)
    {
        // Aggressive hyphen splitting is undone even though the tokenizer here does none: hypotheses come from elsewhere, too.
        string text = $" {tokenized} ".Replace(" @-@ ", "-", StringComparison.Ordinal);
        foreach ((string escape, string character) in s_escapes)
            text = text.Replace(escape, character, StringComparison.Ordinal);
        return text.TrimEnd(' ').Split(' ');
    }

    /// <summary>Whether a word goes without a space before it, and the next without a space after it.</summary>
    private (bool Left, bool Right) Joins(string word, string before, string next, Dictionary<string, int> quotes)
    {
        if (IsCjk(First(word)))
            return (IsCjk(Last(before)), false);
        if (All(word, c => c is '(' or '[' or '{' or '¿' or '¡' || IsCurrency(c)))
            return (false, true);
        if (All(word, c => c is ',' or '.' or '?' or '!' or ':' or ';' or '\\' or '%' or '}' or ']' or ')'))
            return (true, false);
        if (_language == "en" && word.StartsWith('\'') && IsAlphabetic(First(word.AsSpan(1))) && IsAlphanumeric(Last(before)))
            return (true, false);
        if (_language == "it" && word.EndsWith('\'') && IsAlphabetic(Last(word.AsSpan(0, word.Length - 1)))
            && IsAlphabetic(First(next)))
            return (false, true);
        if (All(word, c => c is '\'' or '"' or '„' or '“' or '`'))
            return JoinsAsQuote(word, before, quotes);
        return (false, false);
    }

    /// <summary>Every second one of a kind closes; an English apostrophe after s is the genitive of a plural.</summary>
    private (bool Left, bool Right) JoinsAsQuote(string word, string before, Dictionary<string, int> quotes)
    {
        string kind = All(word, c => c is '„' or '“') ? "\"" : word;
        int count = quotes.GetValueOrDefault(kind);
        if (count % 2 == 0 && _language == "en" && word == "'" && before.EndsWith('s'))
            return (true, false);
        quotes[kind] = count + 1;
        return count % 2 == 0 ? (false, true) : (true, false);
    }

    /// <summary>One space where there were several, and none at the ends.</summary>
    private static string Clean(string text)
    {
        StringBuilder result = new(text.Length);
        foreach (char c in text)
            if (c != ' ' || result.Length > 0 && result[^1] != ' ')
                result.Append(c);
        return result.ToString().TrimEnd(' ');
    }

    private static bool All(string word, Func<int, bool> isOne)
    {
        foreach (Rune rune in word.EnumerateRunes())
            if (!isOne(rune.Value))
                return false;
        return word.Length > 0;
    }

    private static bool IsCurrency(int character) =>
        CharUnicodeInfo.GetUnicodeCategory(character) is UnicodeCategory.CurrencySymbol;

    /// <summary>Chinese, Japanese and Korean, by Moses' ranges.</summary>
    private static bool IsCjk(int character) => character
        is >= 0x1100 and <= 0x11FF or >= 0x2E80 and <= 0xA4CF or >= 0xA840 and <= 0xA87F or >= 0xAC00 and <= 0xD7AF
        or >= 0xF900 and <= 0xFAFF or >= 0xFE30 and <= 0xFE4F or >= 0xFF65 and <= 0xFFDC or >= 0x20000 and <= 0x2FFFF;

    private static int First(ReadOnlySpan<char> word) =>
        Rune.DecodeFromUtf16(word, out Rune rune, out _) == System.Buffers.OperationStatus.Done ? rune.Value : -1;

    private static int Last(ReadOnlySpan<char> word) =>
        Rune.DecodeLastFromUtf16(word, out Rune rune, out _) == System.Buffers.OperationStatus.Done ? rune.Value : -1;
}

using System.Text.RegularExpressions;

namespace IntraDistill.Tasks;

/// <summary>Cuts a message of any of the SDK's languages into tokens: words, placeholders and other characters.</summary>
internal static partial class MessageTokens
{
    private const string Quotes = "'\"`´‘’‚“”„«»‹›「」『』";

    /// <summary>
    /// The tokens in their order, white space left out. A token is a placeholder such as <c>{0}</c>; a word, which ends where the
    /// writing changes (Japanese has no spaces and Korean none around a foreign word's endings, but new words mostly begin where
    /// the script does); a single Han character; or any other character.
    /// </summary>
    public static string[] Of(string text) => [.. Token().Matches(text).Select(match => match.Value)];

    /// <summary>Whether the token is a quotation mark, as any of the languages writes it.</summary>
    public static bool IsQuote(string token) => token.Length == 1 && Quotes.Contains(token[0]);

    /// <summary>Whether the token is a placeholder such as <c>{0}</c> or <c>{1:N2}</c>.</summary>
    public static bool IsPlaceholder(string token) => token.Length > 2 && token[0] == '{' && char.IsAsciiDigit(token[1]);

    // An apostrophe between letters belongs to the word; a character beyond 16 bits is two surrogates.
    [GeneratedRegex(@"\{\d+[^{}]*\}|[\p{IsCJKUnifiedIdeographs}々]|\p{IsHiragana}+|\p{IsKatakana}+|\p{IsHangulSyllables}+"
        + @"|[\w-[\p{IsCJKUnifiedIdeographs}々\p{IsHiragana}\p{IsKatakana}\p{IsHangulSyllables}]]+"
        + @"(?:['’][\p{L}-[\p{IsCJKUnifiedIdeographs}\p{IsHiragana}\p{IsKatakana}\p{IsHangulSyllables}]]+)*|\p{Cs}{2}|\S")]
    private static partial Regex Token();
}

using System.Globalization;
using System.Text;

namespace IntraDistill.Tasks;

/// <summary>
/// BERT's text rules (<c>tokenization.py</c> of google-research/bert, as Hugging Face's fast tokenizer has them): control
/// characters go, white space parts words, punctuation and Chinese characters are words of their own; for uncased models
/// accents go and letters become lower-case.
/// </summary>
/// <param name="LowerCase">Whether letters become lower-case.</param>
/// <param name="StripAccents">Whether accents go.</param>
/// <param name="SplitChinese">Whether each Chinese character is a word.</param>
internal sealed record BertText(bool LowerCase, bool StripAccents, bool SplitChinese)
{
    /// <summary>Adds the words of a part of a text.</summary>
    public void Split(string text, int start, int end, AlignedText words)
    {
        for (int i = start, length; i < end; i += length)
        {
            char c = text[i];
            length = 1;
            if (char.IsAsciiLetterOrDigit(c))
            {
                words.Append(LowerCase ? char.ToLowerInvariant(c) : c, i, i + 1);
                continue;
            }
            Rune.DecodeFromUtf16(text.AsSpan(i, end - i), out Rune rune, out length);
            if (c is ' ' or '\t' or '\n' or '\r')
                words.EndWord();
            else if (IsDropped(rune))
                continue;
            else if (SplitChinese && IsChinese(rune.Value))
            {
                words.EndWord();
                AddCharacter(rune, i, i + length, words);
                words.EndWord();
            }
            else
                AddCharacter(rune, i, i + length, words);
        }
        words.EndWord();
    }

    /// <summary>Control, format and private-use characters. Unassigned ones stay, as with Hugging Face's fast tokenizer.</summary>
    private static bool IsDropped(Rune rune) => rune.Value == 0xFFFD || Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse;

    private static bool IsChinese(int value) => value is >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF
        or >= 0x20000 and <= 0x2A6DF or >= 0x2A700 and <= 0x2B73F or >= 0x2B740 and <= 0x2B81F or >= 0x2B820 and <= 0x2CEAF
        or >= 0xF900 and <= 0xFAFF or >= 0x2F800 and <= 0x2FA1F;

    /// <summary>All ASCII marks count, such as <c>$</c> and <c>^</c>, which Unicode has as symbols.</summary>
    private static bool IsPunctuation(Rune rune) => rune.IsAscii
        ? !Rune.IsLetterOrDigit(rune)
        : Rune.IsPunctuation(rune);

    private void AddCharacter(Rune character, int start, int end, AlignedText words)
    {
        foreach (Rune rune in (StripAccents ? CanonicalBases.Of(character) : character.ToString()).EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune))
            {
                words.EndWord();
                continue;
            }
            bool alone = IsPunctuation(rune);
            if (alone)
                words.EndWord();
            words.Append(LowerCase ? Lower(rune) : rune.ToString(), start, end);
            if (alone)
                words.EndWord();
        }
    }

    // The one letter whose lower case is two characters; .NET's invariant casing leaves it.
    private static string Lower(Rune rune) => rune.Value == 'İ' ? "i\u0307" : Rune.ToLowerInvariant(rune).ToString();
}

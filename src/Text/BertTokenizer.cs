using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Json;
using WordPieces = Microsoft.ML.Tokenizers.WordPieceTokenizer;

namespace IntraDistill.Tasks;

/// <summary>BERT's tokenizer: words by BERT's text rules, pieces by WordPiece (Microsoft.ML.Tokenizers): the longest piece of the
/// vocabulary, again and again; <c>[UNK]</c> for a word that does not come out, or has more than 100 characters.</summary>
/// <remarks>Ids and offsets are those of Hugging Face's fast tokenizer. Of Microsoft.ML.Tokenizers only the pieces of a word are taken:
/// its own BERT rules give no offsets into the original text, and accents stay where globalization is invariant.</remarks>
public sealed class BertTokenizer : PretrainedTokenizer
{
    internal const string VocabularyName = "vocab.txt";

    private const string ConfigName = "tokenizer_config.json";
    private const string LowerCaseKey = "do_lower_case", StripAccentsKey = "strip_accents", SplitChineseKey = "tokenize_chinese_chars";
    private const int LongestWord = 100;

    private readonly WordPieces _pieces;
    private readonly BertText _text;

    /// <summary>Makes a tokenizer of a vocabulary that has the special tokens and nothing twice.</summary>
    internal BertTokenizer(string[] tokens, BertText text) : base(SpecialTokens.Bert, tokens)
    {
        _text = text;
        using MemoryStream vocabulary = new(Encoding.UTF8.GetBytes(string.Join('\n', tokens)));
        // A limit of UTF-16 units there, of characters here.
        _pieces = WordPieces.Create(vocabulary, new() { MaxInputCharsPerWord = 2 * LongestWord });
    }

    /// <summary>Whether text is taken in lower case and without accents.</summary>
    public bool LowerCase => _text.LowerCase;

    /// <summary>Writes <c>vocab.txt</c> and <c>tokenizer_config.json</c>, each whole or not at all.</summary>
    /// <param name="folder">Made where it is not there.</param>
    /// <exception cref="IntraDistillException">They cannot be written.</exception>
    public void Save(string folder)
    {
        string config = JsonSerializer.Serialize(new Dictionary<string, object>
        {
            [LowerCaseKey] = _text.LowerCase,
            [StripAccentsKey] = _text.StripAccents,
            [SplitChineseKey] = _text.SplitChinese,
            ["tokenizer_class"] = "BertTokenizer",
        });
        VocabularyFile.Write(Path.Combine(folder, ConfigName), config + '\n');
        VocabularyFile.Write(Path.Combine(folder, VocabularyName), string.Concat(Tokens.Select(token => token + '\n')));
    }

    internal static BertTokenizer Read(string folder)
    {
        string[] tokens = ReadVocabulary(Path.Combine(folder, VocabularyName));
        return new BertTokenizer(tokens, ReadText(Path.Combine(folder, ConfigName), tokens));
    }

    private protected override void Normalize(string text, int start, int end, bool spaceBefore, AlignedText words) =>
        _text.Split(text, start, end, words);

    private protected override Piece[] Cut(string word) => word.Length > LongestWord && word.EnumerateRunes().Count() > LongestWord
        ? [new Piece(UnkId, 0, word.Length)]
        : Cut(_pieces, word);

    /// <summary>A piece a line, whose id is the line's number less one.</summary>
    private static string[] ReadVocabulary(string path)
    {
        string[] tokens = VocabularyFile.ReadLines(path);
        Dictionary<string, int> ids = new(tokens.Length, StringComparer.Ordinal);
        for (int i = 0; i < tokens.Length; i++)
        {
            if (tokens[i].Length == 0)
                throw VocabularyFile.Error(path, i + 1, "expected a piece, got an empty line");
            if (!ids.TryAdd(tokens[i], i))
                throw VocabularyFile.Error(path, i + 1, $"'{tokens[i]}' is there twice, first in line {ids[tokens[i]] + 1}");
        }
        VocabularyFile.RequireSpecials(path, tokens.Length, SpecialTokens.Bert, ids);
        return tokens;
    }

    /// <summary>The text rules of a tokenizer_config.json; what it does not say is as in Hugging Face's BERT. Without a word on case, a
    /// vocabulary is cased when lower-casing would change a piece.</summary>
    private static BertText ReadText(string path, string[] tokens)
    {
        JsonElement config = File.Exists(path) ? VocabularyFile.ReadJson(path) : JsonElement.Parse("{}");
        bool lower = Given(LowerCaseKey) ?? !tokens.Any(IsCased);
        return new BertText(lower, Given(StripAccentsKey) ?? lower, Given(SplitChineseKey) ?? true);

        bool? Given(string name) => !config.TryGetProperty(name, out JsonElement value) ? null : value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
            _ => throw VocabularyFile.Error(path, 0, $"expected true or false as {name}, got {value.GetRawText()}"),
        };

        // Special and unused tokens ([CLS], [unused5]) are no text.
        static bool IsCased(string token) => token[0] != '[' && token != token.ToLowerInvariant();
    }
}

/// <summary>BERT's text rules (<c>tokenization.py</c> of google-research/bert, as Hugging Face's fast tokenizer has them): control
/// characters go, white space parts words, punctuation is a word of its own and, if asked for, each Chinese character; for uncased models
/// accents go and letters become lower-case.</summary>
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
            bool parts = c is ' ' or '\t' or '\n' or '\r', alone = SplitChinese && IsChinese(rune.Value);
            if (parts || alone)
                words.EndWord();
            if (!parts && !IsDropped(rune))
                AddCharacter(rune, i, i + length, words);
            if (alone)
                words.EndWord();
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
    private static bool IsPunctuation(Rune rune) => rune.IsAscii ? !Rune.IsLetterOrDigit(rune) : Rune.IsPunctuation(rune);

    private void AddCharacter(Rune character, int start, int end, AlignedText words)
    {
        foreach (Rune rune in (StripAccents ? CanonicalBases.Of(character) : character.ToString()).EnumerateRunes())
        {
            bool parts = Rune.IsWhiteSpace(rune), alone = IsPunctuation(rune);
            if (parts || alone)
                words.EndWord();
            if (!parts)
                words.Append(LowerCase ? Lower(rune) : rune.ToString(), start, end);
            if (alone)
                words.EndWord();
        }
    }

    // The one letter whose lower case is two characters; .NET's invariant casing leaves it.
    private static string Lower(Rune rune) => rune.Value == 'İ' ? "i\u0307" : Rune.ToLowerInvariant(rune).ToString();
}

/// <summary>Characters without their accents: the canonical decomposition (NFD) less its nonspacing marks. The table is the kit's own
/// because <see cref="string.Normalize()"/> returns its text unchanged where globalization is invariant.</summary>
internal static class CanonicalBases
{
    private const int FirstHangul = 0xAC00, LastHangul = 0xD7A3, Vowels = 21, Finals = 28;

    private static readonly FrozenDictionary<Rune, string> s_bases = Read();

    /// <summary>What is left of a character: most often itself, nothing of a nonspacing mark, the letters of a Hangul syllable.</summary>
    public static string Of(Rune rune)
    {
        if (s_bases.TryGetValue(rune, out string? bases))
            return bases;
        if (rune.Value is >= FirstHangul and <= LastHangul)
            return Letters(rune.Value - FirstHangul);
        return Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark ? "" : rune.ToString();
    }

    /// <summary>The Unicode standard, section 3.12: a syllable's letters by arithmetic.</summary>
    private static string Letters(int syllable)
    {
        char initial = (char)(0x1100 + syllable / (Vowels * Finals)), vowel = (char)(0x1161 + syllable / Finals % Vowels);
        int final = syllable % Finals;
        return final == 0 ? $"{initial}{vowel}" : $"{initial}{vowel}{(char)(0x11A7 + final)}";
    }

    private static FrozenDictionary<Rune, string> Read()
    {
        using StreamReader reader = new(typeof(CanonicalBases).Assembly.GetManifestResourceStream("canonical-bases.txt")!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#')
            .Select(line => line.Split(' ')).SelectMany(parts => parts[1].EnumerateRunes().Select(rune => (Rune: rune, Base: parts[0])))
            .ToFrozenDictionary(pair => pair.Rune, pair => pair.Base);
    }
}

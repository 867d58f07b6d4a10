using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Bpe = Microsoft.ML.Tokenizers.BpeTokenizer;

namespace IntraDistill.Tasks;

/// <summary>RoBERTa's tokenizer: GPT-2's words, written as bytes, cut by byte-pair encoding (Microsoft.ML.Tokenizers). Every text can
/// be spelled, so <c>&lt;unk&gt;</c> comes out only where a text has it written.</summary>
/// <remarks>Ids are those of Hugging Face's tokenizer, with a space thought before each word of <c>EncodeWords</c> (its
/// <c>add_prefix_space</c>); so are offsets, except that white space before <c>&lt;mask&gt;</c> is left out. The library's time
/// for a word grows faster than its length: a run of 100,000 letters takes minutes.</remarks>
internal sealed class RobertaTokenizer : PretrainedTokenizer
{
    public const string VocabularyName = "vocab.json", MergesName = "merges.txt";

    private readonly Bpe _bpe;

    // Bytes are written as characters before, which gives each its place in the text.
    private RobertaTokenizer(string[] tokens, Bpe bpe) : base(SpecialTokens.Roberta, tokens) => _bpe = bpe;

    public static RobertaTokenizer Read(string folder)
    {
        (string[] tokens, Dictionary<string, int> ids) = ReadVocabulary(Path.Combine(folder, VocabularyName));
        return new(tokens, Bpe.Create(new(ids) { Merges = ReadMerges(Path.Combine(folder, MergesName), ids) }));
    }

    private protected override void Normalize(string text, int start, int end, bool spaceBefore, AlignedText words)
    {
        bool prefix = spaceBefore && text[start] != ' ';
        string part = prefix ? " " + text[start..end] : text[start..end];
        int shift = prefix ? start - 1 : start;
        Span<byte> bytes = stackalloc byte[4];
        foreach ((int wordStart, int wordEnd) in ByteLevel.Words(part))
        {
            for (int i = wordStart, units; i < wordEnd; i += units)
            {
                Rune.DecodeFromUtf16(part.AsSpan(i), out Rune rune, out units);
                // A space has no span of its own, see AlignedText.
                int from = part[i] == ' ' ? i + 1 : i;
                foreach (byte b in bytes[..rune.EncodeToUtf8(bytes)])
                    words.Append(ByteLevel.Character(b), shift + from, shift + i + units);
            }
            words.EndWord();
        }
    }

    private protected override Piece[] Cut(string word) => Cut(_bpe, word);

    /// <summary>The pieces in the order of their ids, and the id of each.</summary>
    private static (string[] Tokens, Dictionary<string, int> Ids) ReadVocabulary(string path)
    {
        byte[] json = VocabularyFile.ReadBytes(path);
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        Utf8JsonReader reader = new(json);
        try
        {
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                throw Bad(reader.TokenStartIndex, "expected a JSON object of pieces and their ids");
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                string token = reader.GetString()!;
                if (!reader.Read() || reader.TokenType is not JsonTokenType.Number || !reader.TryGetInt32(out int id) || id < 0)
                    throw Bad(reader.TokenStartIndex, $"expected the id of '{token}', a whole number from 0");
                if (!ids.TryAdd(token, id))
                    throw Bad(reader.TokenStartIndex, $"'{token}' is there twice");
            }
            reader.Read();
        }
        catch (JsonException e)
        {
            throw VocabularyFile.NoJson(path, e);
        }
        catch (InvalidOperationException)
        {
            throw Bad(reader.TokenStartIndex, "expected a piece in UTF-8");
        }

        string[] tokens = new string[ids.Count];
        foreach ((string token, int id) in ids)
        {
            if (id >= tokens.Length || tokens[id] is { })
                throw Bad(json.Length, $"'{token}' has the id {id}; expected each of 0 to {ids.Count - 1} once");
            tokens[id] = token;
        }
        VocabularyFile.RequireSpecials(path, VocabularyFile.LineOf(json, json.Length), SpecialTokens.Roberta, ids);
        for (int b = 0; b < 256; b++)
            if (!ids.ContainsKey(ByteLevel.Character((byte)b).ToString()))
                throw Bad(json.Length, $"the file ends without '{ByteLevel.Character((byte)b)}', the byte {b}");
        return (tokens, ids);

        IntraDistillException Bad(long index, string message) => VocabularyFile.Error(path, VocabularyFile.LineOf(json, index), message);
    }

    /// <summary>A merge a line, left and right between a space, in the order of rank.</summary>
    private static List<string> ReadMerges(string path, Dictionary<string, int> ids)
    {
        string[] lines = VocabularyFile.ReadLines(path);
        HashSet<string> known = new(StringComparer.Ordinal);
        // The heading; a merge may begin with # as well.
        int first = lines is [{ } heading, ..] && heading.StartsWith("#version", StringComparison.Ordinal) ? 1 : 0;
        for (int i = first; i < lines.Length; i++)
        {
            if (lines[i].Split(' ') is not [{ Length: > 0 } left, { Length: > 0 } right])
                throw VocabularyFile.Error(path, i + 1, "expected a merge: two pieces with a space between");
            foreach (string piece in new[] { left, right, left + right })
                if (!ids.ContainsKey(piece))
                    throw VocabularyFile.Error(path, i + 1, $"'{piece}' is not in vocab.json");
            if (!known.Add(lines[i]))
                throw VocabularyFile.Error(path, i + 1, "this merge is there twice");
        }
        return [.. lines[first..]];
    }
}

/// <summary>GPT-2's words, and its way to write bytes as characters that show (openai/gpt-2, encoder.py).</summary>
internal static partial class ByteLevel
{
    private static readonly char[] s_characters = new char[256];

    static ByteLevel()
    {
        // Printable characters of Latin-1 stand for themselves, the other bytes for those from U+0100 on.
        int next = 0x100;
        for (int b = 0; b < 256; b++)
            s_characters[b] = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? (char)b : (char)next++;
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Pattern { get; }

    /// <summary>How a byte is written.</summary>
    public static char Character(byte b) => s_characters[b];

    /// <summary>The words of a text, which they cover.</summary>
    public static IEnumerable<(int Start, int End)> Words(string text)
    {
        // The pattern is over code points, .NET's over UTF-16 units: those of a character beyond U+FFFF are made ones of its kind.
        StringBuilder units = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            units.Append(rune.IsBmp ? (char)rune.Value : Kind(rune), rune.Utf16SequenceLength);
        return Pattern.Matches(units.ToString()).Select(match => (match.Index, match.Index + match.Length));

        static char Kind(Rune rune) => Rune.IsLetter(rune) ? 'a' : Rune.IsNumber(rune) ? '0' : '!';
    }
}

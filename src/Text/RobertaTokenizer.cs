using System.Text;
using System.Text.Json;
using Bpe = Microsoft.ML.Tokenizers.BpeTokenizer;

namespace IntraDistill.Tasks;

/// <summary>
/// RoBERTa's tokenizer: GPT-2's words, written as bytes, cut by byte-pair encoding (Microsoft.ML.Tokenizers). Every text can
/// be spelled, so <c>&lt;unk&gt;</c> comes out only where a text has it written.
/// </summary>
/// <remarks>
/// Ids are those of Hugging Face's tokenizer, with a space thought before each word of <c>EncodeWords</c> (its
/// <c>add_prefix_space</c>); so are offsets, except that white space before <c>&lt;mask&gt;</c> is left out. The library's time
/// for a word grows faster than its length: a run of 100,000 letters takes minutes.
/// </remarks>
internal sealed class RobertaTokenizer : PretrainedTokenizer
{
    private readonly Bpe _bpe;

    public RobertaTokenizer(string folder) : this(BpeFiles.Read(folder)) { }

    private RobertaTokenizer(BpeFiles files) : base(SpecialTokens.Roberta, files.Tokens, name => files.Ids[name])
    {
        // Bytes are written as characters here already, which gives each its place in the text.
        _bpe = Bpe.Create(new(files.Ids) { Merges = files.Merges });
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

    private protected override Piece[] Cut(string word)
    {
        var tokens = _bpe.EncodeToTokens(word, out _, considerPreTokenization: false, considerNormalization: false);
        return [.. tokens.Select(token => new Piece(token.Id, token.Offset.Start.Value, token.Offset.End.Value))];
    }
}

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

/// <summary>A byte-level BPE vocabulary: <c>vocab.json</c> (piece to id) and <c>merges.txt</c> (a merge a line, in the order of rank).</summary>
/// <param name="Tokens">The pieces in the order of their ids.</param>
/// <param name="Ids">The id of each piece.</param>
/// <param name="Merges">The merges, left and right between a space.</param>
internal sealed record BpeFiles(string[] Tokens, Dictionary<string, int> Ids, List<string> Merges)
{
    public const string VocabularyName = "vocab.json", MergesName = "merges.txt";

    /// <summary>Reads the two files of a folder.</summary>
    public static BpeFiles Read(string folder)
    {
        (string[] tokens, Dictionary<string, int> ids) = ReadVocabulary(Path.Combine(folder, VocabularyName));
        return new BpeFiles(tokens, ids, ReadMerges(Path.Combine(folder, MergesName), ids));
    }

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

        int lines = VocabularyFile.LineOf(json, json.Length);
        string[] tokens = new string[ids.Count];
        foreach ((string token, int id) in ids)
        {
            if (id >= tokens.Length || tokens[id] is { })
                throw VocabularyFile.Error(path, lines, $"'{token}' has the id {id}; expected each of 0 to {ids.Count - 1} once");
            tokens[id] = token;
        }
        VocabularyFile.RequireSpecials(path, lines, SpecialTokens.Roberta, ids);
        for (int b = 0; b < 256; b++)
            if (!ids.ContainsKey(ByteLevel.Character((byte)b).ToString()))
                throw VocabularyFile.Error(path, lines, $"the file ends without '{ByteLevel.Character((byte)b)}', the byte {b}");
        return (tokens, ids);

        IntraDistillException Bad(long index, string message) => VocabularyFile.Error(path, VocabularyFile.LineOf(json, index), message);
    }

    private static List<string> ReadMerges(string path, Dictionary<string, int> ids)
    {
        string[] lines = VocabularyFile.ReadLines(path);
        List<string> merges = new(lines.Length);
        HashSet<string> known = new(StringComparer.Ordinal);
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            // The heading; a merge may begin with # as well.
            if (i == 0 && line.StartsWith("#version", StringComparison.Ordinal))
                continue;
            string[] parts = line.Split(' ');
            if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length == 0)
                throw VocabularyFile.Error(path, i + 1, "expected a merge: two pieces with a space between");
            foreach (string piece in new[] { parts[0], parts[1], parts[0] + parts[1] })
                if (!ids.ContainsKey(piece))
                    throw VocabularyFile.Error(path, i + 1, $"'{piece}' is not in vocab.json");
            if (!known.Add(line))
                throw VocabularyFile.Error(path, i + 1, "this merge is there twice");
            merges.Add(line);
        }
        return merges;
    }
}

using System.Text;
using Google.Protobuf;
using Microsoft.ML.Tokenizers;

namespace IntraDistill.Tasks;

/// <summary>
/// XLM-R's tokenizer: text normalized as SentencePiece does it, words cut into the likeliest pieces of a Unigram model
/// (Microsoft.ML.Tokenizers), ids in fairseq's order: <c>&lt;s&gt;</c> 0, <c>&lt;pad&gt;</c> 1, <c>&lt;/s&gt;</c> 2,
/// <c>&lt;unk&gt;</c> 3, every other piece its own id plus 1, <c>&lt;mask&gt;</c> last.
/// </summary>
/// <remarks>
/// Pieces are those of SentencePiece's own <c>spm_encode</c>, which Hugging Face's slow tokenizer calls. The fast one normalizes
/// grapheme by grapheme and so differs in rare text, such as a combining mark after a letter that the model composes.
/// </remarks>
internal sealed class XlmRobertaTokenizer : PretrainedTokenizer
{
    public const string ModelName = "sentencepiece.bpe.model";

    private const int FairseqOffset = 1;

    private readonly SentencePieceTokenizer _unigram;
    private readonly SentencePieceText _text;

    public XlmRobertaTokenizer(string path) : this(SentencePieceModel.Read(path)) { }

    private XlmRobertaTokenizer(SentencePieceModel model)
        : base(SpecialTokens.Roberta, FairseqTokens(model.Pieces), name => FairseqId(name, model.Pieces.Count)) =>
        (_unigram, _text) = (model.Unigram, new SentencePieceText(model));

    private protected override void Normalize(string text, int start, int end, bool spaceBefore, AlignedText words) =>
        _text.Split(text, start, end, words);

    private protected override Piece[] Cut(string word)
    {
        List<Piece> pieces = [];
        foreach (EncodedToken token in _unigram.EncodeToTokens(word, out _, addBeginningOfSentence: false,
            addEndOfSentence: false, considerPreTokenization: false, considerNormalization: false))
        {
            int id = token.Id == SentencePieceModel.UnkId ? UnkId : token.Id + FairseqOffset;
            // SentencePiece makes one unknown piece of several in a row.
            if (id == UnkId && pieces.Count > 0 && pieces[^1].Id == UnkId)
                pieces[^1] = pieces[^1] with { End = token.Offset.End.Value };
            else
                pieces.Add(new Piece(id, token.Offset.Start.Value, token.Offset.End.Value));
        }
        return [.. pieces];
    }

    private static string[] FairseqTokens(IReadOnlyList<string> pieces) =>
        ["<s>", "<pad>", "</s>", "<unk>", .. pieces.Skip(SentencePieceModel.Controls), "<mask>"];

    private static int FairseqId(string name, int pieces) => name switch
    {
        "<s>" => 0,
        "<pad>" => 1,
        "</s>" => 2,
        "<unk>" => 3,
        _ => pieces + FairseqOffset,
    };
}

/// <summary>
/// SentencePiece's normalization (normalizer.cc): the longest prefix that the model's table knows is replaced, again and again;
/// runs of spaces become one, those at the two ends go, and each word begins with ▁.
/// </summary>
internal sealed class SentencePieceText(SentencePieceModel model)
{
    /// <summary>Adds the words of a part of a text.</summary>
    public void Split(string text, int start, int end, AlignedText words)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text, start, end - start);
        bool afterSpace = true;
        for (int at = start, atByte = 0; at < end;)
        {
            (string replaced, int units, int taken) = NormalizePrefix(text, at, bytes, atByte);
            foreach (char unit in replaced)
            {
                bool space = unit == ' ';
                if (!space && afterSpace)
                {
                    words.EndWord();
                    words.Append(SentencePieceModel.Space, at, at);
                }
                if (!space)
                    words.Append(unit, at, at + units);
                afterSpace = space;
            }
            at += units;
            atByte += taken;
        }
        words.EndWord();
    }

    /// <summary>The replacement of the longest known prefix, or the next character itself.</summary>
    private (string Replaced, int Units, int Bytes) NormalizePrefix(string text, int at, byte[] bytes, int atByte)
    {
        (int value, int taken) = LongestPrefix(bytes.AsSpan(atByte));
        if (taken == 0)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out int units);
            return (rune.ToString(), units, rune.Utf8SequenceLength);
        }
        if (!model.Normalized.TryGetValue(value, out string? replaced))
            throw model.Bad($"the normalization table has no string at {value}");
        return (replaced, Encoding.UTF8.GetCharCount(bytes, atByte, taken), taken);
    }

    /// <summary>Walks the trie, a Darts-clone double array: each unit has a label, an offset, and a flag that a value follows.</summary>
    private (int Value, int Length) LongestPrefix(ReadOnlySpan<byte> key)
    {
        uint[] trie = model.Trie;
        (int Value, int Length) longest = default;
        if (trie.Length == 0)
            return longest;
        uint node = Offset(trie[0]);
        for (int i = 0; i < key.Length; i++)
        {
            node ^= key[i];
            if (node >= trie.Length || (trie[node] & 0x800000FF) != key[i])
                break;
            uint unit = trie[node];
            node ^= Offset(unit);
            if ((unit >> 8 & 1) == 1 && node < trie.Length)
                longest = ((int)(trie[node] & 0x7FFFFFFF), i + 1);
        }
        return longest;

        static uint Offset(uint unit) => unit >> 10 << (int)((unit & 1u << 9) >> 6);
    }
}

/// <summary>
/// What a SentencePiece model file holds (sentencepiece_model.proto): the pieces and the table of its normalization. Only what
/// XLM-R's has is taken: a Unigram model with <c>&lt;unk&gt;</c>, <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c> first.
/// </summary>
internal sealed class SentencePieceModel
{
    /// <summary>The id of &lt;unk&gt; in the model.</summary>
    public const int UnkId = 0;

    /// <summary>How many pieces at the beginning are not text.</summary>
    public const int Controls = 3;

    /// <summary>How a space is written: ▁.</summary>
    public const char Space = '\u2581';

    private const int Unigrams = 1;

    private readonly List<string> _pieces = [];

    private SentencePieceModel(string path)
    {
        Path = path;
        byte[] bytes = VocabularyFile.ReadBytes(path);
        try
        {
            Read(bytes);
            using MemoryStream stream = new(bytes);
            Unigram = SentencePieceTokenizer.Create(stream, addBeginningOfSentence: false, addEndOfSentence: false);
        }
        catch (Exception e) when (e is not (IntraDistillException or OutOfMemoryException))
        {
            // Of a damaged model the library says so in whatever way it stumbles over it.
            throw Bad($"expected a SentencePiece model: {VocabularyFile.OneLine(e.Message)}");
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The pieces in the order of their ids.</summary>
    public IReadOnlyList<string> Pieces => _pieces;

    /// <summary>The normalization: a trie from prefixes to places in <see cref="Normalized"/>; empty for none.</summary>
    public uint[] Trie { get; private set; } = [];

    /// <summary>What prefixes are replaced by, by its place.</summary>
    public Dictionary<int, string> Normalized { get; } = [];

    /// <summary>The model over normalized text.</summary>
    public SentencePieceTokenizer Unigram { get; }

    /// <summary>Reads a model.</summary>
    /// <exception cref="IntraDistillException">The file is missing, damaged or no such model.</exception>
    public static SentencePieceModel Read(string path) => new(path);

    /// <summary>An error of the file.</summary>
    public IntraDistillException Bad(string message) => VocabularyFile.Error(Path, 0, message);

    private void Read(byte[] bytes)
    {
        HashSet<string> known = new(StringComparer.Ordinal);
        foreach ((int field, ByteString value) in Messages(bytes))
        {
            if (field == 1)
                AddPiece(value, known);
            else if (field == 2)
                ReadTrainer(value);
            else if (field == 3)
                ReadNormalizer(value);
        }
        string[] first = [.. _pieces.Take(Controls)];
        if (first is not ["<unk>", "<s>", "</s>"])
            throw Bad($"expected the pieces <unk>, <s> and </s> first, got '{string.Join("', '", first)}'");
        foreach (string name in new[] { "<pad>", "<mask>" })
            if (known.Contains(name))
                throw Bad($"expected no piece {name}: XLM-R adds it to those of the model");
    }

    private void AddPiece(ByteString message, HashSet<string> known)
    {
        string piece = "";
        CodedInputStream input = message.CreateCodedInput();
        while (input.ReadTag() is uint tag and > 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == 1)
                piece = input.ReadString();
            else
                input.SkipLastField();
        }
        if (piece.Length == 0)
            throw Bad($"piece {_pieces.Count} is empty");
        if (!known.Add(piece))
            throw Bad($"piece {_pieces.Count}, '{piece}', is there twice");
        // Words are cut each for itself, which gives the same pieces only as long as none reaches into the next word.
        if (piece.LastIndexOf(Space) > 0)
            throw Bad($"piece {_pieces.Count}, '{piece}', has a space inside; XLM-R's pieces have one at the beginning only");
        _pieces.Add(piece);
    }

    private void ReadTrainer(ByteString message)
    {
        CodedInputStream input = message.CreateCodedInput();
        while (input.ReadTag() is uint tag and > 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) != 3)
                input.SkipLastField();
            else if (input.ReadInt32() is int type and not Unigrams)
                throw Bad($"expected a Unigram model (type {Unigrams}), got type {type}");
        }
    }

    private void ReadNormalizer(ByteString message)
    {
        CodedInputStream input = message.CreateCodedInput();
        while (input.ReadTag() is uint tag and > 0)
        {
            int field = WireFormat.GetTagFieldNumber(tag);
            if (field == 2)
                ReadTable(input.ReadBytes().Span);
            else if (field is 3 or 4 or 5 && !input.ReadBool())
                throw Bad("expected a model with add_dummy_prefix, remove_extra_whitespaces and escape_whitespaces");
            else if (field is not (3 or 4 or 5))
                input.SkipLastField();
        }
    }

    /// <summary>The table: the trie's size in bytes, the trie, then strings that end in a zero byte each.</summary>
    private void ReadTable(ReadOnlySpan<byte> table)
    {
        if (table.Length == 0)
            return;
        uint size = table.Length < 4 ? uint.MaxValue : BitConverter.ToUInt32(table);
        if (size > table.Length - 4 || size % 4 != 0)
            throw Bad($"the normalization table has {table.Length} bytes; its trie is said to have {size}");
        Trie = new uint[size / 4];
        for (int i = 0; i < Trie.Length; i++)
            Trie[i] = BitConverter.ToUInt32(table[(4 + 4 * i)..]);
        ReadOnlySpan<byte> strings = table[(4 + (int)size)..];
        for (int at = 0; at < strings.Length;)
        {
            int length = strings[at..].IndexOf((byte)0);
            if (length < 0)
                throw Bad("the normalization table ends inside a string");
            Normalized[at] = Encoding.UTF8.GetString(strings.Slice(at, length));
            at += length + 1;
        }
    }

    private static IEnumerable<(int Field, ByteString Value)> Messages(byte[] bytes)
    {
        CodedInputStream input = new(bytes);
        while (input.ReadTag() is uint tag and > 0)
        {
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                yield return (WireFormat.GetTagFieldNumber(tag), input.ReadBytes());
            else
                input.SkipLastField();
        }
    }
}

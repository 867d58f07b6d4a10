using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using Microsoft.ML.Tokenizers;

namespace IntraDistill.Tasks;

/// <summary>XLM-R's tokenizer: text normalized as SentencePiece does it, words cut into the likeliest pieces of a Unigram model
/// (Microsoft.ML.Tokenizers), ids in fairseq's order: <c>&lt;s&gt;</c> 0, <c>&lt;pad&gt;</c> 1, <c>&lt;/s&gt;</c> 2,
/// <c>&lt;unk&gt;</c> 3, every other piece its own id plus 1, <c>&lt;mask&gt;</c> last.</summary>
/// <remarks>Pieces are those of SentencePiece's own <c>spm_encode</c>, which Hugging Face's slow tokenizer calls. The fast one normalizes
/// grapheme by grapheme and so differs in rare text, such as a combining mark after a letter that the model composes.</remarks>
internal sealed class XlmRobertaTokenizer : PretrainedTokenizer
{
    public const string ModelName = "sentencepiece.bpe.model";

    private const int FairseqOffset = 1;

    private readonly SentencePieceModel _model;

    public XlmRobertaTokenizer(string path) : this(new SentencePieceModel(path)) { }

    private XlmRobertaTokenizer(SentencePieceModel model) : base(SpecialTokens.Roberta,
        ["<s>", "<pad>", "</s>", "<unk>", .. model.Pieces.Skip(SentencePieceModel.Controls), "<mask>"]) => _model = model;

    /// <summary>SentencePiece's normalization (normalizer.cc): the longest prefix that the model's table knows is replaced, again and
    /// again; runs of spaces become one, those at the two ends go, and each word begins with ▁.</summary>
    private protected override void Normalize(string text, int start, int end, bool spaceBefore, AlignedText words)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text, start, end - start);
        bool afterSpace = true;
        for (int at = start, atByte = 0; at < end;)
        {
            (string? replaced, int taken) = _model.LongestPrefix(bytes.AsSpan(atByte));
            if (replaced is null)
            {
                Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out _);
                (replaced, taken) = (rune.ToString(), rune.Utf8SequenceLength);
            }
            int after = at + Encoding.UTF8.GetCharCount(bytes, atByte, taken);
            foreach (char unit in replaced)
            {
                if (unit != ' ' && afterSpace)
                {
                    words.EndWord();
                    words.Append(SentencePieceModel.Space, at, at);
                }
                if (unit != ' ')
                    words.Append(unit, at, after);
                afterSpace = unit == ' ';
            }
            at = after;
            atByte += taken;
        }
        words.EndWord();
    }

    private protected override Piece[] Cut(string word)
    {
        List<Piece> pieces = [];
        foreach (Piece piece in Cut(_model.Unigram, word))
        {
            int id = piece.Id == SentencePieceModel.UnkId ? UnkId : piece.Id + FairseqOffset;
            // SentencePiece makes one unknown piece of several in a row.
            if (id == UnkId && pieces.Count > 0 && pieces[^1].Id == UnkId)
                pieces[^1] = pieces[^1] with { End = piece.End };
            else
                pieces.Add(piece with { Id = id });
        }
        return [.. pieces];
    }
}

/// <summary>What a SentencePiece model file holds (sentencepiece_model.proto): the pieces and the table of its normalization. Only what
/// XLM-R's has is taken: a Unigram model with <c>&lt;unk&gt;</c>, <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c> first.</summary>
internal sealed class SentencePieceModel
{
    /// <summary>The id of &lt;unk&gt; in the model.</summary>
    public const int UnkId = 0;

    /// <summary>How many pieces at the beginning are not text.</summary>
    public const int Controls = 3;

    /// <summary>How a space is written: ▁.</summary>
    public const char Space = '\u2581';

    private const int Unigrams = 1;

    private readonly string _path;
    private readonly List<string> _pieces = [];

    // The normalization: a trie from prefixes to places in the replacements, each of which ends in a zero byte.
    private uint[] _trie = [];
    private byte[] _replacements = [];

    /// <exception cref="IntraDistillException">The file is missing, damaged or no such model.</exception>
    public SentencePieceModel(string path)
    {
        _path = path;
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
            throw Bad($"expected a SentencePiece model: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>The pieces in the order of their ids.</summary>
    public IReadOnlyList<string> Pieces => _pieces;

    /// <summary>The model over normalized text.</summary>
    public SentencePieceTokenizer Unigram { get; }

    /// <summary>What the longest prefix that the table knows is replaced by, and its length in bytes; null where it knows none.</summary>
    public (string? Replacement, int Length) LongestPrefix(ReadOnlySpan<byte> text)
    {
        // A Darts-clone double array: each unit has a label, an offset, and a flag that a value follows.
        (int value, int length) = (0, 0);
        uint node = _trie.Length == 0 ? 0 : Offset(_trie[0]);
        for (int i = 0; i < text.Length; i++)
        {
            node ^= text[i];
            if (node >= _trie.Length || (_trie[node] & 0x800000FF) != text[i])
                break;
            uint unit = _trie[node];
            node ^= Offset(unit);
            if ((unit >> 8 & 1) == 1 && node < _trie.Length)
                (value, length) = ((int)(_trie[node] & 0x7FFFFFFF), i + 1);
        }
        if (length == 0)
            return (null, 0);
        if (value >= _replacements.Length)
            throw Bad($"the normalization table has no string at {value}");
        ReadOnlySpan<byte> replacement = _replacements.AsSpan(value);
        return (Encoding.UTF8.GetString(replacement[..replacement.IndexOf((byte)0)]), length);

        static uint Offset(uint unit) => unit >> 10 << (int)((unit & 1u << 9) >> 6);
    }

    private IntraDistillException Bad(string message) => VocabularyFile.Error(_path, 0, message);

    private void Read(byte[] bytes)
    {
        HashSet<string> known = new(StringComparer.Ordinal);
        foreach ((int field, _, ByteString message) in Fields(new(bytes)))
        {
            if (field == 1)
                AddPiece(Fields(message.CreateCodedInput()).LastOrDefault(one => one.Field == 1).Bytes?.ToStringUtf8() ?? "", known);
            else if (field == 2)
                CheckTrainer(message);
            else if (field == 3)
                ReadNormalizer(message);
        }
        string[] first = [.. _pieces.Take(Controls)];
        if (first is not ["<unk>", "<s>", "</s>"])
            throw Bad($"expected the pieces <unk>, <s> and </s> first, got '{string.Join("', '", first)}'");
        foreach (string name in new[] { "<pad>", "<mask>" })
            if (known.Contains(name))
                throw Bad($"expected no piece {name}: XLM-R adds it to those of the model");
    }

    private void AddPiece(string piece, HashSet<string> known)
    {
        if (piece.Length == 0)
            throw Bad($"piece {_pieces.Count} is empty");
        if (!known.Add(piece))
            throw Bad($"piece {_pieces.Count}, '{piece}', is there twice");
        // Words are cut each for itself, which gives the same pieces only as long as none reaches into the next word.
        if (piece.LastIndexOf(Space) > 0)
            throw Bad($"piece {_pieces.Count}, '{piece}', has a space inside; XLM-R's pieces have one at the beginning only");
        _pieces.Add(piece);
    }

    private void CheckTrainer(ByteString message)
    {
        foreach ((int field, long type, _) in Fields(message.CreateCodedInput()))
            if (field == 3 && type != Unigrams)
                throw Bad($"expected a Unigram model (type {Unigrams}), got type {type}");
    }

    private void ReadNormalizer(ByteString message)
    {
        foreach ((int field, long flag, ByteString table) in Fields(message.CreateCodedInput()))
        {
            if (field == 2)
                ReadTable(table.Span);
            else if (field is 3 or 4 or 5 && flag == 0)
                throw Bad("expected a model with add_dummy_prefix, remove_extra_whitespaces and escape_whitespaces");
        }
    }

    /// <summary>The table: the trie's size in bytes, the trie, then the replacements.</summary>
    private void ReadTable(ReadOnlySpan<byte> table)
    {
        if (table.Length == 0)
            return;
        uint size = table.Length < 4 ? uint.MaxValue : BitConverter.ToUInt32(table);
        if (size > table.Length - 4 || size % 4 != 0)
            throw Bad($"the normalization table has {table.Length} bytes; its trie is said to have {size}");
        _trie = MemoryMarshal.Cast<byte, uint>(table.Slice(4, (int)size)).ToArray();
        _replacements = table[(4 + (int)size)..].ToArray();
        if (_replacements is [.., not 0])
            throw Bad("the normalization table ends inside a string");
    }

    /// <summary>The fields of a message in protobuf's wire format, each a number or bytes; those of other types are passed over.</summary>
    private static IEnumerable<(int Field, long Number, ByteString Bytes)> Fields(CodedInputStream input)
    {
        while (input.ReadTag() is uint tag and > 0)
        {
            int field = WireFormat.GetTagFieldNumber(tag);
            WireFormat.WireType type = WireFormat.GetTagWireType(tag);
            if (type == WireFormat.WireType.Varint)
                yield return (field, input.ReadInt64(), ByteString.Empty);
            else if (type == WireFormat.WireType.LengthDelimited)
                yield return (field, 0, input.ReadBytes());
            else
                input.SkipLastField();
        }
    }
}

using System.Text;
using Google.Protobuf;
using Microsoft.ML.Tokenizers;

namespace IntraDistill.Tasks;

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
    /// <exception cref="SubwordFileException">The file is missing, damaged or no such model.</exception>
    public static SentencePieceModel Read(string path) => new(path);

    /// <summary>An error of the file.</summary>
    public SubwordFileException Bad(string message) => new(Path, 0, message);

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

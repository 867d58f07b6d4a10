using System.Collections.Concurrent;

namespace IntraDistill.Tasks;

/// <summary>
/// What the tokenizers of the model families have in common: special tokens, pairs, truncation, words and offsets. A family
/// normalizes text into words and cuts a word into pieces.
/// </summary>
public abstract class PretrainedTokenizer : IPretrainedTokenizer
{
    /// <summary>Words repeat (Zipf), so most are found here; beyond the bound new ones are cut anew each time.</summary>
    private const int CacheBound = 200_000;

    /// <summary>Longer words (a sentence of a script without spaces) hardly repeat.</summary>
    private const int LongestCachedWord = 48;

    private readonly SpecialTokens _special;
    private readonly string[] _tokens;
    private readonly ConcurrentDictionary<string, Piece[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Piece[]>.AlternateLookup<ReadOnlySpan<char>> _cachedWord;
    private int _cached;

    private protected PretrainedTokenizer(SpecialTokens special, string[] tokens, Func<string, int> id)
    {
        (_special, _tokens) = (special, tokens);
        (PadId, UnkId, ClsId) = (id(special.Pad), id(special.Unk), id(special.Cls));
        (SepId, MaskId) = (id(special.Sep), id(special.Mask));
        _cachedWord = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <inheritdoc/>
    public int VocabularySize => _tokens.Length;

    /// <inheritdoc/>
    public int PadId { get; }

    /// <inheritdoc/>
    public int UnkId { get; }

    /// <inheritdoc/>
    public int ClsId { get; }

    /// <inheritdoc/>
    public int SepId { get; }

    /// <inheritdoc/>
    public int MaskId { get; }

    /// <summary>The tokens in the order of their ids.</summary>
    private protected IReadOnlyList<string> Tokens => _tokens;

    /// <summary>Reads the tokenizer of a model's folder, laid out as on the Hugging Face Hub.</summary>
    /// <param name="folder">
    /// Holds one of: <c>vocab.txt</c> (BERT; <c>tokenizer_config.json</c> says whether it is cased, without it the vocabulary
    /// itself does); <c>vocab.json</c> and <c>merges.txt</c> (RoBERTa); <c>sentencepiece.bpe.model</c> (XLM-R).
    /// <c>tokenizer.json</c> is not read.
    /// </param>
    /// <exception cref="SubwordFileException">A file is not what it should be; the message names file and line.</exception>
    /// <exception cref="IntraDistillException">The folder holds none of these vocabularies, or several.</exception>
    public static PretrainedTokenizer Load(string folder)
    {
        bool bert = Holds(BertFiles.Vocabulary), roberta = Holds(BpeFiles.VocabularyName) || Holds(BpeFiles.MergesName),
            xlmr = Holds(XlmRobertaTokenizer.ModelName);
        return (bert, roberta, xlmr) switch
        {
            (true, false, false) => BertTokenizer.Read(folder),
            (false, true, false) => new RobertaTokenizer(folder),
            (false, false, true) => new XlmRobertaTokenizer(Path.Combine(folder, XlmRobertaTokenizer.ModelName)),
            _ => throw new IntraDistillException($"{folder}: expected one vocabulary, either vocab.txt, or vocab.json and "
                + $"merges.txt, or sentencepiece.bpe.model; there {(bert || roberta || xlmr ? "are several" : "is none")}"),
        };

        bool Holds(string name) => File.Exists(Path.Combine(folder, name));
    }

    /// <inheritdoc/>
    public string Token(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, VocabularySize);
        return _tokens[id];
    }

    /// <inheritdoc/>
    public EncodedText Encode(string text, string? pair, int maxLength)
    {
        int room = Room(maxLength, pair is null ? 2 : 2 + _special.SepsBetween);
        List<SourcePiece> first = [], second = [];
        AddPieces(text, word: null, first);
        if (pair is null)
        {
            Truncate(first, room);
            return Assemble(first, null, words: false);
        }
        AddPieces(pair, word: null, second);
        (int firstLength, int secondLength) = LongestFirst(first.Count, second.Count, room);
        Truncate(first, firstLength);
        Truncate(second, secondLength);
        return Assemble(first, second, words: false);
    }

    /// <inheritdoc/>
    public EncodedText EncodeWords(IReadOnlyList<string> words, int maxLength)
    {
        int room = Room(maxLength, 2);
        List<SourcePiece> pieces = [];
        for (int i = 0; i < words.Count; i++)
            AddPieces(words[i], i, pieces);
        Truncate(pieces, room);
        return Assemble(pieces, null, words: true);
    }

    /// <summary>Normalizes a part of a text that holds no special token and cuts it into words.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the part begins.</param>
    /// <param name="end">The index after its last unit.</param>
    /// <param name="spaceBefore">Whether the part is (of) a word before which a space is to be thought.</param>
    /// <param name="words">Takes the words.</param>
    private protected abstract void Normalize(string text, int start, int end, bool spaceBefore, AlignedText words);

    /// <summary>Cuts a normalized word into pieces, with their places in the word's units.</summary>
    private protected abstract Piece[] Cut(string word);

    private static void Truncate(List<SourcePiece> pieces, int length)
    {
        if (pieces.Count > length)
            pieces.RemoveRange(length, pieces.Count - length);
    }

    /// <summary>The lengths to which a pair is cut.</summary>
    private static (int First, int Second) LongestFirst(int first, int second, int room)
    {
        if (first + second <= room)
            return (first, second);
        (int shorter, int longer) = (int.Min(first, second), int.Max(first, second));
        (shorter, longer) = 2 * shorter <= room ? (shorter, room - shorter) : (room / 2, room - room / 2);
        return first > second ? (longer, shorter) : (shorter, longer);
    }

    private static int Room(int maxLength, int specials) => maxLength >= specials
        ? maxLength - specials
        : throw new IntraDistillException($"maxLength is {maxLength}; {specials} special tokens stand around the text, so at "
            + $"least {specials} is needed");

    private static void RequireWhole(string text, int? word)
    {
        for (int i = text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff'); i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                throw new IntraDistillException($"{(word is null ? "the text" : $"word {word}")} has half of a surrogate pair "
                    + $"(U+{(int)text[i]:X4}) at index {i}; whole Unicode characters are needed");
            i++;
        }
    }

    private void AddPieces(string text, int? word, List<SourcePiece> pieces)
    {
        RequireWhole(text, word);
        int at = 0;
        while (_special.Find(text, at) is (int start, string name))
        {
            int end = start;
            while (_special.MaskTakesSpace && name == _special.Mask && end > at && char.IsWhiteSpace(text[end - 1]))
                end--;
            AddWords(text, at, end, word, pieces);
            at = start + name.Length;
            pieces.Add(new SourcePiece(SpecialId(name), new TextSpan(start, at), word ?? -1));
        }
        AddWords(text, at, text.Length, word, pieces);
    }

    private void AddWords(string text, int start, int end, int? word, List<SourcePiece> pieces)
    {
        if (start == end)
            return;
        AlignedText normalized = new();
        Normalize(text, start, end, spaceBefore: word is not null, normalized);
        foreach ((int wordStart, int wordEnd) in normalized.Words)
            foreach (Piece piece in CachedCut(normalized.Units(wordStart, wordEnd)))
                pieces.Add(new SourcePiece(
                    piece.Id, normalized.Origin(wordStart + piece.Start, wordStart + piece.End), word ?? -1));
    }

    private Piece[] CachedCut(ReadOnlySpan<char> word)
    {
        if (word.Length > LongestCachedWord)
            return Cut(word.ToString());
        if (_cachedWord.TryGetValue(word, out Piece[]? pieces))
            return pieces;
        string key = word.ToString();
        pieces = Cut(key);
        if (_cached < CacheBound && _cache.TryAdd(key, pieces))
            Interlocked.Increment(ref _cached);
        return pieces;
    }

    private int SpecialId(string name) =>
        name == _special.Pad ? PadId : name == _special.Unk ? UnkId : name == _special.Cls ? ClsId
        : name == _special.Sep ? SepId : MaskId;

    private EncodedText Assemble(List<SourcePiece> first, List<SourcePiece>? second, bool words)
    {
        int length = 2 + first.Count + (second is null ? 0 : _special.SepsBetween + second.Count);
        int[] ids = new int[length], types = new int[length], sources = new int[length];
        int[]? wordOf = words ? new int[length] : null;
        TextSpan[] offsets = new TextSpan[length];
        int next = 0;

        Add(new SourcePiece(ClsId, default, -1), 0, -1);
        foreach (SourcePiece piece in first)
            Add(piece, 0, 0);
        Add(new SourcePiece(SepId, default, -1), 0, -1);
        if (second is not null)
        {
            for (int i = 1; i < _special.SepsBetween; i++)
                Add(new SourcePiece(SepId, default, -1), 0, -1);
            foreach (SourcePiece piece in second)
                Add(piece, _special.PairType, 1);
            Add(new SourcePiece(SepId, default, -1), _special.PairType, -1);
        }
        return new EncodedText(ids, types, sources, offsets, wordOf);

        void Add(SourcePiece piece, int type, int source)
        {
            (ids[next], types[next], sources[next], offsets[next]) = (piece.Id, type, source, piece.Span);
            if (wordOf is not null)
                wordOf[next] = piece.Word;
            next++;
        }
    }

    /// <summary>A piece of a normalized word: its id and its place in the word.</summary>
    private protected readonly record struct Piece(int Id, int Start, int End);

    private readonly record struct SourcePiece(int Id, TextSpan Span, int Word);
}

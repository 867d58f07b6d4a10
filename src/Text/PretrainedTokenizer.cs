using System.Collections.Concurrent;

namespace IntraDistill.Tasks;

/// <summary>
/// The tokenizer of a pretrained encoder: what its text must go through so that its embeddings are looked up by the ids that
/// they were trained with. Immutable and safe to use from several threads. <see cref="PretrainedTokenizer.Load"/> makes one.
/// </summary>
public interface IPretrainedTokenizer
{
    /// <summary>How many ids there are: ids are in [0, VocabularySize).</summary>
    int VocabularySize { get; }

    /// <summary>The id that fills short rows of a batch: [PAD] or &lt;pad&gt;.</summary>
    int PadId { get; }

    /// <summary>The id of what the vocabulary cannot spell: [UNK] or &lt;unk&gt;.</summary>
    int UnkId { get; }

    /// <summary>The id before the first text, whose state stands for the sequence: [CLS] or &lt;s&gt;.</summary>
    int ClsId { get; }

    /// <summary>The id after each text: [SEP] or &lt;/s&gt;.</summary>
    int SepId { get; }

    /// <summary>The id that masked language modelling hides a piece with: [MASK] or &lt;mask&gt;.</summary>
    int MaskId { get; }

    /// <summary>A piece as its vocabulary writes it: <c>##ing</c>, <c>Ġthe</c>, <c>▁the</c>, <c>[MASK]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in [0, <see cref="VocabularySize"/>).</exception>
    string Token(int id);

    /// <summary>The pieces of a text, or of a pair of texts, between the special tokens of the model.</summary>
    /// <param name="text">The text. A special token written in it, such as <c>[MASK]</c>, becomes that token, as with Hugging Face.</param>
    /// <param name="pair">The second text; null for a single one. An empty text is a text.</param>
    /// <param name="maxLength">
    /// How many ids at most, special tokens included. Beyond it pieces are dropped from the end of the longer text until both
    /// are equally long, then from both; of an odd number of places the longer text has one more, the second of two equally
    /// long ones (Hugging Face's <c>longest_first</c>).
    /// </param>
    /// <exception cref="IntraDistillException">
    /// The texts hold half of a surrogate pair, or <paramref name="maxLength"/> has no room for the special tokens.
    /// </exception>
    EncodedText Encode(string text, string? pair, int maxLength);

    /// <summary>The pieces of a sentence that is cut into words already, for labels that belong to words.</summary>
    /// <param name="words">
    /// The words. Each is encoded as if a space stood before it; one with nothing to encode in it (empty, blank, control
    /// characters alone) has no piece.
    /// </param>
    /// <param name="maxLength">How many ids at most, special tokens included; pieces beyond it are dropped.</param>
    /// <returns>The encoding, with <see cref="EncodedText.Words"/>; offsets count within a piece's word.</returns>
    /// <exception cref="IntraDistillException">As for <see cref="Encode"/>.</exception>
    EncodedText EncodeWords(IReadOnlyList<string> words, int maxLength);
}

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
    /// <exception cref="IntraDistillException">
    /// A file is not what it should be; the message names file and line. Or the folder holds none of these vocabularies, or several.
    /// </exception>
    public static PretrainedTokenizer Load(string folder)
    {
        bool bert = Holds(BertTokenizer.VocabularyName), roberta = Holds(BpeFiles.VocabularyName) || Holds(BpeFiles.MergesName),
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
        SourcePiece cls = new(ClsId, default, -1), sep = new(SepId, default, -1);
        List<(SourcePiece Piece, int Type, int Source)> all = [(cls, 0, -1), .. first.Select(piece => (piece, 0, 0)), (sep, 0, -1)];
        if (second is not null)
        {
            all.AddRange(Enumerable.Repeat((sep, 0, -1), _special.SepsBetween - 1));
            all.AddRange(second.Select(piece => (piece, _special.PairType, 1)));
            all.Add((sep, _special.PairType, -1));
        }
        return new EncodedText(Of(one => one.Piece.Id), Of(one => one.Type), Of(one => one.Source), Of(one => one.Piece.Span),
            words ? Of(one => one.Piece.Word) : null);

        T[] Of<T>(Func<(SourcePiece Piece, int Type, int Source), T> part) => [.. all.Select(part)];
    }

    /// <summary>A piece of a normalized word: its id and its place in the word.</summary>
    private protected readonly record struct Piece(int Id, int Start, int End);

    private readonly record struct SourcePiece(int Id, TextSpan Span, int Word);
}

/// <summary>The special tokens of a model family and how they stand around texts.</summary>
/// <param name="Pad">Fills short rows.</param>
/// <param name="Unk">Unknown.</param>
/// <param name="Cls">Before the first text.</param>
/// <param name="Sep">After each text.</param>
/// <param name="Mask">Hides a piece.</param>
/// <param name="SepsBetween">How many of <paramref name="Sep"/> stand between the texts of a pair.</param>
/// <param name="PairType">The type id of the second text.</param>
/// <param name="MaskTakesSpace">Whether white space before a mask in text belongs to it.</param>
internal sealed record SpecialTokens(string Pad, string Unk, string Cls, string Sep, string Mask,
    int SepsBetween, int PairType, bool MaskTakesSpace)
{
    public static readonly SpecialTokens Bert = new("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", 1, 1, false);
    public static readonly SpecialTokens Roberta = new("<pad>", "<unk>", "<s>", "</s>", "<mask>", 2, 0, true);

    /// <summary>All of them, in the order of BERT's vocabularies.</summary>
    public IReadOnlyList<string> Names { get; } = [Pad, Unk, Cls, Sep, Mask];

    /// <summary>Finds the first special token that is written in a text.</summary>
    /// <returns>Where it begins and which it is; null when there is none.</returns>
    public (int Start, string Name)? Find(string text, int from)
    {
        // All begin with one bracket, of a kind or the other.
        for (int at = from; (at = text.IndexOf(Pad[0], at)) >= 0; at++)
        {
            foreach (string name in Names)
                if (string.CompareOrdinal(text, at, name, 0, name.Length) == 0)
                    return (at, name);
        }
        return null;
    }
}

/// <summary>Normalized text cut into words, each of its UTF-16 units with the part of the original text that it comes from.</summary>
internal sealed class AlignedText
{
    private readonly List<(int Start, int End)> _words = [];
    private char[] _units = new char[256];
    private TextSpan[] _spans = new TextSpan[256];
    private int _length, _wordStart;

    /// <summary>The words as ranges of units, none of them empty.</summary>
    public IReadOnlyList<(int Start, int End)> Words => _words;

    /// <summary>Adds a unit to the current word.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="start">Where its origin begins.</param>
    /// <param name="end">Where its origin ends; a unit that stands for white space has an empty one.</param>
    public void Append(char unit, int start, int end)
    {
        if (_length == _units.Length)
        {
            Array.Resize(ref _units, 2 * _length);
            Array.Resize(ref _spans, 2 * _length);
        }
        _units[_length] = unit;
        _spans[_length++] = new TextSpan(start, end);
    }

    /// <summary>Adds the units of a string that have one origin.</summary>
    public void Append(ReadOnlySpan<char> units, int start, int end)
    {
        foreach (char unit in units)
            Append(unit, start, end);
    }

    /// <summary>What comes next is in another word.</summary>
    public void EndWord()
    {
        if (_length > _wordStart)
            _words.Add((_wordStart, _length));
        _wordStart = _length;
    }

    /// <summary>Units as text.</summary>
    public ReadOnlySpan<char> Units(int start, int end) => _units.AsSpan(start, end - start);

    /// <summary>The part of the original text behind some units, without the white space before it.</summary>
    public TextSpan Origin(int start, int end)
    {
        while (start < end - 1 && _spans[start].Start == _spans[start].End)
            start++;
        return new TextSpan(_spans[start].Start, _spans[end - 1].End);
    }
}

using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace IntraDistill.Tasks;

/// <summary>The tokenizer of a pretrained encoder: what its text must go through so that its embeddings are looked up by the ids that
/// they were trained with. Immutable and safe to use from several threads. <see cref="Load"/> makes one.</summary>
public abstract class PretrainedTokenizer
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly SpecialTokens _special;
    private readonly Dictionary<string, int> _specialIds;
    private readonly WordCache<Piece> _cache;

    private protected PretrainedTokenizer(SpecialTokens special, string[] tokens)
    {
        (_special, Tokens, _cache) = (special, tokens, new(Cut));
        _specialIds = special.Names.ToDictionary(name => name, name => Array.IndexOf(tokens, name));
    }

    /// <summary>How many ids there are: ids are in [0, VocabularySize).</summary>
    public int VocabularySize => Tokens.Length;

    /// <summary>The id that fills short rows of a batch: [PAD] or &lt;pad&gt;.</summary>
    public int PadId => _specialIds[_special.Pad];

    /// <summary>The id of what the vocabulary cannot spell: [UNK] or &lt;unk&gt;.</summary>
    public int UnkId => _specialIds[_special.Unk];

    /// <summary>The id before the first text, whose state stands for the sequence: [CLS] or &lt;s&gt;.</summary>
    public int ClsId => _specialIds[_special.Cls];

    /// <summary>The id after each text: [SEP] or &lt;/s&gt;.</summary>
    public int SepId => _specialIds[_special.Sep];

    /// <summary>The id that masked language modelling hides a piece with: [MASK] or &lt;mask&gt;.</summary>
    public int MaskId => _specialIds[_special.Mask];

    /// <summary>The tokens in the order of their ids.</summary>
    private protected string[] Tokens { get; }

    /// <summary>Reads the tokenizer of a model's folder, laid out as on the Hugging Face Hub.</summary>
    /// <param name="folder">Holds one of: <c>vocab.txt</c> (BERT; <c>tokenizer_config.json</c> says whether it is cased, without it the
    /// vocabulary itself does); <c>vocab.json</c> and <c>merges.txt</c> (RoBERTa); <c>sentencepiece.bpe.model</c> (XLM-R).
    /// <c>tokenizer.json</c> is not read.</param>
    /// <exception cref="IntraDistillException">A file is not what it should be; the message names file and line. Or the folder holds
    /// none of these vocabularies, or several.</exception>
    public static PretrainedTokenizer Load(string folder)
    {
        bool bert = Holds(BertTokenizer.VocabularyName), xlmr = Holds(XlmRobertaTokenizer.ModelName),
            roberta = Holds(RobertaTokenizer.VocabularyName) || Holds(RobertaTokenizer.MergesName);
        return (bert, roberta, xlmr) switch
        {
            (true, false, false) => BertTokenizer.Read(folder),
            (false, true, false) => RobertaTokenizer.Read(folder),
            (false, false, true) => new XlmRobertaTokenizer(Path.Combine(folder, XlmRobertaTokenizer.ModelName)),
            _ => throw new IntraDistillException($"{folder}: expected one vocabulary, either vocab.txt, or vocab.json and "
                + $"merges.txt, or sentencepiece.bpe.model; there {(bert || roberta || xlmr ? "are several" : "is none")}"),
        };

        bool Holds(string name) => File.Exists(Path.Combine(folder, name));
    }

    /// <summary>A piece as its vocabulary writes it: <c>##ing</c>, <c>Ġthe</c>, <c>▁the</c>, <c>[MASK]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in [0, <see cref="VocabularySize"/>).</exception>
    public string Token(int id) => (uint)id < Tokens.Length ? Tokens[id] : throw new ArgumentOutOfRangeException(nameof(id), id, null);

    /// <summary>The pieces of a text, or of a pair of texts, between the special tokens of the model.</summary>
    /// <param name="text">The text. A special token written in it, such as <c>[MASK]</c>, becomes that token, as with Hugging Face.</param>
    /// <param name="pair">The second text; null for a single one. An empty text is a text.</param>
    /// <param name="maxLength">How many ids at most, special tokens included. Beyond it pieces are dropped from the end of the longer
    /// text until both are equally long, then from both; of an odd number of places the longer text has one more, the second of two
    /// equally long ones (Hugging Face's <c>longest_first</c>).</param>
    /// <exception cref="IntraDistillException">The texts hold half of a surrogate pair, or <paramref name="maxLength"/> has no room for
    /// the special tokens.</exception>
    public EncodedText Encode(string text, string? pair, int maxLength)
    {
        int room = Room(maxLength, pair is null ? 2 : 2 + _special.SepsBetween);
        List<SourcePiece> first = Pieces(text, word: null), second = pair is null ? [] : Pieces(pair, word: null);
        (int firstLength, int secondLength) = LongestFirst(first.Count, second.Count, room);
        return Assemble(first[..firstLength], pair is null ? null : second[..secondLength], words: false);
    }

    /// <summary>The pieces of a sentence that is cut into words already, for labels that belong to words.</summary>
    /// <param name="words">Each is encoded as if a space stood before it; one with nothing to encode in it (empty, blank, control
    /// characters alone) has no piece.</param>
    /// <param name="maxLength">How many ids at most, special tokens included; pieces beyond it are dropped.</param>
    /// <returns>The encoding, with <see cref="EncodedText.Words"/>; offsets count within a piece's word.</returns>
    /// <exception cref="IntraDistillException">As for <see cref="Encode"/>.</exception>
    public EncodedText EncodeWords(IReadOnlyList<string> words, int maxLength)
    {
        int room = Room(maxLength, 2);
        List<SourcePiece> pieces = [.. words.SelectMany((word, i) => Pieces(word, i))];
        return Assemble(pieces[..int.Min(pieces.Count, room)], null, words: true);
    }

    /// <summary>Normalizes <c>text[start..end]</c>, which holds no special token, and adds its words; <c>spaceBefore</c> where it is (of) a
    /// word before which a space is to be thought.</summary>
    private protected abstract void Normalize(string text, int start, int end, bool spaceBefore, AlignedText words);

    /// <summary>Cuts a normalized word into pieces, with their places in the word's units.</summary>
    private protected abstract Piece[] Cut(string word);

    private protected static Piece[] Cut(Tokenizer tokenizer, string word) =>
        [.. tokenizer.EncodeToTokens(word, out _, considerPreTokenization: false, considerNormalization: false)
            .Select(token => new Piece(token.Id, token.Offset.Start.Value, token.Offset.End.Value))];

    /// <summary>The lengths to which a pair is cut.</summary>
    private static (int First, int Second) LongestFirst(int first, int second, int room)
    {
        if (first + second <= room)
            return (first, second);
        int shorter = int.Min(int.Min(first, second), room / 2);
        return first > second ? (room - shorter, shorter) : (shorter, room - shorter);
    }

    private static int Room(int maxLength, int specials) => maxLength >= specials
        ? maxLength - specials
        : throw new IntraDistillException($"maxLength is {maxLength}; {specials} special tokens stand around the text, so at "
            + $"least {specials} is needed");

    private List<SourcePiece> Pieces(string text, int? word)
    {
        RequireWhole(text, word);
        List<SourcePiece> pieces = [];
        int at = 0;
        while (_special.Find(text, at) is (int start, string name))
        {
            int end = start;
            while (_special.MaskTakesSpace && name == _special.Mask && end > at && char.IsWhiteSpace(text[end - 1]))
                end--;
            AddWords(at, end);
            at = start + name.Length;
            pieces.Add(new(_specialIds[name], new TextSpan(start, at), word ?? -1));
        }
        AddWords(at, text.Length);
        return pieces;

        void AddWords(int start, int end)
        {
            if (start == end)
                return;
            AlignedText normalized = new();
            Normalize(text, start, end, spaceBefore: word is not null, normalized);
            foreach ((int from, int to) in normalized.Words)
                foreach (Piece piece in _cache.Cut(normalized.Units(from, to)))
                    pieces.Add(new(piece.Id, normalized.Origin(from + piece.Start, from + piece.End), word ?? -1));
        }
    }

    private static void RequireWhole(string text, int? word)
    {
        try
        {
            s_strict.GetByteCount(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new IntraDistillException($"{(word is null ? "the text" : $"word {word}")} has half of a surrogate pair "
                + $"(U+{(int)e.CharUnknown:X4}) at index {e.Index}; whole Unicode characters are needed", e);
        }
    }

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

/// <summary>The special tokens of a model family and how they stand around texts: how many of <c>Sep</c> between those of a pair, the
/// type id of the second, and whether white space before a mask in text belongs to it.</summary>
internal sealed record SpecialTokens(string Pad, string Unk, string Cls, string Sep, string Mask,
    int SepsBetween, int PairType, bool MaskTakesSpace)
{
    public static readonly SpecialTokens Bert = new("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", 1, 1, false);
    public static readonly SpecialTokens Roberta = new("<pad>", "<unk>", "<s>", "</s>", "<mask>", 2, 0, true);

    private readonly SearchValues<string> _any = SearchValues.Create([Pad, Unk, Cls, Sep, Mask], StringComparison.Ordinal);

    /// <summary>All of them, in the order of BERT's vocabularies.</summary>
    public IReadOnlyList<string> Names { get; } = [Pad, Unk, Cls, Sep, Mask];

    /// <summary>Where the first special token that is written in a text begins and which it is; null when there is none.</summary>
    public (int Start, string Name)? Find(string text, int from)
    {
        int at = text.AsSpan(from).IndexOfAny(_any);
        return at < 0 ? null : (from + at, Names.First(name => text.AsSpan(from + at).StartsWith(name)));
    }
}

/// <summary>Normalized text cut into words, each of its UTF-16 units with the part of the original text that it comes from.</summary>
internal sealed class AlignedText
{
    private readonly List<char> _units = [];
    private readonly List<TextSpan> _spans = [];
    private readonly List<(int Start, int End)> _words = [];
    private int _wordStart;

    /// <summary>The words as ranges of units, none of them empty.</summary>
    public IReadOnlyList<(int Start, int End)> Words => _words;

    /// <summary>Adds units of one origin to the current word; that of a unit that stands for white space is empty.</summary>
    public void Append(ReadOnlySpan<char> units, int start, int end)
    {
        foreach (char unit in units)
            Append(unit, start, end);
    }

    public void Append(char unit, int start, int end)
    {
        _units.Add(unit);
        _spans.Add(new(start, end));
    }

    public void EndWord()
    {
        if (_units.Count > _wordStart)
            _words.Add((_wordStart, _units.Count));
        _wordStart = _units.Count;
    }

    public ReadOnlySpan<char> Units(int start, int end) => CollectionsMarshal.AsSpan(_units)[start..end];

    /// <summary>The part of the original text behind some units, without the white space before it.</summary>
    public TextSpan Origin(int start, int end)
    {
        while (start < end - 1 && _spans[start].Start == _spans[start].End)
            start++;
        return new TextSpan(_spans[start].Start, _spans[end - 1].End);
    }
}

/// <summary>What words are cut into. Words repeat (Zipf), so most are found; beyond the bound, and where one is long (a sentence of a
/// script without spaces), they are cut anew each time.</summary>
internal sealed class WordCache<T>(Func<string, T[]> cut)
{
    private const int Bound = 200_000, LongestWord = 48;

    private readonly ConcurrentDictionary<string, T[]> _known = new(StringComparer.Ordinal);
    private int _count;

    public T[] Cut(ReadOnlySpan<char> word)
    {
        if (_known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out T[]? pieces))
            return pieces;
        string text = word.ToString();
        pieces = cut(text);
        if (text.Length <= LongestWord && _count < Bound && _known.TryAdd(text, pieces))
            Interlocked.Increment(ref _count);
        return pieces;
    }
}

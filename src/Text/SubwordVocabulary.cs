using System.Globalization;
using System.Text;

namespace IntraDistill.Tasks;

/// <summary>Subwords and the merges that make them from characters. Immutable and safe to use from several threads.</summary>
/// <remarks>Decoding gives back the encoded text exactly, spaces and line ends included, as long as its characters are known; an unknown
/// one comes back as U+2047 (⁇). Ids: four special ones, then the characters, then the merged symbols.</remarks>
public sealed class SubwordVocabulary
{
    /// <summary>The id that fills short rows of a batch.</summary>
    public const int PadId = 0;

    /// <summary>The id before the first of a sentence.</summary>
    public const int BosId = 1;

    /// <summary>The id after the last of a sentence.</summary>
    public const int EosId = 2;

    /// <summary>The id of a character that is not in the vocabulary.</summary>
    public const int UnkId = 3;

    private readonly List<string> _tokens = ["<pad>", "<s>", "</s>", "<unk>"];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Left, int Right), Merging> _merges = [];
    private readonly WordCache<int> _cache;

    /// <summary>Makes a vocabulary; every merge joins characters or results of earlier merges.</summary>
    internal SubwordVocabulary(IReadOnlyList<string> characters, IReadOnlyList<(string Left, string Right)> merges)
    {
        (Characters, Merges, _cache) = (characters, merges, new(EncodeWord));
        foreach (string symbol in characters.Concat(merges.Select(merge => merge.Left + merge.Right)))
            if (_ids.TryAdd(symbol, _tokens.Count))
                _tokens.Add(symbol);
        foreach ((string left, string right) in merges)
            _merges.Add((_ids[left], _ids[right]), new((_ids[left], _ids[right]), _merges.Count, _ids[left + right]));
    }

    /// <summary>How many ids there are, special ones included: ids are in [0, Size).</summary>
    public int Size => _tokens.Count;

    /// <summary>The characters in the order of their ids, the one that begins a word (a space) among them.</summary>
    internal IReadOnlyList<string> Characters { get; }

    /// <summary>The merges in the order in which they were learned.</summary>
    internal IReadOnlyList<(string Left, string Right)> Merges { get; }

    /// <summary>The subword of an id in [0, <see cref="Size"/>) to look at, with its space shown as ▁; special ids have names such as
    /// <c>&lt;pad&gt;</c>.</summary>
    public string Token(int id) => _tokens[id].Replace(' ', '▁');

    /// <summary>The ids of a text, without BOS and EOS; none for an empty text.</summary>
    public int[] Encode(string text) => [.. WordSplitter.Split(text).SelectMany(word => _cache.Cut(word))];

    /// <summary>The text of ids; pad, BOS and EOS count for nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in [0, <see cref="Size"/>).</exception>
    public string Decode(IEnumerable<int> ids)
    {
        string text = string.Concat(ids.Select(id => id is PadId or BosId or EosId ? "" : id == UnkId ? "\u2047" : _tokens[id]));
        // Encoding put one space before the text.
        return text.StartsWith(' ') ? text[1..] : text;
    }

    internal static IEnumerable<(int Left, int Right)> Pairs(int[] symbols) => symbols.Zip(symbols.Skip(1));

    /// <summary>The symbols with every occurrence of a pair, from the left, replaced by one symbol.</summary>
    internal static int[] Merge(int[] symbols, (int Left, int Right) pair, int id)
    {
        List<int> merged = new(symbols.Length);
        for (int i = 0; i < symbols.Length; i++)
        {
            bool here = symbols[i] == pair.Left && i + 1 < symbols.Length && symbols[i + 1] == pair.Right;
            merged.Add(here ? id : symbols[i]);
            if (here)
                i++;
        }
        return [.. merged];
    }

    /// <summary>Applies the earliest-learned of the merges that fit until none does.</summary>
    private int[] EncodeWord(string word)
    {
        int[] symbols = [.. word.EnumerateRunes().Select(rune => _ids.GetValueOrDefault(rune.ToString(), UnkId))];
        while (Pairs(symbols).Select(pair => _merges.GetValueOrDefault(pair)).OfType<Merging>().MinBy(merge => merge.Rank) is { } merge)
            symbols = Merge(symbols, merge.Pair, merge.Id);
        return symbols;
    }

    private sealed record Merging((int Left, int Right) Pair, int Rank, int Id);
}

/// <summary>Cuts text into the words inside which subwords are learned and merged. The words joined are the text with one space before it,
/// as in SentencePiece: a space belongs to the word that follows it, so that a word is the same one everywhere in a sentence.</summary>
internal static class WordSplitter
{
    /// <summary>Longer runs are cut, which bounds the cost of a word; text in a script without spaces has such runs.</summary>
    private const int LongestWord = 48;

    private enum Kind { Letter, Digit, Kana, Han, Symbol, Space }

    /// <summary>The words of a text, none for an empty one. A word is at most one space, then a run of letters (with their marks), of
    /// digits, of one East Asian script or of symbols; other white space is a word a character.</summary>
    public static IEnumerable<string> Split(string text)
    {
        if (text.Length == 0)
            yield break;
        string all = ' ' + text;
        int start = 0, length = 0;
        Kind run = Kind.Space; // a word that holds its leading space alone
        for (int i = 0; i < all.Length;)
        {
            // A lone surrogate decodes as U+FFFD of one UTF-16 unit.
            Rune.DecodeFromUtf16(all.AsSpan(i), out Rune rune, out int units);
            Kind kind = KindOf(rune);
            bool joins = length > 0 && length < LongestWord && kind != Kind.Space
                && (kind == run || run == Kind.Space && all[start] == ' ');
            if (!joins && length > 0)
            {
                yield return all[start..i];
                (start, length) = (i, 0);
            }
            run = kind;
            length++;
            i += units;
        }
        yield return all[start..];
    }

    private static Kind KindOf(Rune rune) => rune.Value switch
    {
        _ when Rune.IsWhiteSpace(rune) => Kind.Space,
        >= 0x3040 and <= 0x30FF => Kind.Kana,
        >= 0x3400 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x3FFFF => Kind.Han,
        _ when Rune.IsDigit(rune) => Kind.Digit,
        _ when Rune.IsLetter(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark => Kind.Letter,
        _ => Kind.Symbol,
    };
}

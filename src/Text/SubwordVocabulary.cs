using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace IntraDistill.Tasks;

/// <summary>Subwords and the merges that make them from characters. Immutable and safe to use from several threads.</summary>
/// <remarks>
/// Decoding gives back the encoded text exactly, spaces and line ends included, as long as its characters are known; an
/// unknown one comes back as U+2047 (⁇). Ids: four special ones, then the characters, then the merged symbols.
/// </remarks>
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

    private const int FirstCharacterId = 4;
    private const string UnknownText = "\u2047";

    /// <summary>Words repeat (Zipf), so most are found here; beyond the bound new ones are encoded anew each time.</summary>
    private const int CacheBound = 200_000;

    private readonly List<string> _tokens = ["<pad>", "<s>", "</s>", "<unk>"];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges = [];
    private readonly List<(string Left, string Right)> _mergeList = [];
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);

    /// <summary>Makes a vocabulary; every merge joins characters or results of earlier merges.</summary>
    internal SubwordVocabulary(IReadOnlyList<string> characters, IReadOnlyList<(string Left, string Right)> merges)
    {
        foreach (string character in characters)
            AddToken(character);
        CharacterCount = characters.Count;
        foreach ((string left, string right) in merges)
        {
            string merged = left + right;
            if (!_ids.TryGetValue(merged, out int id))
                id = AddToken(merged);
            _merges.Add((_ids[left], _ids[right]), (_merges.Count, id));
            _mergeList.Add((left, right));
        }
    }

    /// <summary>How many ids there are, special ones included: ids are in [0, Size).</summary>
    public int Size => _tokens.Count;

    /// <summary>How many characters are known.</summary>
    public int CharacterCount { get; }

    /// <summary>The characters in the order of their ids, the one that begins a word (a space) among them.</summary>
    internal IReadOnlyList<string> CharacterList => _tokens.GetRange(FirstCharacterId, CharacterCount);

    /// <summary>The merges in the order in which they were learned.</summary>
    internal IReadOnlyList<(string Left, string Right)> Merges => _mergeList;

    /// <summary>A subword to look at, with its space shown as ▁; special ids have names such as <c>&lt;pad&gt;</c>.</summary>
    /// <param name="id">An id in [0, <see cref="Size"/>).</param>
    public string Token(int id) => id < FirstCharacterId ? _tokens[id] : SubwordFile.Escape(_tokens[id]);

    /// <summary>The ids of a text, without BOS and EOS; none for an empty text.</summary>
    public int[] Encode(string text)
    {
        List<int> ids = [];
        foreach (string word in WordSplitter.Split(text))
        {
            if (!_cache.TryGetValue(word, out int[]? encoded))
            {
                encoded = EncodeWord(word);
                if (_cache.Count < CacheBound)
                    _cache.TryAdd(word, encoded);
            }
            ids.AddRange(encoded);
        }
        return [.. ids];
    }

    /// <summary>The text of ids; pad, BOS and EOS count for nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in [0, <see cref="Size"/>).</exception>
    public string Decode(IEnumerable<int> ids)
    {
        StringBuilder text = new();
        foreach (int id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id, nameof(ids));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, Size, nameof(ids));
            if (id >= FirstCharacterId)
                text.Append(_tokens[id]);
            else if (id == UnkId)
                text.Append(UnknownText);
        }
        // Encoding put one space before the text.
        return text.Length > 0 && text[0] == ' ' ? text.ToString(1, text.Length - 1) : text.ToString();
    }

    /// <summary>Writes the vocabulary as readable text, whole or not at all; a missing folder is made.</summary>
    /// <exception cref="IntraDistillException">The file cannot be written.</exception>
    public void Save(string path) => SubwordFile.Write(path, CharacterList, _mergeList);

    /// <summary>Reads a vocabulary that <see cref="Save"/> wrote.</summary>
    /// <exception cref="SubwordFileException">The file is missing or not such a file; the message names the line.</exception>
    public static SubwordVocabulary Load(string path)
    {
        (List<string> characters, List<(string, string)> merges) = SubwordFile.Read(path);
        return new SubwordVocabulary(characters, merges);
    }

    /// <summary>The characters of a word, a lone surrogate as U+FFFD.</summary>
    internal static StringRuneEnumerator Characters(string word) => word.EnumerateRunes();

    /// <summary>The symbols with every occurrence of a pair, from the left, replaced by one symbol.</summary>
    internal static int[] Merge(ReadOnlySpan<int> symbols, (int Left, int Right) pair, int id)
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

    private int AddToken(string token)
    {
        int id = _tokens.Count;
        _ids.Add(token, id);
        _tokens.Add(token);
        return id;
    }

    /// <summary>Applies the earliest-learned of the merges that fit until none does.</summary>
    private int[] EncodeWord(string word)
    {
        List<int> characters = [];
        foreach (Rune rune in Characters(word))
            characters.Add(_ids.GetValueOrDefault(rune.ToString(), UnkId));
        int[] symbols = [.. characters];
        while (true)
        {
            (int Rank, int Id) best = (int.MaxValue, 0);
            (int, int) bestPair = default;
            for (int i = 0; i + 1 < symbols.Length; i++)
            {
                if (_merges.TryGetValue((symbols[i], symbols[i + 1]), out (int Rank, int Id) merge) && merge.Rank < best.Rank)
                    (best, bestPair) = (merge, (symbols[i], symbols[i + 1]));
            }
            if (best.Rank == int.MaxValue)
                return symbols;
            symbols = Merge(symbols, bestPair, best.Id);
        }
    }
}

/// <summary>
/// Cuts text into the words inside which subwords are learned and merged. The words joined are the text with one space before
/// it, as in SentencePiece: a space belongs to the word that follows it, so that a word is the same one everywhere in a
/// sentence.
/// </summary>
internal static class WordSplitter
{
    /// <summary>Longer runs are cut, which bounds the cost of a word; text in a script without spaces has such runs.</summary>
    private const int LongestWord = 48;

    private enum Kind { Letter, Digit, Kana, Han, Symbol, Space }

    /// <summary>
    /// The words of a text, none for an empty one. A word is at most one space, then a run of letters (with their marks), of
    /// digits, of one East Asian script or of symbols; other white space is a word a character.
    /// </summary>
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

    private static Kind KindOf(Rune rune)
    {
        int value = rune.Value;
        if (Rune.IsWhiteSpace(rune))
            return Kind.Space;
        if (value is >= 0x3040 and <= 0x30FF)
            return Kind.Kana;
        if (value is >= 0x3400 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x3FFFF)
            return Kind.Han;
        if (Rune.IsDigit(rune))
            return Kind.Digit;
        return Rune.IsLetter(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark
            ? Kind.Letter
            : Kind.Symbol;
    }
}

/// <summary>Raised when a subword file is not one; the message has the form <c>file:line: what was expected</c>.</summary>
public sealed class SubwordFileException : IntraDistillException
{
    internal SubwordFileException(string path, int line, string message) : base($"{path}:{line}: {message}") =>
        (Path, Line) = (path, line);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The line at fault, from 1; 0 where the file cannot be read at all.</summary>
    public int Line { get; }
}

/// <summary>
/// The file format of <see cref="SubwordVocabulary"/>: UTF-8 text with a heading; the number of characters and one a line;
/// the number of merges and one a line, left and right between a space. In symbols a space is written ▁; a character
/// that would not show (or is ▁ or a backslash) is written \u and its four hexadecimal digits.
/// </summary>
internal static class SubwordFile
{
    private const string Heading = "IntraDistill.Kit subwords 1";
    private const char SpaceMark = '\u2581';

    public static string Escape(string token)
    {
        StringBuilder escaped = new(token.Length);
        foreach (char c in token)
        {
            if (c == ' ')
                escaped.Append(SpaceMark);
            else if (c is SpaceMark or '\\' || char.IsWhiteSpace(c) || char.IsControl(c)
                || char.GetUnicodeCategory(c) is UnicodeCategory.Format)
                escaped.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
            else
                escaped.Append(c);
        }
        return escaped.ToString();
    }

    public static void Write(string path, IReadOnlyList<string> characters, IReadOnlyList<(string Left, string Right)> merges)
    {
        StringBuilder text = new();
        text.Append($"{Heading}\ncharacters {characters.Count}\n");
        foreach (string character in characters)
            text.Append(Escape(character)).Append('\n');
        text.Append($"merges {merges.Count}\n");
        foreach ((string left, string right) in merges)
            text.Append(Escape(left)).Append(' ').Append(Escape(right)).Append('\n');

        AtomicFile.Write(path, text.ToString(), e => new IntraDistillException($"{path}: cannot write the subwords: {e.Message}", e));
    }

    public static (List<string> Characters, List<(string Left, string Right)> Merges) Read(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)).Split('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SubwordFileException(path, 0, $"cannot be read as UTF-8 text: {e.Message}");
        }

        int next = 0;
        if (Line("the heading") != Heading)
            throw Bad($"expected the heading '{Heading}'");

        List<string> characters = [];
        HashSet<string> known = new(StringComparer.Ordinal);
        for (int count = Count("characters"); count > 0; count--)
        {
            string character = Unescape(Line("a character"));
            if (!Rune.TryGetRuneAt(character + '\0', 0, out Rune rune) || rune.Utf16SequenceLength != character.Length)
                throw Bad($"expected one character, got '{Escape(character)}'");
            if (!known.Add(character))
                throw Bad($"character '{Escape(character)}' is there twice");
            characters.Add(character);
        }

        List<(string, string)> merges = [];
        HashSet<(string, string)> pairs = [];
        for (int count = Count("merges"); count > 0; count--)
        {
            string[] parts = Line("a merge").Split(' ');
            if (parts.Length != 2)
                throw Bad("expected a merge: two symbols with a space between");
            (string Left, string Right) pair = (Unescape(parts[0]), Unescape(parts[1]));
            foreach (string symbol in new[] { pair.Left, pair.Right })
                if (!known.Contains(symbol))
                    throw Bad($"symbol '{Escape(symbol)}' is neither a character nor the result of an earlier merge");
            if (!pairs.Add(pair))
                throw Bad("this merge is there twice");
            known.Add(pair.Left + pair.Right);
            merges.Add(pair);
        }
        if (next != lines.Length - 1 || lines[next].Length > 0)
            throw new SubwordFileException(path, next + 1, "expected the end of the file and a line end before it");
        return (characters, merges);

        string Line(string wanted) => next < lines.Length - 1
            ? lines[next++].TrimEnd('\r')
            : throw new SubwordFileException(path, lines.Length, $"the file ends where {wanted} was expected");

        SubwordFileException Bad(string message) => new(path, next, message);

        int Count(string name)
        {
            string line = Line($"the number of {name}");
            return line.StartsWith(name + ' ', StringComparison.Ordinal)
                && int.TryParse(line.AsSpan(name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                ? count
                : throw Bad($"expected '{name}' and their number");
        }

        string Unescape(string text)
        {
            StringBuilder plain = new(text.Length);
            for (int i = 0; i < text.Length; i++)
            {
                if (text[i] != '\\')
                {
                    plain.Append(text[i] == SpaceMark ? ' ' : text[i]);
                    continue;
                }
                if (i + 6 > text.Length || text[i + 1] != 'u' || !ushort.TryParse(
                    text.AsSpan(i + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
                    throw Bad("expected \\u and four hexadecimal digits after a backslash");
                plain.Append((char)code);
                i += 5;
            }
            return plain.ToString();
        }
    }
}

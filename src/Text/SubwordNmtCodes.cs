using System.Collections.Concurrent;
using System.Text;

namespace IntraDistill.Text;

/// <summary>
/// The merges of a subword-nmt codes file (Sennrich, Haddow and Birch, ACL 2016), which fairseq's preparation scripts learn,
/// and their application to tokenized text. Immutable and safe to use from several threads.
/// </summary>
/// <remarks>
/// In the file a merge is a line, two symbols with a space between, the most frequent first; <c>&lt;/w&gt;</c> at the end of a
/// symbol marks the end of a word. In the result <c>@@</c> marks a piece that the next one continues.
/// </remarks>
public sealed class SubwordNmtCodes
{
    private const string Heading = "#version: 0.2";
    private const string WordEnd = "</w>";
    private const string Continued = "@@ ";

    /// <summary>Words repeat (Zipf), so most are found here; beyond the bound new ones are cut anew each time.</summary>
    private const int CacheBound = 200_000;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges = [];
    private readonly ConcurrentDictionary<string, string> _cache = new(StringComparer.Ordinal);

    private SubwordNmtCodes(string path, string[] lines)
    {
        if (lines[0].TrimEnd('\r') != Heading)
            throw new SubwordFileException(path, 1, $"expected the heading '{Heading}'");
        // The last line end leaves an empty string behind it.
        int count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        for (int i = 1; i < count; i++)
        {
            string[] symbols = lines[i].TrimEnd('\r', ' ').Split(' ');
            if (symbols is not [{ Length: > 0 } left, { Length: > 0 } right])
                throw new SubwordFileException(path, i + 1, "expected a merge: two symbols with a space between");
            // As in subword-nmt, the first of equal lines counts.
            _merges.TryAdd((Id(left), Id(right)), (i, Id(left + right)));
        }
    }

    /// <summary>How many merges there are.</summary>
    public int MergeCount => _merges.Count;

    /// <summary>Reads a codes file of version 0.2.</summary>
    /// <exception cref="SubwordFileException">The file is missing or not such a file; the message names the line.</exception>
    public static SubwordNmtCodes Load(string path)
    {
        try
        {
            return new SubwordNmtCodes(
                path, File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)).Split('\n'));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SubwordFileException(path, 0, $"cannot be read as UTF-8 text: {e.Message}");
        }
    }

    /// <summary>Cuts the words of a sentence into the pieces that the merges make.</summary>
    /// <param name="tokenized">
    /// One line of tokens with spaces between. Spaces at the two ends stay; inside, one is left of several.
    /// </param>
    /// <returns>The pieces with spaces between, each but the last of its word with <c>@@</c> at the end.</returns>
    public string Apply(string tokenized)
    {
        string inner = tokenized.Trim(' ');
        if (inner.Length == 0)
            return tokenized;
        StringBuilder result = new(2 * tokenized.Length);
        int start = tokenized.IndexOf(inner, StringComparison.Ordinal);
        result.Append(' ', start);
        foreach (Range range in inner.AsSpan().Split(' '))
        {
            ReadOnlySpan<char> word = inner.AsSpan(range);
            if (word.Length == 0)
                continue;
            if (result.Length > start)
                result.Append(' ');
            result.Append(Pieces(word));
        }
        return result.Append(' ', tokenized.Length - start - inner.Length).ToString();
    }

    private int Id(string symbol)
    {
        if (!_ids.TryGetValue(symbol, out int id))
            _ids[symbol] = id = _ids.Count;
        return id;
    }

    private string Pieces(ReadOnlySpan<char> word)
    {
        var cache = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
        if (cache.TryGetValue(word, out string? pieces))
            return pieces;
        pieces = Cut(word.ToString());
        // Count takes the cache's locks; only a word that was not in it pays for that.
        if (_cache.Count < CacheBound)
            cache.TryAdd(word, pieces);
        return pieces;
    }

    /// <summary>Applies the earliest-learned of the merges that fit, everywhere in the word, until none does.</summary>
    private string Cut(string word)
    {
        List<(int Id, int Length)> symbols = [];
        for (int i = 0; i < word.Length;)
        {
            // A lone surrogate is one UTF-16 unit.
            Rune.DecodeFromUtf16(word.AsSpan(i), out _, out int length);
            string character = word.Substring(i, length);
            i += length;
            symbols.Add((_ids.GetValueOrDefault(i < word.Length ? character : character + WordEnd, -1), length));
        }
        while (FirstMerge(symbols) is { } merge)
        {
            int kept = 0;
            for (int i = 0; i < symbols.Count; i++)
            {
                bool here = i + 1 < symbols.Count && (symbols[i].Id, symbols[i + 1].Id) == merge.Pair;
                symbols[kept++] = here ? (merge.Id, symbols[i].Length + symbols[i + 1].Length) : symbols[i];
                if (here)
                    i++;
            }
            symbols.RemoveRange(kept, symbols.Count - kept);
        }

        StringBuilder pieces = new(word, 0, symbols[0].Length, 2 * word.Length);
        for (int i = 1, at = symbols[0].Length; i < symbols.Count; at += symbols[i++].Length)
            pieces.Append(Continued).Append(word, at, symbols[i].Length);
        return pieces.ToString();
    }

    private ((int, int) Pair, int Id)? FirstMerge(List<(int Id, int Length)> symbols)
    {
        int bestRank = int.MaxValue;
        ((int, int), int)? best = null;
        for (int i = 0; i + 1 < symbols.Count; i++)
        {
            (int, int) pair = (symbols[i].Id, symbols[i + 1].Id);
            if (_merges.TryGetValue(pair, out (int Rank, int Id) merge) && merge.Rank < bestRank)
                (bestRank, best) = (merge.Rank, (pair, merge.Id));
        }
        return best;
    }
}

using System.Runtime.InteropServices;
using System.Text;

namespace IntraDistill.Tasks;

/// <summary>How subwords are learned.</summary>
public sealed record SubwordSettings
{
    /// <summary>How many merges to learn; fewer where the texts run out of pairs.</summary>
    public int Merges { get; init; } = 4000;

    /// <summary>The share of all character occurrences that the vocabulary covers, in (0, 1]; the rarest characters beyond it are unknown
    /// (SentencePiece's <c>character_coverage</c>).</summary>
    public double CharacterCoverage { get; init; } = 1.0;

    /// <summary>A pair seen less often than this is not merged.</summary>
    public long MinimumPairCount { get; init; } = 2;
}

/// <summary>Learns subwords by byte-pair encoding over characters (Sennrich, Haddow and Birch, ACL 2016): the most frequent pair of
/// neighbouring symbols inside words becomes one symbol, again and again. Give it the texts of both languages for a joint
/// vocabulary.</summary>
/// <remarks>Deterministic: of equally frequent pairs the one whose left, then right, symbol has the lower id is merged first, and ids
/// follow characters by code point, then merges. The order of the texts does not matter. Texts are taken as they are: lower-casing or
/// Unicode normalization is the caller's, on texts to learn from and to encode alike.</remarks>
public sealed class SubwordLearner
{
    private const int Unknown = -1;

    private readonly List<Word> _words = [];
    private readonly Dictionary<(int Left, int Right), long> _counts = [];
    private readonly Dictionary<(int Left, int Right), List<int>> _wordsByPair = [];

    // Entries are not updated when a count falls: a stale one is found out when it comes up and put back with its count.
    private readonly PriorityQueue<(int Left, int Right), (long NegatedCount, int Left, int Right)> _queue = new();

    private SubwordLearner() { }

    /// <summary>Learns a vocabulary.</summary>
    /// <param name="texts">Sentences of one or more languages.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <exception cref="IntraDistillException">The texts hold no character, or a setting is out of range.</exception>
    public static SubwordVocabulary Learn(IEnumerable<string> texts, SubwordSettings? settings = null)
    {
        settings ??= new SubwordSettings();
        if (settings.Merges < 0)
            throw new IntraDistillException($"SubwordSettings.Merges is {settings.Merges}; 0 or more is needed");
        if (settings.CharacterCoverage is not (> 0 and <= 1))
            throw new IntraDistillException(
                $"SubwordSettings.CharacterCoverage is {settings.CharacterCoverage}; a share in (0, 1] is needed");

        Dictionary<string, long> wordCounts = new(StringComparer.Ordinal);
        foreach (string word in texts.SelectMany(WordSplitter.Split))
            CollectionsMarshal.GetValueRefOrAddDefault(wordCounts, word, out _)++;
        if (wordCounts.Count == 0)
            throw new IntraDistillException("there is no text to learn subwords from: every text is empty");

        List<string> characters = Characters(wordCounts, settings.CharacterCoverage);
        return new SubwordVocabulary(characters, new SubwordLearner().Merges(wordCounts, characters, settings));
    }

    /// <summary>The most frequent characters up to the coverage, in the order of their code points.</summary>
    private static List<string> Characters(Dictionary<string, long> wordCounts, double coverage)
    {
        Dictionary<Rune, long> counts = [];
        foreach ((string word, long count) in wordCounts)
            foreach (Rune rune in word.EnumerateRunes())
                CollectionsMarshal.GetValueRefOrAddDefault(counts, rune, out _) += count;

        double wanted = coverage * counts.Values.Sum();
        long covered = 0;
        List<Rune> kept = [];
        foreach ((Rune rune, long count) in counts.OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key))
        {
            if (covered >= wanted)
                break;
            covered += count;
            kept.Add(rune);
        }
        return [.. kept.Order().Select(rune => rune.ToString())];
    }

    private List<(string Left, string Right)> Merges(
        Dictionary<string, long> wordCounts, List<string> characters, SubwordSettings settings)
    {
        List<string> symbols = [.. characters];
        Dictionary<string, int> ids = characters.Index().ToDictionary(entry => entry.Item, entry => entry.Index, StringComparer.Ordinal);
        AddWords(wordCounts, ids);

        List<(string, string)> merges = [];
        HashSet<(int, int)> known = [];
        while (merges.Count < settings.Merges && NextPair(settings.MinimumPairCount) is { } pair)
        {
            // Two ways to one string ("ab"+"c", "a"+"bc") give one symbol. For that a merged pair can turn up anew; its rule
            // is there already.
            string merged = symbols[pair.Left] + symbols[pair.Right];
            if (!ids.TryGetValue(merged, out int id))
            {
                ids[merged] = id = symbols.Count;
                symbols.Add(merged);
            }
            if (known.Add(pair))
                merges.Add((symbols[pair.Left], symbols[pair.Right]));
            Apply(pair, id);
        }
        return merges;
    }

    private void AddWords(Dictionary<string, long> wordCounts, Dictionary<string, int> ids)
    {
        foreach ((string text, long count) in wordCounts)
        {
            int[] symbols = [.. text.EnumerateRunes().Select(rune => ids.GetValueOrDefault(rune.ToString(), Unknown))];
            foreach ((int, int) pair in Pairs(symbols))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_counts, pair, out _) += count;
                Occurs(pair, _words.Count);
            }
            _words.Add(new(symbols, count));
        }
        foreach (((int Left, int Right) pair, long count) in _counts)
            _queue.Enqueue(pair, (-count, pair.Left, pair.Right));
    }

    // An unknown character parts the word: nothing merges across it.
    private static IEnumerable<(int Left, int Right)> Pairs(int[] symbols) =>
        SubwordVocabulary.Pairs(symbols).Where(pair => pair is { Left: not Unknown, Right: not Unknown });

    private (int Left, int Right)? NextPair(long minimum)
    {
        while (_queue.TryDequeue(out (int Left, int Right) pair, out (long NegatedCount, int, int) priority))
        {
            long count = _counts.GetValueOrDefault(pair);
            if (count < minimum)
                continue;
            if (count == -priority.NegatedCount)
                return pair;
            _queue.Enqueue(pair, (-count, pair.Left, pair.Right));
        }
        return null;
    }

    /// <summary>Merges a pair in every word that has it and brings the counts up to date.</summary>
    private void Apply((int Left, int Right) pair, int id)
    {
        Dictionary<(int Left, int Right), long> changes = [];
        foreach (int index in _wordsByPair[pair])
        {
            Word word = _words[index];
            int[] after = SubwordVocabulary.Merge(word.Symbols, pair, id);
            if (after.Length == word.Symbols.Length)
                continue;
            foreach ((int, int) before in Pairs(word.Symbols))
                CollectionsMarshal.GetValueRefOrAddDefault(changes, before, out _) -= word.Count;
            foreach ((int Left, int Right) made in Pairs(after))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(changes, made, out _) += word.Count;
                if (made.Left == id || made.Right == id)
                    Occurs(made, index);
            }
            _words[index] = word with { Symbols = after };
        }
        foreach (((int Left, int Right) changed, long change) in changes.Where(one => one.Value != 0))
        {
            long count = CollectionsMarshal.GetValueRefOrAddDefault(_counts, changed, out _) += change;
            if (change > 0)
                _queue.Enqueue(changed, (-count, changed.Left, changed.Right));
        }
        _wordsByPair[pair].Clear();
    }

    private void Occurs((int Left, int Right) pair, int word)
    {
        List<int> words = CollectionsMarshal.GetValueRefOrAddDefault(_wordsByPair, pair, out _) ??= [];
        if (words.Count == 0 || words[^1] != word)
            words.Add(word);
    }

    private sealed record Word(int[] Symbols, long Count);
}

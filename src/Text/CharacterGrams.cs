using System.Runtime.InteropServices;
using System.Text;

namespace IntraDistill.Tasks;

/// <summary>Character 4-grams of a text as a set, the measure of similarity between sentences here: <c>|A ∩ B| / √(|A|·|B|)</c>, the
/// cosine of the two sets' indicator vectors.</summary>
internal static class CharacterGrams
{
    private const int Length = 4;
    private const char Edge = '\u0002';

    /// <summary>Lower-cases, turns every digit into 0 and every run of white space into one space.</summary>
    public static string Normalize(string text)
    {
        StringBuilder normal = new(text.Length);
        foreach (char c in text)
        {
            if (!char.IsWhiteSpace(c))
                normal.Append(char.IsDigit(c) ? '0' : char.ToLowerInvariant(c));
            else if (normal.Length > 0 && normal[^1] != ' ')
                normal.Append(' ');
        }
        return normal.ToString().TrimEnd();
    }

    /// <summary>The distinct 4-grams of the normalized text between two edge marks, each packed into 64 bits; a text too short for one
    /// gives itself as its only gram.</summary>
    public static ulong[] Of(string text)
    {
        string padded = Edge + Normalize(text) + Edge;
        return [.. Enumerable.Range(0, int.Max(1, padded.Length - Length + 1)).Select(Gram).Distinct()];

        ulong Gram(int start)
        {
            ulong gram = 0;
            foreach (char c in padded.AsSpan(start, int.Min(Length, padded.Length - start)))
                gram = gram << 16 | c;
            return gram;
        }
    }

    /// <summary>The similarity of two texts, 0 to 1.</summary>
    public static double Cosine(string one, string other)
    {
        ulong[] first = Of(one), second = Of(other);
        return first.Intersect(second).Count() / Math.Sqrt((double)first.Length * second.Length);
    }
}

/// <summary>Finds the most similar of a fixed list of texts by way of an inverted index. Not thread-safe.</summary>
internal sealed class CharacterGramIndex
{
    private readonly Dictionary<ulong, List<int>> _textsByGram = [];
    private readonly double[] _weights; // 1/√|A|
    private readonly int[] _overlaps;

    public CharacterGramIndex(IReadOnlyList<string> texts)
    {
        (_weights, _overlaps) = (new double[texts.Count], new int[texts.Count]);
        for (int i = 0; i < texts.Count; i++)
        {
            ulong[] grams = CharacterGrams.Of(texts[i]);
            _weights[i] = 1 / Math.Sqrt(grams.Length);
            foreach (ulong gram in grams)
                (CollectionsMarshal.GetValueRefOrAddDefault(_textsByGram, gram, out _) ??= []).Add(i);
        }
    }

    /// <summary>The most similar text, the first of equals; (0, 0.0) where none shares a gram.</summary>
    public (int Index, double Similarity) Nearest(string text)
    {
        ulong[] grams = CharacterGrams.Of(text);
        Array.Clear(_overlaps);
        foreach (ulong gram in grams)
            if (_textsByGram.TryGetValue(gram, out List<int>? holders))
                foreach (int i in holders)
                    _overlaps[i]++;

        (int Index, double Score) best = default;
        for (int i = 0; i < _overlaps.Length; i++)
            if (_overlaps[i] * _weights[i] > best.Score)
                best = (i, _overlaps[i] * _weights[i]);
        return (best.Index, best.Score / Math.Sqrt(grams.Length));
    }
}

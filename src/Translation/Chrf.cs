namespace IntraDistill.Tasks;

/// <summary>chrF2 (Popović 2015) as sacreBLEU 2.6 computes it: F-score (β = 2) of character 1- to 6-grams, whitespace left out, precision
/// and recall averaged over the orders that both sides have.</summary>
public static class Chrf
{
    private const int MaxOrder = 6;
    private const double BetaSquared = 4;

    /// <summary>chrF2 of detokenized hypotheses, each with its reference, as counts from which <see cref="Bootstrap"/> scores resamples;
    /// lower-cased (<c>case:lc</c>) if asked for.</summary>
    /// <exception cref="IntraDistillException">The lists differ in length or are empty.</exception>
    public static SegmentStatistics Statistics(IReadOnlyList<string> hypotheses, IReadOnlyList<string> references, bool lowercase = false)
    {
        SegmentStatistics.CheckParallel(hypotheses, references);
        int[] counts = [.. hypotheses.Zip(references, (h, r) => Segment(h, r, lowercase)).SelectMany(segment => segment)];
        return SegmentStatistics.OfSums(counts, 3 * MaxOrder, FromSums,
            $"nrefs:1|case:{(lowercase ? "lc" : "mixed")}|eff:yes|nc:6|nw:0|space:no|version:{SegmentStatistics.Version}");
    }

    // n-grams of the hypothesis, n-grams of the reference, matches; each of order 1 … 6
    private static int[] Segment(string hypothesis, string reference, bool lowercase)
    {
        int[] hypothesisCharacters = Characters(hypothesis), referenceCharacters = Characters(reference);
        int[] statistics = new int[3 * MaxOrder];
        NgramMatches.Count(hypothesisCharacters, referenceCharacters, statistics.AsSpan(2 * MaxOrder));
        for (int n = 0; n < MaxOrder; n++)
        {
            int inReference = Math.Max(0, referenceCharacters.Length - n);
            // sacreBLEU leaves an order out of account in a segment whose reference has no n-gram of it.
            statistics[n] = inReference > 0 ? Math.Max(0, hypothesisCharacters.Length - n) : 0;
            statistics[MaxOrder + n] = inReference;
        }
        return statistics;

        int[] Characters(string text) => [.. (lowercase ? SacreBleuText.Lower(text) : text).EnumerateRunes()
            .Where(rune => !(rune.IsBmp && SacreBleuText.IsSpace((char)rune.Value))).Select(rune => rune.Value)];
    }

    private static double FromSums(ReadOnlySpan<int> sums)
    {
        double precision = 0, recall = 0;
        int orders = 0;
        for (int n = 0; n < MaxOrder; n++)
        {
            int inHypothesis = sums[n], inReference = sums[MaxOrder + n], matches = sums[2 * MaxOrder + n];
            if (inHypothesis == 0 || inReference == 0)
                continue;
            precision += (double)matches / inHypothesis;
            recall += (double)matches / inReference;
            orders++;
        }
        if (precision + recall == 0)
            return 0;
        precision /= orders;
        recall /= orders;
        return 100 * ((1 + BetaSquared) * precision * recall / (BetaSquared * precision + recall));
    }
}

/// <summary>Clipped n-gram matches of two sequences, of words (BLEU) or of characters (chrF).</summary>
internal static class NgramMatches
{
    /// <summary>For each order n = 1 … <c>matches.Length</c>, how many n-grams of the hypothesis are in the reference, each counted at most
    /// as often as the reference has it; <paramref name="matches"/> is all 0 before.</summary>
    public static void Count(ReadOnlySpan<int> hypothesis, ReadOnlySpan<int> reference, Span<int> matches)
    {
        // An n-gram's number is found from the number of its first n − 1 items and its last item.
        Dictionary<(int Prefix, int Item), int> numbers = new(reference.Length * matches.Length);
        List<int> unmatched = new(numbers.Capacity);
        for (int start = 0; start < reference.Length; start++)
            for (int n = 0, prefix = -1; n < matches.Length && start + n < reference.Length; n++)
            {
                if (numbers.TryAdd((prefix, reference[start + n]), unmatched.Count))
                    unmatched.Add(0);
                prefix = numbers[(prefix, reference[start + n])];
                unmatched[prefix]++;
            }

        for (int start = 0; start < hypothesis.Length; start++)
            for (int n = 0, prefix = -1; n < matches.Length && start + n < hypothesis.Length
                && numbers.TryGetValue((prefix, hypothesis[start + n]), out prefix); n++)
                if (unmatched[prefix] > 0)
                {
                    unmatched[prefix]--;
                    matches[n]++;
                }
    }
}

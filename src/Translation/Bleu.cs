using System.Globalization;
using System.Runtime.InteropServices;

namespace IntraDistill.Tasks;

/// <summary>How BLEU is computed. The defaults are sacreBLEU's; the paper lower-cases.</summary>
public sealed record BleuSettings
{
    /// <summary>Whether case is ignored (<c>case:lc</c>), as the paper's IWSLT'14 scores do.</summary>
    public bool Lowercase { get; init; }

    /// <summary>How segments are cut into words.</summary>
    public BleuTokenizer Tokenizer { get; init; } = BleuTokenizer.V13a;
}

/// <summary>A BLEU score and what it was made of.</summary>
/// <param name="Score">BLEU, 0–100.</param>
/// <param name="Precisions">The n-gram precisions in percent, n = 1 … 4, after smoothing.</param>
/// <param name="BrevityPenalty">The factor, 0–1, for hypotheses shorter than the references.</param>
/// <param name="SystemLength">Words in the hypotheses.</param>
/// <param name="ReferenceLength">Words in the references.</param>
/// <param name="Counts">Matched n-grams, n = 1 … 4.</param>
/// <param name="Totals">N-grams in the hypotheses, n = 1 … 4.</param>
/// <param name="Signature">All that the score depends on, in sacreBLEU's format.</param>
public sealed record BleuScore(
    double Score, IReadOnlyList<double> Precisions, double BrevityPenalty, int SystemLength, int ReferenceLength,
    IReadOnlyList<int> Counts, IReadOnlyList<int> Totals, string Signature) : IOneLine
{
    /// <summary>One line as sacreBLEU prints it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"BLEU|{Signature} = {Score:F2} {Precisions[0]:F1}/{Precisions[1]:F1}/{Precisions[2]:F1}/{Precisions[3]:F1} "
        + $"(BP = {BrevityPenalty:F3} ratio = {(ReferenceLength == 0 ? 0 : (double)SystemLength / ReferenceLength):F3} "
        + $"hyp_len = {SystemLength} ref_len = {ReferenceLength})");
}

/// <summary>
/// BLEU (Papineni et al. 2002) as sacreBLEU 2.6 (Post 2018) computes it: up to 4-grams, one reference a segment,
/// exponential smoothing of precisions without a match.
/// </summary>
public static class Bleu
{
    private const int MaxOrder = 4;

    // sacreBLEU's stand-in for log 0: exp of it is 0.
    private const double LogOfZero = -9999999999;

    /// <summary>BLEU of a corpus.</summary>
    /// <param name="hypotheses">The system's detokenized segments.</param>
    /// <param name="references">The reference of each.</param>
    /// <param name="settings">Defaults when null.</param>
    /// <exception cref="IntraDistillException">The lists differ in length or are empty.</exception>
    public static BleuScore Corpus(
        IReadOnlyList<string> hypotheses, IReadOnlyList<string> references, BleuSettings? settings = null)
    {
        settings ??= new();
        int[] sums = new int[2 + 2 * MaxOrder];
        foreach (int[] segment in Segments(hypotheses, references, settings))
            for (int i = 0; i < sums.Length; i++)
                sums[i] += segment[i];
        return FromSums(sums, effectiveOrder: false, Signature(settings, effectiveOrder: false));
    }

    /// <summary>
    /// BLEU of one segment over its effective order: orders for which the segment is too short do not count. Scores of
    /// segments do not average to the corpus score.
    /// </summary>
    /// <param name="hypothesis">The system's detokenized segment.</param>
    /// <param name="reference">Its reference.</param>
    /// <param name="settings">Defaults when null.</param>
    public static BleuScore Sentence(string hypothesis, string reference, BleuSettings? settings = null)
    {
        settings ??= new();
        int[] statistics = Segment(hypothesis, reference, settings);
        return FromSums(statistics, effectiveOrder: true, Signature(settings, effectiveOrder: true));
    }

    /// <summary>The counts of each segment from which <see cref="Bootstrap"/> scores resamples of the corpus.</summary>
    /// <inheritdoc cref="Corpus"/>
    public static SegmentStatistics Statistics(
        IReadOnlyList<string> hypotheses, IReadOnlyList<string> references, BleuSettings? settings = null)
    {
        settings ??= new();
        int[] counts = [.. Segments(hypotheses, references, settings).SelectMany(segment => segment)];
        string signature = Signature(settings, effectiveOrder: false);
        return SegmentStatistics.OfSums(
            counts, 2 + 2 * MaxOrder, sums => FromSums(sums, effectiveOrder: false, signature).Score, signature);
    }

    private static IEnumerable<int[]> Segments(
        IReadOnlyList<string> hypotheses, IReadOnlyList<string> references, BleuSettings settings)
    {
        SegmentStatistics.CheckParallel(hypotheses, references);
        return hypotheses.Zip(references, (hypothesis, reference) => Segment(hypothesis, reference, settings));
    }

    // hypothesis length, reference length, matches of order 1 … 4, n-grams of order 1 … 4
    private static int[] Segment(string hypothesis, string reference, BleuSettings settings)
    {
        Dictionary<string, int> words = [];
        int[] hypothesisWords = Number(hypothesis), referenceWords = Number(reference);
        int[] statistics = new int[2 + 2 * MaxOrder];
        (statistics[0], statistics[1]) = (hypothesisWords.Length, referenceWords.Length);
        NgramMatches.Count(hypothesisWords, referenceWords, statistics.AsSpan(2, MaxOrder));
        for (int n = 1; n <= MaxOrder; n++)
            statistics[1 + MaxOrder + n] = Math.Max(0, hypothesisWords.Length - n + 1);
        return statistics;

        int[] Number(string text)
        {
            List<string> tokens = SacreTokenizers.Tokenize(
                settings.Lowercase ? SacreTokenizers.Lower(text) : text, settings.Tokenizer);
            return [.. tokens.Select(token =>
            {
                ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(words, token, out bool known);
                return known ? number : number = words.Count;
            })];
        }
    }

    private static BleuScore FromSums(ReadOnlySpan<int> sums, bool effectiveOrder, string signature)
    {
        int systemLength = sums[0], referenceLength = sums[1];
        int[] counts = sums.Slice(2, MaxOrder).ToArray(), totals = sums[(2 + MaxOrder)..].ToArray();
        double brevityPenalty = systemLength >= referenceLength ? 1
            : systemLength > 0 ? Math.Exp(1 - (double)referenceLength / systemLength) : 0;

        double[] precisions = new double[MaxOrder];
        double score = 0;
        if (counts.Any(count => count > 0))
        {
            int order = MaxOrder;
            double smoothing = 1;
            for (int n = 0; n < MaxOrder && totals[n] > 0; n++)
            {
                if (effectiveOrder)
                    order = n + 1;
                precisions[n] = counts[n] > 0 ? 100.0 * counts[n] / totals[n] : 100.0 / ((smoothing *= 2) * totals[n]);
            }
            score = brevityPenalty * Math.Exp(precisions.Take(order).Sum(p => p == 0 ? LogOfZero : Math.Log(p)) / order);
        }
        return new(score, precisions, brevityPenalty, systemLength, referenceLength, counts, totals, signature);
    }

    private static string Signature(BleuSettings settings, bool effectiveOrder) =>
        $"nrefs:1|case:{(settings.Lowercase ? "lc" : "mixed")}|eff:{(effectiveOrder ? "yes" : "no")}"
        + $"|tok:{SacreTokenizers.Name(settings.Tokenizer)}|smooth:exp|version:{SegmentStatistics.Version}";
}

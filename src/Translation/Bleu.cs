using System.Globalization;
using System.Numerics.Tensors;
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

/// <summary>How BLEU cuts a segment into words; the names are sacreBLEU's.</summary>
public enum BleuTokenizer
{
    /// <summary><c>13a</c>: what mteval-v13a.pl does and WMT reports; sacreBLEU's default.</summary>
    V13a,

    /// <summary><c>none</c>: whitespace alone; for text that is tokenized already.</summary>
    None,
}

/// <summary>A BLEU score, 0–100, and what it was made of: n-gram precisions in percent after smoothing, the brevity penalty (0–1), lengths
/// in words, matched n-grams (Counts) and n-grams in the hypotheses (Totals), each n = 1 … 4; and all that it depends on, in sacreBLEU's
/// format (Signature).</summary>
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

/// <summary>BLEU (Papineni et al. 2002) as sacreBLEU 2.6 (Post 2018) computes it: up to 4-grams, one reference a segment, exponential
/// smoothing of precisions without a match.</summary>
public static class Bleu
{
    // Of a segment: hypothesis length, reference length, matches of order 1 … 4, n-grams of order 1 … 4.
    private const int MaxOrder = 4, Width = 2 + 2 * MaxOrder;

    // sacreBLEU's stand-in for log 0: exp of it is 0.
    private const double LogOfZero = -9999999999;

    /// <summary>BLEU of detokenized hypotheses, each with its reference.</summary>
    /// <exception cref="IntraDistillException">The lists differ in length or are empty.</exception>
    public static BleuScore Corpus(
        IReadOnlyList<string> hypotheses, IReadOnlyList<string> references, BleuSettings? settings = null)
    {
        settings ??= new();
        int[] sums = new int[Width];
        foreach (int[] segment in Segments(hypotheses, references, settings))
            TensorPrimitives.Add(sums, segment, sums);
        return FromSums(sums, Signature(settings));
    }

    /// <summary>The counts of each segment from which <see cref="Bootstrap"/> scores resamples of the corpus.</summary>
    /// <inheritdoc cref="Corpus"/>
    public static SegmentStatistics Statistics(
        IReadOnlyList<string> hypotheses, IReadOnlyList<string> references, BleuSettings? settings = null)
    {
        settings ??= new();
        string signature = Signature(settings);
        int[] counts = [.. Segments(hypotheses, references, settings).SelectMany(segment => segment)];
        return SegmentStatistics.OfSums(counts, Width, sums => FromSums(sums, signature).Score, signature);
    }

    private static IEnumerable<int[]> Segments(
        IReadOnlyList<string> hypotheses, IReadOnlyList<string> references, BleuSettings settings)
    {
        SegmentStatistics.CheckParallel(hypotheses, references);
        return hypotheses.Zip(references, (hypothesis, reference) => Segment(hypothesis, reference, settings));
    }

    private static int[] Segment(string hypothesis, string reference, BleuSettings settings)
    {
        Dictionary<string, int> words = [];
        int[] hypothesisWords = Number(hypothesis), referenceWords = Number(reference), statistics = new int[Width];
        (statistics[0], statistics[1]) = (hypothesisWords.Length, referenceWords.Length);
        NgramMatches.Count(hypothesisWords, referenceWords, statistics.AsSpan(2, MaxOrder));
        for (int n = 1; n <= MaxOrder; n++)
            statistics[1 + MaxOrder + n] = Math.Max(0, hypothesisWords.Length - n + 1);
        return statistics;

        int[] Number(string text) =>
        [
            .. SacreBleuText.Words(settings.Lowercase ? SacreBleuText.Lower(text) : text, settings.Tokenizer).Select(token =>
            {
                ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(words, token, out bool known);
                return known ? number : number = words.Count;
            }),
        ];
    }

    private static BleuScore FromSums(ReadOnlySpan<int> sums, string signature)
    {
        int systemLength = sums[0], referenceLength = sums[1];
        int[] counts = sums.Slice(2, MaxOrder).ToArray(), totals = sums[(2 + MaxOrder)..].ToArray();
        double brevityPenalty = systemLength >= referenceLength ? 1
            : systemLength > 0 ? Math.Exp(1 - (double)referenceLength / systemLength) : 0;

        double[] precisions = new double[MaxOrder];
        double score = 0, smoothing = 1;
        if (counts.Any(count => count > 0))
        {
            for (int n = 0; n < MaxOrder && totals[n] > 0; n++)
                precisions[n] = counts[n] > 0 ? 100.0 * counts[n] / totals[n] : 100.0 / ((smoothing *= 2) * totals[n]);
            score = brevityPenalty * Math.Exp(precisions.Sum(p => p == 0 ? LogOfZero : Math.Log(p)) / MaxOrder);
        }
        return new(score, precisions, brevityPenalty, systemLength, referenceLength, counts, totals, signature);
    }

    private static string Signature(BleuSettings settings) =>
        $"nrefs:1|case:{(settings.Lowercase ? "lc" : "mixed")}|eff:no|tok:{(settings.Tokenizer == BleuTokenizer.None ? "none" : "13a")}"
        + $"|smooth:exp|version:{SegmentStatistics.Version}";
}

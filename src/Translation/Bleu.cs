using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

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

/// <summary>How BLEU cuts a segment into words; the names are sacreBLEU's.</summary>
public enum BleuTokenizer
{
    /// <summary><c>13a</c>: what mteval-v13a.pl does and WMT reports; sacreBLEU's default.</summary>
    V13a,

    /// <summary><c>none</c>: whitespace alone; for text that is tokenized already.</summary>
    None,

    /// <summary><c>intl</c>: mteval-v14's international tokenization, by Unicode categories.</summary>
    International,
}

/// <summary>The tokenizers of sacreBLEU 2.6 (Post 2018), and Python's idea of whitespace and lower case.</summary>
internal static partial class SacreTokenizers
{
    [GeneratedRegex(@"([{-~\[-` -&(-+:-@/])")]
    private static partial Regex Symbols { get; }

    [GeneratedRegex(@"([^0-9])([.,])")]
    private static partial Regex PointAfterNonDigit { get; }

    [GeneratedRegex(@"([.,])([^0-9])")]
    private static partial Regex PointBeforeNonDigit { get; }

    [GeneratedRegex(@"([0-9])(-)")]
    private static partial Regex DashAfterDigit { get; }

    /// <summary>The name in a signature.</summary>
    public static string Name(BleuTokenizer tokenizer) => tokenizer switch
    {
        BleuTokenizer.V13a => "13a",
        BleuTokenizer.None => "none",
        BleuTokenizer.International => "intl",
        _ => throw new ArgumentOutOfRangeException(nameof(tokenizer), tokenizer, "no such BLEU tokenizer"),
    };

    /// <summary>The words of a segment.</summary>
    public static List<string> Tokenize(string segment, BleuTokenizer tokenizer) => Split(tokenizer switch
    {
        BleuTokenizer.V13a => Tokenize13a(TrimEnd(segment)),
        BleuTokenizer.None => segment,
        BleuTokenizer.International => TokenizeInternational(TrimEnd(segment)),
        _ => throw new ArgumentOutOfRangeException(nameof(tokenizer), tokenizer, "no such BLEU tokenizer"),
    });

    private static string Tokenize13a(string line)
    {
        line = line.Replace("<skipped>", "").Replace("-\n", "").Replace('\n', ' ');
        line = line.Replace("&quot;", "\"").Replace("&amp;", "&").Replace("&lt;", "<").Replace("&gt;", ">");
        line = Symbols.Replace($" {line} ", " $1 ");
        line = PointAfterNonDigit.Replace(line, "$1 $2 ");
        line = PointBeforeNonDigit.Replace(line, " $1 $2");
        return DashAfterDigit.Replace(line, "$1 $2 ");
    }

    /// <remarks>
    /// By hand, since .NET's <c>\p{S}</c> sees UTF-16 units and so misses symbols beyond the basic plane (emoji).
    /// </remarks>
    private static string TokenizeInternational(string line)
    {
        Rune space = new(' ');
        List<Rune> runes = [.. line.EnumerateRunes()];
        // (\P{N})(\p{P}) → "$1 $2 ", then (\p{P})(\P{N}) → " $1 $2": pairs that do not overlap, from the left.
        runes = ReplacePairs(runes, (a, b) => !IsNumber(a) && Rune.IsPunctuation(b), (a, b) => [a, space, b, space]);
        runes = ReplacePairs(runes, (a, b) => Rune.IsPunctuation(a) && !IsNumber(b), (a, b) => [space, a, space, b]);
        StringBuilder result = new(2 * line.Length);
        foreach (Rune rune in runes)
            if (Rune.IsSymbol(rune))
                result.Append(' ').Append(rune.ToString()).Append(' ');
            else
                result.Append(rune.ToString());
        return result.ToString();
    }

    private static List<Rune> ReplacePairs(List<Rune> runes, Func<Rune, Rune, bool> matches, Func<Rune, Rune, Rune[]> replace)
    {
        List<Rune> result = new(2 * runes.Count);
        for (int i = 0; i < runes.Count; i++)
            if (i + 1 < runes.Count && matches(runes[i], runes[i + 1]))
                result.AddRange(replace(runes[i], runes[++i]));
            else
                result.Add(runes[i]);
        return result;
    }

    // Rune.IsNumber is Nd, Nl and No, as \p{N}.
    private static bool IsNumber(Rune rune) => Rune.IsNumber(rune);

    /// <summary>Python's <c>str.isspace</c>, which counts the four ASCII separators as well.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    private static string TrimEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
            end--;
        return text[..end];
    }

    /// <summary>Python's <c>str.split()</c>: the words between white space.</summary>
    public static List<string> Split(string text)
    {
        List<string> words = [];
        for (int i = 0; i < text.Length;)
        {
            while (i < text.Length && IsSpace(text[i]))
                i++;
            int start = i;
            while (i < text.Length && !IsSpace(text[i]))
                i++;
            if (i > start)
                words.Add(text[start..i]);
        }
        return words;
    }

    /// <summary>
    /// Python's <c>str.lower</c>: .NET's invariant mapping and the two rules it leaves out, İ → i̇ and Σ → ς at the
    /// end of a word.
    /// </summary>
    public static string Lower(string text)
    {
        string lower = text.ToLowerInvariant();
        if (!text.AsSpan().ContainsAny('İ', 'Σ'))
            return lower;
        StringBuilder result = new(text.Length + 4);
        for (int i = 0; i < text.Length; i++)
            if (text[i] is 'İ')
                result.Append("i\u0307");
            else if (text[i] is 'Σ' && EndsWord(text, i))
                result.Append('ς');
            else
                result.Append(lower[i]);
        return result.ToString();
    }

    // Unicode's Final_Sigma: a cased letter before, none after, case-ignorable characters in between skipped.
    private static bool EndsWord(string text, int sigma)
    {
        int before = sigma - 1, after = sigma + 1;
        while (before >= 0 && IsCaseIgnorable(text[before]))
            before--;
        while (after < text.Length && IsCaseIgnorable(text[after]))
            after++;
        return before >= 0 && IsCased(text[before]) && !(after < text.Length && IsCased(text[after]));
    }

    private static bool IsCased(char c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsCaseIgnorable(char c) => c is '\'' or '.' or ':' or '·' or '\u2019' or '\u2018'
        || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}

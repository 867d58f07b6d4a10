using System.Numerics.Tensors;

namespace IntraDistill;

/// <summary>A corpus score from the sums of its segments' statistics.</summary>
internal delegate double CorpusScore(ReadOnlySpan<int> sums);

/// <inheritdoc cref="SegmentStatistics.ScoreOf"/>
internal delegate double DrawnScore(ReadOnlySpan<int> segments);

/// <summary>What a metric needs to know of each segment of a corpus (each example of a classification task), so that any subset or resample
/// of the segments is scored without the texts (see <see cref="Bootstrap"/>). Every metric of a task makes them, by a method called
/// <c>Statistics</c>.</summary>
public sealed class SegmentStatistics
{
    private readonly DrawnScore _score;

    internal SegmentStatistics(int count, DrawnScore score, string signature)
    {
        (Count, _score, Signature) = (count, score, signature);
        Score = score([.. Enumerable.Range(0, count)]);
    }

    /// <summary>The number of segments.</summary>
    public int Count { get; }

    /// <summary>The metric's score of the whole corpus, in percent: 0–100, a correlation −100–100.</summary>
    public double Score { get; }

    /// <summary>The metric's signature. Scores with different signatures cannot be compared.</summary>
    public string Signature { get; }

    /// <summary>The score of the corpus made of the given segments; one drawn twice counts twice.</summary>
    /// <param name="segments">Segment numbers, 0 … <see cref="Count"/> − 1.</param>
    public double ScoreOf(ReadOnlySpan<int> segments) => _score(segments);

    /// <summary>The statistics of a metric that needs only the sums of a few counts over the segments.</summary>
    /// <param name="counts">(segments, width), flat.</param>
    /// <param name="width">The number of counts of a segment.</param>
    /// <param name="score">The score from the sums.</param>
    /// <param name="signature">The metric's signature.</param>
    internal static SegmentStatistics OfSums(int[] counts, int width, CorpusScore score, string signature)
    {
        return new(counts.Length / width, Score, signature);

        double Score(ReadOnlySpan<int> segments)
        {
            Span<int> sums = stackalloc int[width];
            sums.Clear();
            foreach (int segment in segments)
                TensorPrimitives.Add(sums, counts.AsSpan(segment * width, width), sums);
            return score(sums);
        }
    }

    internal static void CheckParallel(IReadOnlyList<string> hypotheses, IReadOnlyList<string> references)
    {
        if (hypotheses.Count != references.Count)
            throw new IntraDistillException(
                $"{hypotheses.Count} hypotheses and {references.Count} references; expected one reference a hypothesis");
        if (hypotheses.Count == 0)
            throw new IntraDistillException("no segment to score; expected at least one hypothesis with its reference");
    }

    /// <summary>The version entry of a signature: sacreBLEU's format, and plainly not sacreBLEU itself.</summary>
    internal static string Version { get; } =
        $"IntraDistill.Kit-{typeof(SegmentStatistics).Assembly.GetName().Version!.ToString(3)}";
}

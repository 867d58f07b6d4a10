using System.Numerics.Tensors;

namespace IntraDistill.Metrics;

/// <summary>A corpus score from the sums of its segments' statistics.</summary>
internal delegate double CorpusScore(ReadOnlySpan<int> sums);

/// <summary>
/// What a corpus metric needs to know of each segment: a few counts whose sums over segments give the corpus score.
/// Any subset or resample of the segments is scored from them at once, without the texts (see <see cref="Bootstrap"/>).
/// Made by <see cref="Bleu.Statistics"/> and <see cref="Chrf.Statistics"/>.
/// </summary>
public sealed class SegmentStatistics
{
    private readonly int[] _counts; // (segments, _width)
    private readonly int _width;
    private readonly CorpusScore _score;

    internal SegmentStatistics(int[] counts, int width, CorpusScore score, string signature)
    {
        (_counts, _width, _score, Signature) = (counts, width, score, signature);
        int[] sums = new int[width];
        for (int segment = 0; segment < Count; segment++)
            TensorPrimitives.Add<int>(sums, Row(segment), sums);
        Score = score(sums);
    }

    /// <summary>The number of segments.</summary>
    public int Count => _counts.Length / _width;

    /// <summary>The metric's score of the whole corpus, 0–100.</summary>
    public double Score { get; }

    /// <summary>The metric's signature. Scores with different signatures cannot be compared.</summary>
    public string Signature { get; }

    /// <summary>The score of the corpus made of the given segments; one drawn twice counts twice.</summary>
    /// <param name="segments">Segment numbers, 0 … <see cref="Count"/> − 1.</param>
    public double ScoreOf(ReadOnlySpan<int> segments)
    {
        Span<int> sums = stackalloc int[_width];
        sums.Clear();
        foreach (int segment in segments)
            TensorPrimitives.Add(sums, Row(segment), sums);
        return _score(sums);
    }

    private ReadOnlySpan<int> Row(int segment) => _counts.AsSpan(segment * _width, _width);

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

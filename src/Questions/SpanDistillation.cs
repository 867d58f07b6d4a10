using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>Intra-distillation for question answering: the distributions of an answer's first and of its last token, each over the
/// positions of the sequence.</summary>
public static class SpanDistillation
{
    // Low enough that its probability is 0, and finite, as divergences want it.
    private const float Never = -1e4f;

    /// <summary>The loss of K passes over a batch of windows, from the logits of start and end, (K, B, T) each, and the answer's first and
    /// last token, (B) int64 each.</summary>
    /// <remarks>The task loss is <see cref="BertForQuestionAnswering.Loss"/>, the mean over the windows of the mean of both
    /// cross-entropies. With <see cref="DivergenceReduction.Sum"/> the divergence is the sum over windows of that of the start plus that of
    /// the end, as in the authors' <c>run_squad.py</c>. They sum it over each part of 8 windows and average four parts: exactly so it is
    /// with parts of 8 and without <paramref name="updateWindows"/>; with it, how many windows the whole update of a part has, alpha weighs
    /// the sum over all of these, and a fourth of their alpha does what theirs did. They mask nothing: question and padding (to 384) are in
    /// the distributions. The attention mask, (B, T) of bool or 0/1, makes a window's loss independent of the windows it is padded for; an
    /// answer must not be at another position.</remarks>
    /// <exception cref="ArgumentException">The shapes are not as said above.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="updateWindows"/> is less than the part has.</exception>
    public static IntraDistillationLoss SpanLoss(this IntraDistillation objective, (Tensor Start, Tensor End) logits,
        Tensor start, Tensor end, long step, Tensor? mask = null, long? updateWindows = null)
    {
        if (logits.Start.dim() != 3 || !logits.Start.shape.SequenceEqual(logits.End.shape))
            throw new ArgumentException($"logits of shape (K, B, T) for start and end were expected, not {logits.Start.Text()} "
                + $"and {logits.End.Text()}", nameof(logits));
        if (mask is not null && !mask.shape.SequenceEqual(logits.Start.shape[1..]))
            throw new ArgumentException($"a mask of shape {TensorShape.Text(logits.Start.shape.AsSpan(1..))} was expected, "
                + $"not {mask.Text()}", nameof(mask));
        using var scope = NewDisposeScope();
        Tensor both = stack([logits.Start, logits.End], 1); // (K, 2, B, T)
        if (mask is not null)
            both = both.masked_fill(mask.eq(0), Never);
        IntraDistillationLoss loss = objective.Loss(both,
            one => BertForQuestionAnswering.Loss((one[0], one[1]), start, end), step, updatePositions: 2 * updateWindows);
        foreach (Tensor result in new[] { loss.Task, loss.Divergence, loss.Total })
            result.MoveToOuterDisposeScope();
        return loss;
    }
}

using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace IntraDistill;

/// <summary>
/// Label smoothing as fairseq's <c>label_smoothed_nll_loss</c> defines it: with ε_i = ε/(V − 1),
/// <c>loss = (1 − ε − ε_i)·nll + ε_i·Σ_v(−log p_v)</c>.
/// </summary>
/// <param name="Epsilon">ε, from 0 (plain cross-entropy) to below 1.</param>
public readonly record struct LabelSmoothing(double Epsilon)
{
    /// <summary>ε_i = ε/(V − 1), the weight of every class in the smooth term.</summary>
    /// <param name="classes">V, at least 2.</param>
    public double PerClass(long classes) => Epsilon / (classes - 1);

    /// <summary>1 − ε − ε_i, the weight of the negative log-likelihood of the target.</summary>
    /// <param name="classes">V, at least 2.</param>
    public double OnTarget(long classes) => 1 - Epsilon - PerClass(classes);

    /// <summary>The smoothed loss summed over the targets that are not padding, by autograd on the whole tensor.</summary>
    /// <param name="logits">(…, V).</param>
    /// <param name="target">(…), int64 class indices.</param>
    /// <param name="padId">Targets of this class do not count.</param>
    /// <returns>The smoothed loss and the plain negative log-likelihood, both scalar sums.</returns>
    public (Tensor Smoothed, Tensor NegativeLogLikelihood) Sum(Tensor logits, Tensor target, long padId)
    {
        using var scope = NewDisposeScope();
        Tensor logProbabilities = F.log_softmax(logits, -1);
        Tensor keep = target.ne(padId).to(logits.dtype);
        Tensor nll = -(logProbabilities.gather(-1, target.unsqueeze(-1)).squeeze(-1) * keep).sum();
        Tensor smooth = -(logProbabilities.sum(-1) * keep).sum();
        Tensor smoothed = OnTarget(logits.shape[^1]) * nll + PerClass(logits.shape[^1]) * smooth;
        return (smoothed.MoveToOuterDisposeScope(), nll.MoveToOuterDisposeScope());
    }
}

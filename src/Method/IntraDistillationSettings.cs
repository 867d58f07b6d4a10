
namespace IntraDistill;

/// <summary>The settings of intra-distillation; the defaults are the paper's for IWSLT'14.</summary>
public sealed record IntraDistillationSettings
{
    /// <summary>K, the passes over each batch. 1 is plain training.</summary>
    public int Passes { get; init; } = 3;

    /// <summary>How the passes are compared.</summary>
    public Divergence Divergence { get; init; } = Divergence.X;

    /// <summary>α, the final weight of the divergence; 0 is the control: K passes without the divergence.</summary>
    public double Alpha { get; init; } = 5;

    /// <summary>α′ grows as <see cref="AdaptiveAlpha"/> has it; false for the same α at every step.</summary>
    public bool AdaptiveAlpha { get; init; } = true;

    /// <summary>p: α is reached at step N/p.</summary>
    public double P { get; init; } = 5;

    /// <summary>q: α′ is 1 at step N/q.</summary>
    public double Q { get; init; } = 10;

    /// <summary>N, the number of updates of the whole run.</summary>
    public long TotalSteps { get; init; } = 50_000;

    /// <summary>
    /// Where α′ is 0 the divergence weighs nothing and is only looked at: every so many updates, from the first on; 0 is never. In
    /// others it is NaN, and costs nothing.
    /// </summary>
    [ChangesNoResult("what weighs nothing is only looked at")]
    public long MeasureEvery { get; init; } = 1;

    /// <summary>
    /// How the divergences of a batch's positions become one number, and so what α weighs. With
    /// <see cref="DivergenceReduction.Mean"/> it is the divergence of one position beside the task loss of one, whatever the
    /// batch: the authors' for translation, and the only one of <see cref="TranslationObjective"/>. Their classification and
    /// tagging code takes the sum beside a mean task loss: the same α then weighs as many times more as the batch has positions,
    /// thousands of times for sentences of words. To repeat these, ask for <see cref="DivergenceReduction.Sum"/>.
    /// </summary>
    public DivergenceReduction Reduction { get; init; } = DivergenceReduction.Mean;
}

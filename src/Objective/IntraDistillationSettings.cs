namespace IntraDistill.Objective;

/// <summary>The settings of intra-distillation; the defaults are the paper's for IWSLT'14.</summary>
public sealed record IntraDistillationSettings
{
    /// <summary>K, the passes over each batch. 1 is plain training.</summary>
    public int Passes { get; init; } = 3;

    /// <summary>How the passes are compared.</summary>
    public Divergence Divergence { get; init; } = Divergence.X;

    /// <summary>α, the final weight of the divergence; 0 is the control: K passes without the divergence.</summary>
    public double Alpha { get; init; } = 5;

    /// <summary>α′ grows as <see cref="Objective.AdaptiveAlpha"/> has it; false for the same α at every step.</summary>
    public bool AdaptiveAlpha { get; init; } = true;

    /// <summary>p: α is reached at step N/p.</summary>
    public double P { get; init; } = 5;

    /// <summary>q: α′ is 1 at step N/q.</summary>
    public double Q { get; init; } = 10;

    /// <summary>N, the number of updates of the whole run.</summary>
    public long TotalSteps { get; init; } = 50_000;

    /// <summary>
    /// How the divergences of a batch's positions become one number. <see cref="TranslationObjective"/> always averages.
    /// </summary>
    public DivergenceReduction Reduction { get; init; } = DivergenceReduction.Sum;
}

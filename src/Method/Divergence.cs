namespace IntraDistill;

/// <summary>How the difference between the K passes is measured.</summary>
public enum Divergence
{
    /// <summary>The paper's X-divergence, (1/K) Σ_i [KL(p_i ‖ p̄) + KL(p̄ ‖ p_i)]: symmetric, and 0 only where all passes agree.</summary>
    X,

    /// <summary>The Jensen–Shannon divergence, (1/K) Σ_i KL(p_i ‖ p̄): bounded by log K.</summary>
    JensenShannon,

    /// <summary>(1/K) Σ_i mean((z_i − z̄)²) of the raw outputs: the form for regression (the paper's for STS-B).</summary>
    MeanSquaredError,
}

/// <summary>How the divergences of the positions of a batch become one number.</summary>
public enum DivergenceReduction
{
    /// <summary>
    /// Summed, as the authors' classification and tagging code does beside a <em>mean</em> task loss: alpha then weighs
    /// a whole batch, so that the same alpha means more in a larger batch.
    /// </summary>
    Sum,

    /// <summary>Averaged over the positions that count, as the authors' translation code does to both terms.</summary>
    Mean,
}

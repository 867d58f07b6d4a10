namespace IntraDistill;

/// <summary>The schedule of the divergence's weight α′ (Xu et al. 2022): small while the model knows nothing, α from step N/p on.
/// <code>
/// γ = log_{p/q}(1/α)
/// α′(x) = p^γ · α · x^γ / N^γ    while x &lt; N/p  (it passes 1 at x = N/q)
/// α′(x) = α                      from there on, and at every step when α ≤ 1
/// </code></summary>
public sealed record AdaptiveAlpha
{
    private readonly double _gamma;

    /// <exception cref="ArgumentOutOfRangeException">α is negative or not finite, N is below 1, or not 0 &lt; p &lt; q.</exception>
    public AdaptiveAlpha(double alpha, long totalSteps, double p = 5, double q = 10)
    {
        if (!(alpha >= 0 && double.IsFinite(alpha)))
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "alpha is a finite number, 0 or larger");
        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, 1);
        if (!(p > 0 && q > p && double.IsFinite(q)))
            throw new ArgumentOutOfRangeException(nameof(p), $"p = {p}, q = {q}", "0 < p < q was expected");
        (Alpha, TotalSteps, P, Q) = (alpha, totalSteps, p, q);
        _gamma = Math.Log(1 / alpha) / Math.Log(p / q);
    }

    /// <summary>The final weight α.</summary>
    public double Alpha { get; }

    /// <summary>N, the number of updates of the whole run.</summary>
    public long TotalSteps { get; }

    /// <summary>p: α is reached at step N/p.</summary>
    public double P { get; }

    /// <summary>q: α′ is 1 at step N/q.</summary>
    public double Q { get; }

    /// <summary>α′ at step x ≥ 0.</summary>
    public double At(long step) => Alpha <= 1 || step >= TotalSteps / P ? Alpha
        : Math.Pow(P, _gamma) * Alpha * Math.Pow(step, _gamma) / Math.Pow(TotalSteps, _gamma);
}

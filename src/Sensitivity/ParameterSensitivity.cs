namespace IntraDistill.Sensitivity;

/// <summary>
/// The sensitivity of every scalar parameter of a module, <c>I(θ_j) = |θ_j · ∂L/∂θ_j|</c>: to first order the change of
/// the loss when θ_j is set to zero (Xu et al. 2022).
/// </summary>
public sealed class ParameterSensitivity
{
    private readonly IReadOnlyList<(string Name, float[] Values)> _parameters;
    private SensitivityDistribution? _distribution;

    /// <summary>Takes the sensitivities of a module's parameters.</summary>
    /// <param name="parameters">By the module's own parameter names, in its order; values row-major.</param>
    /// <exception cref="IntraDistillException">There are none, or one is negative or not finite.</exception>
    public ParameterSensitivity(IReadOnlyList<(string Name, float[] Values)> parameters)
    {
        if (parameters.Sum(p => p.Values.LongLength) == 0)
            throw new IntraDistillException("the module has no trainable parameters: nothing has a sensitivity");
        foreach ((string name, float[] values) in parameters)
        {
            int bad = Array.FindIndex(values, v => !(v >= 0 && float.IsFinite(v)));
            if (bad >= 0)
                throw new IntraDistillException(
                    $"the sensitivity of {name}[{bad}] is {values[bad]}: a finite number, 0 or larger, was expected");
        }
        _parameters = parameters;
    }

    /// <summary>The parameters' names and values, in the module's order.</summary>
    public IReadOnlyList<(string Name, float[] Values)> Parameters => _parameters;

    /// <summary>How many scalars there are.</summary>
    public long Count => _parameters.Sum(p => p.Values.LongLength);

    /// <summary>The distribution over all scalar parameters.</summary>
    public SensitivityDistribution Distribution => _distribution ??= new(_parameters.SelectMany(p => p.Values));

    /// <summary>The distributions within the parts of the module.</summary>
    /// <param name="depth">How many dotted parts of a parameter's name make a part: 1 tells <c>encoder</c> from <c>decoder</c>.</param>
    /// <returns>By the part's name, in the module's order.</returns>
    public IReadOnlyList<(string Module, SensitivityDistribution Distribution)> ByModule(int depth = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        return [.. _parameters.GroupBy(p => string.Join('.', p.Name.Split('.').Take(depth)))
            .Select(part => (part.Key, new SensitivityDistribution(part.SelectMany(p => p.Values))))];
    }
}

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Training;

/// <summary>
/// TorchSharp's optimizer with what the trainer needs of it: the norm and clipping of the gradient, a learning rate set every
/// update, and its state by name, so that a checkpoint holds it exactly.
/// </summary>
internal sealed class TrainerOptimizer : IDisposable
{
    private readonly OptimizerHelper _optimizer;
    private readonly List<(string Name, Parameter Parameter)> _parameters;
    private readonly double _clipNorm;

    public TrainerOptimizer(nn.Module model, TrainerSettings settings)
    {
        _parameters = [.. model.named_parameters().Where(pair => pair.parameter.requires_grad)];
        if (_parameters.Count == 0) throw new IntraDistillException("The model has no parameters that require a gradient.");
        _clipNorm = settings.ClipNorm;
        var parameters = _parameters.Select(pair => pair.Parameter).ToList();
        var (first, second) = settings.Betas;
        double rate = settings.LearningRate;
        _optimizer = settings.Optimizer switch
        {
            OptimizerKind.Adam => optim.Adam(parameters, rate, first, second, settings.Epsilon, settings.WeightDecay),
            OptimizerKind.AdamW => optim.AdamW(parameters, rate, first, second, settings.Epsilon, settings.WeightDecay),
            OptimizerKind.Adamax => optim.Adamax(parameters, rate, first, second, settings.Epsilon, settings.WeightDecay),
            var other => throw new IntraDistillException($"TrainerSettings.Optimizer is {other}; expected Adam, AdamW, Adamax."),
        };
    }

    /// <summary>
    /// Drops all gradients. They become null rather than 0, since an optimizer skips what has no gradient: an update must
    /// not depend on whether an earlier one, perhaps of a killed process, gave a parameter its first gradient.
    /// </summary>
    public void ClearGradients()
    {
        foreach (var (_, parameter) in _parameters)
        {
            using var gradient = parameter.grad;
            if (gradient is not null) parameter.grad = null;
        }
    }

    /// <summary>The L2 norm of the whole gradient. Call in a dispose scope.</summary>
    public double GradientNorm()
    {
        using var noGrad = no_grad();
        var norms = _parameters.Select(pair => pair.Parameter.grad).OfType<Tensor>().Select(gradient => gradient.norm()).ToList();
        return norms.Count == 0 ? 0 : stack(norms).norm().ToDouble();
    }

    /// <summary>Clips the gradient, given its norm, and makes the update. Call in a dispose scope.</summary>
    public void Step(double learningRate, double gradientNorm)
    {
        if (_clipNorm > 0 && gradientNorm > _clipNorm)
        {
            using var noGrad = no_grad();
            foreach (var (_, parameter) in _parameters) parameter.grad?.mul_(_clipNorm / gradientNorm);
        }
        foreach (var group in _optimizer.ParamGroups) group.LearningRate = learningRate;
        _optimizer.step();
    }

    /// <summary>The optimizer's own state tensors (not copies), by name.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> StateTensors() =>
        [.. _parameters.Zip(States()).SelectMany(pair => pair.Second switch
        {
            Adam.State s => [($"{pair.First.Name}/exp_avg", s.exp_avg), ($"{pair.First.Name}/exp_avg_sq", s.exp_avg_sq)],
            AdamW.State s => [($"{pair.First.Name}/exp_avg", s.exp_avg), ($"{pair.First.Name}/exp_avg_sq", s.exp_avg_sq)],
            Adamax.State s => new[] { ($"{pair.First.Name}/exp_avg", s.exp_avg), ($"{pair.First.Name}/exp_inf", s.exp_inf) },
            var other => throw new NotSupportedException(other.GetType().Name),
        })];

    /// <summary>How many updates each parameter has had, which bias correction counts by.</summary>
    public long[] Steps
    {
        get => [.. States().Select(state => state switch
        {
            Adam.State s => s.step,
            AdamW.State s => s.step,
            Adamax.State s => s.step,
            _ => throw new NotSupportedException(state.GetType().Name),
        })];
        set
        {
            foreach (var (state, step) in States().Zip(value))
            {
                if (state is Adam.State adam) adam.step = step;
                else if (state is AdamW.State adamW) adamW.step = step;
                else if (state is Adamax.State adamax) adamax.step = step;
            }
        }
    }

    public void Dispose() => _optimizer.Dispose();

    private List<OptimizerState> States() => _optimizer.state_dict().State;
}

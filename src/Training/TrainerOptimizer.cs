using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Which optimizer a <see cref="Trainer{TBatch}"/> uses.</summary>
public enum OptimizerKind
{
    /// <summary>Adam; weight decay is an L2 penalty, added to the gradient.</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay. What fairseq calls <c>adam</c>, and so the paper's, is this one.</summary>
    AdamW,

    /// <summary>Adam with the infinity norm (the paper's for GLUE).</summary>
    Adamax,
}

/// <summary>The optimizer over one buffer of all weights: the norm and clipping of the gradient, a learning rate set every update, and a
/// state by name, so that a checkpoint holds it exactly. A model of a 16-bit type is trained on weights of float32 ("master weights"),
/// which are rounded into it after every step.</summary>
internal sealed class TrainerOptimizer : IDisposable
{
    // The fused ones take lists: with lists made in the script, torch drops the call as one without effect.
    // No weight changes where stop is 1: so a gradient that is not finite does no harm before anybody has looked at it.
    private static readonly TorchScript s_script = new("""
        def adam(w: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], step: List[Tensor], rate: float, beta1: float,
                 beta2: float, epsilon: float, decay: float, stop: Tensor):
            torch._fused_adam_(w, g, m, v, [], step, lr=rate, beta1=beta1, beta2=beta2, weight_decay=decay, eps=epsilon,
                               amsgrad=False, maximize=False, grad_scale=None, found_inf=stop)
            return stop

        def adamw(w: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], step: List[Tensor], rate: float, beta1: float,
                  beta2: float, epsilon: float, decay: float, stop: Tensor):
            torch._fused_adamw_(w, g, m, v, [], step, lr=rate, beta1=beta1, beta2=beta2, weight_decay=decay, eps=epsilon,
                                amsgrad=False, maximize=False, grad_scale=None, found_inf=stop)
            return stop

        def adamax(w: Tensor, g: Tensor, m: Tensor, u: Tensor, step: int, rate: float, beta1: float, beta2: float, epsilon: float,
                   decay: float, stop: Tensor):
            if decay > 0:
                g.add_(w, alpha=decay)
            m.lerp_(g, 1 - beta1).masked_fill_(stop > 0, 0.0)
            u.mul_(beta2)
            torch.maximum(u, g.abs_().add_(epsilon), out=u).masked_fill_(stop > 0, 1.0)
            w.addcdiv_(m, u, value=-rate / (1 - beta1 ** step))
            return stop

        """);

    private readonly TrainerSettings _settings;
    private readonly FlatParameters _flat;
    private readonly Tensor _weights;           // (P), float32 where the model's are of 16 bits
    private readonly Tensor _first, _second;    // (P), running means of the gradient, and of its square or infinity norm
    private readonly bool _hasMaster;
    private (Tensor Whole, bool[] Touched)? _gradient;      // of this update, of the weights' type

    public TrainerOptimizer(nn.Module model, TrainerSettings settings)
    {
        _settings = settings;
        _flat = new FlatParameters(model);
        using var scope = NewDisposeScope();
        _hasMaster = _flat.Weights.dtype is ScalarType.BFloat16 or ScalarType.Float16;
        _weights = _hasMaster ? _flat.Weights.to(float32).DetachFromDisposeScope() : _flat.Weights;
        _first = zeros_like(_weights).DetachFromDisposeScope();
        _second = zeros_like(_weights).DetachFromDisposeScope();
        Stop = zeros([], float32, _weights.device).DetachFromDisposeScope();
        Steps = new long[_flat.Places.Length];
    }

    /// <summary>How many updates each parameter has had, which bias correction counts by.</summary>
    public long[] Steps { get; set; }

    /// <summary>A scalar on the weights' device: 0, and from when it is set to 1 on no weight changes.</summary>
    public Tensor Stop { get; }

    public Device Device => _weights.device;

    /// <summary>Takes hold of the model's parameters and gradients, whatever was done with them since the last update.</summary>
    public void Attach()
    {
        _flat.Attach();
        if (!_hasMaster) return;
        using var scope = NewDisposeScope();
        // Weights that somebody has set are taken; of the others the master has more digits.
        _weights.copy_(where(_weights.to(_flat.Weights.dtype) == _flat.Weights, _weights, _flat.Weights.to(float32)));
    }

    public void ClearGradients() => _flat.ClearGradients();

    /// <summary>Takes the gradients off the parameters, for a <see cref="Step"/> in the same dispose scope.</summary>
    /// <returns>The L2 norm of all of them, a scalar on their device.</returns>
    public Tensor GradientNorm()
    {
        using var noGrad = no_grad();
        (Tensor whole, bool[] touched) = _flat.TakeGradients();
        if (_hasMaster) whole = whole.to(float32);
        _gradient = (whole, touched);
        return whole.norm();
    }

    /// <summary>Clips the gradient, given its norm, and makes the update. A parameter that got no gradient is left alone: an update
    /// must not depend on whether an earlier one, perhaps of a killed process, gave it its first.</summary>
    public void Step(double rate, Tensor norm)
    {
        using var noGrad = no_grad();
        (Tensor gradient, bool[] touched) = _gradient ?? throw new InvalidOperationException("GradientNorm comes first");
        if (_settings.ClipNorm > 0) gradient.mul_((_settings.ClipNorm / norm).clamp_max_(1));
        var (beta1, beta2) = _settings.Betas;
        long taken = 0;
        foreach (var (start, count, step) in Runs(touched))
        {
            Tensor[] buffers = [_weights.narrow(0, start, count), gradient.narrow(0, taken, count), _first.narrow(0, start, count),
                _second.narrow(0, start, count)];
            taken += count;
            if (_settings.Optimizer == OptimizerKind.Adamax)
                s_script.Call<Tensor>("adamax", [.. buffers, step, rate, beta1, beta2, _settings.Epsilon, _settings.WeightDecay, Stop]);
            else
                s_script.Call<Tensor>(_settings.Optimizer == OptimizerKind.Adam ? "adam" : "adamw",
                    [.. buffers.Select(buffer => new[] { buffer }), new[] { full([], step, float32, _weights.device) }, rate, beta1, beta2,
                    _settings.Epsilon, _settings.WeightDecay, Stop]);
        }
        if (_hasMaster) _flat.Weights.copy_(_weights);
        _gradient = null;
    }

    /// <summary>The optimizer's own state tensors (not copies), by name.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> StateTensors()
    {
        string second = _settings.Optimizer == OptimizerKind.Adamax ? "exp_inf" : "exp_avg_sq";
        foreach (FlatParameters.Place place in _flat.Places)
        {
            yield return ($"{place.Name}/exp_avg", place.In(_first));
            yield return ($"{place.Name}/{second}", place.In(_second));
            if (_hasMaster) yield return ($"{place.Name}/master", place.In(_weights));
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in new[] { _weights, _first, _second, Stop }) tensor.Dispose();
        _flat.Dispose();
    }

    /// <summary>The stretches of the buffers whose parameters all got a gradient and have had equally many updates, this one counted: as
    /// a rule one, which is all.</summary>
    private List<(long Start, long Count, long Step)> Runs(bool[] touched)
    {
        List<(long Start, long Count, long Step)> runs = [];
        for (int i = 0; i < touched.Length; i++)
        {
            if (!touched[i]) continue;
            var (_, start, count, _) = _flat.Places[i];
            long step = ++Steps[i];
            if (runs.Count > 0 && runs[^1].Start + runs[^1].Count == start && runs[^1].Step == step)
                runs[^1] = runs[^1] with { Count = runs[^1].Count + count };
            else
                runs.Add((start, count, step));
        }
        return runs;
    }
}

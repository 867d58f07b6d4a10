using System.Collections.Concurrent;
using TorchSharp;
using F = TorchSharp.torch.nn.functional;
using static TorchSharp.torch;

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

/// <summary>How the divergences of the positions of a batch become one number, and so what α weighs.</summary>
public enum DivergenceReduction
{
    /// <summary>Summed, as the authors' classification and tagging code does beside a <em>mean</em> task loss: the same α weighs as many
    /// times more as the batch has positions, thousands of times for sentences of words.</summary>
    Sum,

    /// <summary>Averaged over the positions that count, as the authors' translation code does to both terms: whatever the batch, α weighs
    /// the divergence of one position beside the task loss of one.</summary>
    Mean,
}

/// <summary>The divergences between K passes over the same batch (Xu et al. 2022). Values and gradients come from closed forms, a chunk of
/// positions at a time, so that the K probability tensors never exist at once.</summary>
public static class Divergences
{
    // By the index of the GPU, as much as is free when the first loss is computed, when the model is there.
    private static readonly ConcurrentDictionary<int, long> s_onGpu = new();

    /// <summary>Positions of (K, n, V) logits in chunks: on the CPU of 4 million logits, 16 MB of float32, enough for the products to be
    /// fast; on a GPU, which is slowed down by every call, of up to 200 million, where some hundred bytes are free for each (its ten
    /// temporaries, and what the model needs).</summary>
    internal static IEnumerable<(long Start, long Length)> Chunks(Device device, long passes, long positions, long classes)
    {
        long elements = device.type != DeviceType.CUDA ? 4_000_000 : s_onGpu.GetOrAdd(Math.Max(device.index, 0), index =>
            Math.Clamp((NativeGpu.Memory(index)?.Free ?? 0) / 100, 4_000_000, 200_000_000));
        long chunk = Math.Max(1, elements / (passes * classes));
        for (long start = 0; start < positions; start += chunk)
            yield return (start, Math.Min(chunk, positions - start));
    }

    /// <summary>Losses of 16-bit logits are computed and added up in float32.</summary>
    internal static ScalarType SumType(ScalarType type) => type is ScalarType.BFloat16 or ScalarType.Float16 ? float32 : type;

    /// <summary>The divergence of a name, as a notebook's parameter gives it; whatever its case.</summary>
    /// <exception cref="IntraDistillException">There is no divergence of that name.</exception>
    public static Divergence Parse(string name) =>
        Enum.GetNames<Divergence>().Contains(name, StringComparer.OrdinalIgnoreCase) ? Enum.Parse<Divergence>(name, ignoreCase: true)
            : throw new IntraDistillException($"divergence = \"{name}\": X, JensenShannon or MeanSquaredError was expected");

    /// <summary>The divergence between K passes.</summary>
    /// <param name="divergence">Which one.</param>
    /// <param name="logits">(K, …, V): unnormalized scores of each pass; with the mean squared error (K, …), outputs.</param>
    /// <param name="mask">(…), the positions that count (bool or 0/1); null for all. The mean squared error takes none.</param>
    /// <returns>A scalar of the logits' type (float32 where that has 16 bits): the sum over positions; of the mean squared error the mean
    /// over elements.</returns>
    /// <exception cref="ArgumentException">A shape is not as said above.</exception>
    public static Tensor Compute(Divergence divergence, Tensor logits, Tensor? mask = null)
    {
        bool squares = divergence == Divergence.MeanSquaredError;
        if (logits.dim() < (squares ? 1 : 2) || logits.shape[0] < 1)
            throw new ArgumentException($"K ≥ 1 passes of shape (K, …, V) were expected, not {logits.Text()}", nameof(logits));
        if (squares)
            return mask is null ? (logits - logits.mean([0], keepdim: true)).square().mean()
                : throw new ArgumentException("the mean squared error counts every element and takes no mask", nameof(mask));
        if (mask is not null && !mask.shape.SequenceEqual(logits.shape[1..^1]))
            throw new ArgumentException($"a mask of shape {TensorShape.Text(logits.shape.AsSpan(1..^1))} was expected for logits of shape "
                + $"{logits.Text()}, not {mask.Text()}", nameof(mask));

        using var scope = NewDisposeScope();
        long passes = logits.shape[0], classes = logits.shape[^1];
        bool differentiable = logits.requires_grad && is_grad_enabled();
        using var noGrad = no_grad();
        Tensor flat = logits.detach().reshape(passes, -1, classes);     // (K, N, V)
        ScalarType type = SumType(flat.dtype);
        Tensor? keep = mask?.flatten().to(type);                        // (N)
        Tensor value = zeros([], dtype: type, device: flat.device);
        Tensor? gradient = differentiable ? empty_like(flat) : null;
        foreach ((long start, long length) in Chunks(flat.device, passes, flat.shape[1], classes))
        {
            using var chunkScope = NewDisposeScope();
            Tensor logProbabilities = F.log_softmax(flat.narrow(1, start, length).to(type), -1);
            (Tensor values, Tensor? scaledGradient) = Terms(divergence, logProbabilities, logProbabilities.exp(), differentiable);
            if (keep is not null)
            {
                Tensor kept = keep.narrow(0, start, length);
                values.mul_(kept);
                scaledGradient?.mul_(kept.unsqueeze(-1));
            }
            value.add_(values.sum());
            if (scaledGradient is not null)
                gradient!.narrow(1, start, length).copy_(scaledGradient.mul_(1.0 / passes));
        }
        return (gradient is null ? value : WithGradient(value, (logits, gradient.reshape(logits.shape)))).MoveToOuterDisposeScope();
    }

    /// <summary>The divergence at each position, (n), and K times its gradient with respect to the logits, (K, n, V), from log-probabilities
    /// l and probabilities p, (K, n, V) each; both are left as they are.</summary>
    /// <remarks><code>
    /// X  = (1/K) Σ_i Σ_v (p_i − p̄)(l_i − log p̄) = (1/K) Σ_i s_i    with s_i = Σ_v p_i (l_i − l̄)
    /// K ∂X/∂z_i = p_i (l_i − l̄ − s_i + 1) − p̄
    /// JS = (1/K) Σ_i j_i                                             with j_i = Σ_v p_i (l_i − m), m = log p̄
    /// K ∂JS/∂z_i = p_i (l_i − m − j_i)
    /// </code>
    /// Since Σ_i (p_i − p̄) = 0, any term that is the same for every pass drops out of X: log p̄ is never taken there. Every l is a finite
    /// log-softmax, m a log-sum-exp of finite numbers, so a probability that underflows to 0 does no harm.</remarks>
    internal static (Tensor Values, Tensor? ScaledGradient) Terms(Divergence divergence, Tensor l, Tensor p, bool differentiate)
    {
        if (divergence == Divergence.X)
        {
            Tensor difference = l - l.mean([0], keepdim: true);                     // l − l̄, (K, n, V)
            Tensor s = (p * difference).sum(-1, keepdim: true);                     // (K, n, 1)
            return (s.squeeze(-1).mean([0]), differentiate ? difference.add_(1 - s).mul_(p).sub_(p.mean([0], keepdim: true)) : null);
        }
        Tensor m = l.logsumexp(0, keepdim: true).sub_(Math.Log(l.shape[0]));        // (1, n, V)
        Tensor ratio = l - m;                                                       // (K, n, V)
        Tensor j = (p * ratio).sum(-1, keepdim: true);                              // (K, n, 1)
        return (j.squeeze(-1).mean([0]), differentiate ? ratio.sub_(j).mul_(p) : null);
    }

    /// <summary>A scalar that has the given value and, by <c>backward()</c>, the given gradients: Σ x·g is linear in x with gradient g, and
    /// taking its own detached value off again leaves exactly <paramref name="value"/>.</summary>
    internal static Tensor WithGradient(Tensor value, params (Tensor Variable, Tensor Gradient)[] terms)
    {
        using var grad = enable_grad();
        foreach ((Tensor variable, Tensor gradient) in terms)
        {
            Tensor linear = (variable * gradient).sum();
            value = value + (linear - linear.detach());
        }
        return value;
    }
}

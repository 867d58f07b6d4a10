using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// Warns where the K passes of a model are one and the same: their divergence is 0, and training goes on as if there were no
/// intra-distillation. Each objective looks at its first comparison only, since on a GPU a look waits for the device.
/// </summary>
internal sealed class EqualPasses
{
    [ThreadStatic]
    private static nn.Module? s_model;

    private bool _looked;

    /// <summary>Computes a loss of a model that is known, so that a warning can name it.</summary>
    public static IntraDistillationLoss Of(nn.Module model, Func<IntraDistillationLoss> loss)
    {
        s_model = model;
        try
        {
            return loss();
        }
        finally
        {
            s_model = null;
        }
    }

    /// <summary>Looks whether passes differ; the first time only.</summary>
    /// <param name="passes">(K, …): logits or states of the K passes.</param>
    public void Look(Tensor passes)
    {
        if (_looked)
            return;
        _looked = true;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Tensor all = passes.detach();
        // Copies of a row in one product may be rounded apart.
        double rounding = all.dtype is ScalarType.Float16 or ScalarType.BFloat16 ? 1e-2 : 1e-5;
        all = all.to(float32);
        if (all.shape[0] < 2 || !Enumerable.Range(1, (int)all.shape[0] - 1).All(i => all[i].allclose(all[0], rounding, 1e-6)))
            return;
        Console.Error.WriteLine($"Warning: the {all.shape[0]} passes of {s_model?.GetType().Name ?? "the model"} give the same outputs, "
            + "so their divergence is 0 and nothing is distilled: it is in evaluation mode or has no dropout.");
    }
}

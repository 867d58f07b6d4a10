using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Measures the sensitivity of every parameter of a module.</summary>
public static class SensitivityProbe
{
    /// <summary>Measures <c>|θ · ∂L/∂θ|</c>, averaged over batches.</summary>
    /// <remarks>
    /// The module stays in the mode it is in: call <c>model.eval()</c> first for the sensitivity of the whole network
    /// rather than of dropout's samples. Gradients are cleared before and after; weights are not touched.
    /// </remarks>
    /// <param name="model">Parameters that do not require a gradient are left out; one that the loss never reaches counts 0.</param>
    /// <param name="batches">The batches to average over.</param>
    /// <param name="loss">The scalar loss of a batch.</param>
    /// <param name="divideByLoss">
    /// Divide each batch's sensitivities by its loss, which lets models of different losses be compared (the University of
    /// Washington's reproduction of the paper).
    /// </param>
    /// <exception cref="IntraDistillException">
    /// There is no batch; no parameter requires a gradient; or a loss is not a scalar, not finite, or made without gradients.
    /// </exception>
    public static ParameterSensitivity Measure<TBatch>(
        nn.Module model, IEnumerable<TBatch> batches, Func<TBatch, Tensor> loss, bool divideByLoss = false)
    {
        using var scope = NewDisposeScope();
        (string Name, Parameter Value)[] parameters = [.. model.named_parameters().Where(p => p.parameter.requires_grad)];
        if (parameters.Length == 0)
            throw new IntraDistillException("no parameter of the module requires a gradient: nothing has a sensitivity; is it frozen?");
        Tensor[] sums = [.. parameters.Select(p => zeros(p.Value.shape, Divergences.SumType(p.Value.dtype), p.Value.device))];
        int count = 0;
        foreach (TBatch batch in batches)
        {
            using var batchScope = NewDisposeScope();
            model.zero_grad();
            Tensor value = loss(batch);
            if (value.numel() != 1 || !value.requires_grad)
                throw new IntraDistillException($"the loss of batch {count + 1} has {value.numel()} values and "
                    + $"{(value.requires_grad ? "a" : "no")} gradient: a scalar that depends on the module's parameters was expected");
            double scalar = value.detach().to(float64).item<double>();
            if (!double.IsFinite(scalar) || (divideByLoss && scalar == 0))
                throw new IntraDistillException($"the loss of batch {count + 1} is {scalar}: a finite number"
                    + $"{(divideByLoss ? " other than 0" : "")} was expected");
            value.backward();
            count++;
            using var noGrad = no_grad();
            for (int i = 0; i < parameters.Length; i++)
                if (parameters[i].Value.grad is { } gradient)
                    sums[i].add_((parameters[i].Value * gradient).to(sums[i].dtype).abs_().div_(divideByLoss ? Math.Abs(scalar) : 1));
        }
        model.zero_grad();
        if (count == 0)
            throw new IntraDistillException("no batch to measure sensitivity on: at least one was expected");
        return new([.. parameters.Select((p, i) => new MeasuredParameter(
            p.Name, p.Value.shape, (sums[i] / count).to(float32).cpu().data<float>().ToArray(), WhereZero(p.Value)))]);
    }

    private static bool[]? WhereZero(Tensor weights)
    {
        Tensor zero = weights.detach().eq(0);
        return zero.any().item<bool>() ? zero.cpu().data<bool>().ToArray() : null;
    }
}

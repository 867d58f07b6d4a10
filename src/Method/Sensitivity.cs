using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Measures the sensitivity of every parameter of a module.</summary>
public static class SensitivityProbe
{
    /// <summary>Measures <c>I(θ_j) = |θ_j · ∂L/∂θ_j|</c>, averaged over batches.</summary>
    /// <remarks>The module stays in the mode it is in: call <c>model.eval()</c> first for the sensitivity of the whole network rather than
    /// of dropout's samples. Gradients are cleared before and after; weights are not touched.</remarks>
    /// <param name="model">Parameters that do not require a gradient are left out; one that the loss never reaches counts 0.</param>
    /// <param name="batches">The batches to average over.</param>
    /// <param name="loss">The scalar loss of a batch.</param>
    /// <param name="divideByLoss">Divide each batch's sensitivities by its loss, which lets models of different losses be compared (the
    /// University of Washington's reproduction of the paper).</param>
    /// <exception cref="IntraDistillException">There is no batch; no parameter requires a gradient; or a loss is not a scalar, not finite,
    /// or made without gradients.</exception>
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
            count++;
            if (value.numel() != 1 || !value.requires_grad)
                throw new IntraDistillException($"the loss of batch {count} has {value.numel()} values and "
                    + $"{(value.requires_grad ? "a" : "no")} gradient: a scalar that depends on the module's parameters was expected");
            double scalar = value.detach().to(float64).item<double>();
            if (!double.IsFinite(scalar) || (divideByLoss && scalar == 0))
                throw new IntraDistillException($"the loss of batch {count} is {scalar}: a finite number"
                    + $"{(divideByLoss ? " other than 0" : "")} was expected");
            value.backward();
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

/// <summary>The sensitivities of one parameter of a module.</summary>
/// <param name="Name">The module's own name for it, such as <c>decoder.layers.0.feed_forward.inner.weight</c>.</param>
/// <param name="Shape">The parameter's shape; empty for a scalar.</param>
/// <param name="Values">The sensitivity of each of its scalars, row-major, in units of loss.</param>
/// <param name="WeightIsZero">Which of its weights θ_j are exactly 0, row-major; null where none is.</param>
public sealed record MeasuredParameter(string Name, long[] Shape, float[] Values, bool[]? WeightIsZero = null) : KitRecord;

/// <summary>Where a parameter's sensitivities of exactly 0 lie. Each scalar is counted once: as a zero weight, else in a row, else in a
/// column, else elsewhere.</summary>
/// <remarks>The rule looks at shapes and values only, so it cannot tell what a row stands for; the parameter's name does. In an embedding
/// (V, d) a row that nothing reached is a subword that the probe never met. A ReLU unit that is never active shows in three places: as a
/// row of the linear layer before it (units, inputs), as one scalar of that layer's bias (units), and as a column of the layer behind it
/// (outputs, units).</remarks>
/// <param name="Name">The parameter's name.</param>
/// <param name="ZeroWeights">Scalars that are 0 themselves: an embedding's padding row, weights that are pruned, a bias as
/// initialised.</param>
/// <param name="InRows">In rows that no gradient reached: all at one index of the first dimension, so one scalar of a bias.</param>
/// <param name="InColumns">In columns that no gradient reached: all at one index of the second dimension.</param>
/// <param name="Elsewhere">All others, such as products too small for a float.</param>
public sealed record ParameterZeros(string Name, long ZeroWeights, long InRows, long InColumns, long Elsewhere)
{
    /// <summary>All of the parameter's sensitivities that are exactly 0.</summary>
    public long Count => ZeroWeights + InRows + InColumns + Elsewhere;

    internal static ParameterZeros Of(MeasuredParameter parameter)
    {
        float[] values = parameter.Values;
        int rows = parameter.Shape is [long first, ..] ? (int)first : 1;
        int columns = parameter.Shape is [_, long second, ..] ? (int)second : 1;
        int rowSize = values.Length / rows, columnSize = rowSize / columns;
        bool[] rowReached = new bool[rows], columnReached = new bool[columns];
        for (int i = 0; i < values.Length; i++)
            if (values[i] > 0)
                rowReached[i / rowSize] = columnReached[i % rowSize / columnSize] = true;

        long zeroWeights = 0, inRows = 0, inColumns = 0, elsewhere = 0;
        for (int i = 0; i < values.Length; i++)
            if (values[i] > 0)
                continue;
            else if (parameter.WeightIsZero?[i] == true)
                zeroWeights++;
            else if (!rowReached[i / rowSize])
                inRows++;
            else if (!columnReached[i % rowSize / columnSize])
                inColumns++;
            else
                elsewhere++;
        return new(parameter.Name, zeroWeights, inRows, inColumns, elsewhere);
    }
}

/// <summary>The sensitivity of every scalar parameter of a module, <c>I(θ_j) = |θ_j · ∂L/∂θ_j|</c>: to first order the change of the loss
/// when θ_j is set to zero (Xu et al. 2022).</summary>
public sealed class ParameterSensitivity
{
    private const string ZeroWeight = "#weight_is_zero";      // behind a parameter's name, which has no #

    /// <param name="parameters">By the module's own parameter names, in its order.</param>
    /// <exception cref="IntraDistillException">There are none, one is negative or not finite, or there are more or fewer of them than the
    /// parameter's shape has.</exception>
    public ParameterSensitivity(IReadOnlyList<MeasuredParameter> parameters)
    {
        if (parameters.Sum(p => p.Values.LongLength) == 0)
            throw new IntraDistillException("the module has no trainable parameters: nothing has a sensitivity");
        foreach ((string name, long[] shape, float[] values, bool[]? weightIsZero) in parameters)
        {
            long size = shape.Aggregate(1L, (product, length) => product * length);
            if (values.LongLength != size || (weightIsZero is not null && weightIsZero.LongLength != size))
                throw new IntraDistillException(
                    $"{name} has shape ({string.Join(", ", shape)}) and {values.LongLength} sensitivities: {size} were expected");
            int bad = Array.FindIndex(values, v => !(v >= 0 && float.IsFinite(v)));
            if (bad >= 0)
                throw new IntraDistillException(
                    $"the sensitivity of {name}[{bad}] is {values[bad]}: a finite number, 0 or larger, was expected");
        }
        Parameters = parameters;
    }

    /// <summary>The parameters, in the module's order.</summary>
    public IReadOnlyList<MeasuredParameter> Parameters { get; }

    /// <summary>How many scalars there are, reached by a gradient or not.</summary>
    public long Count => Parameters.Sum(p => p.Values.LongLength);

    /// <summary>The distribution over all scalar parameters.</summary>
    public SensitivityDistribution Distribution => field ??= new(Parameters.SelectMany(p => p.Values));

    /// <summary>Where the sensitivities of exactly 0 lie: those parameters that have any, in the module's order. Their counts add up to
    /// <see cref="SensitivityDistribution.Zeros"/> of <see cref="Distribution"/>.</summary>
    public IReadOnlyList<ParameterZeros> Zeros =>
        field ??= [.. Parameters.Where(p => p.Values.Contains(0)).Select(ParameterZeros.Of)];

    /// <summary>Writes the sensitivities to a file in the safetensors format, under the parameters' names and, of parameters that have
    /// weights of exactly 0, where those lie. A file that is there is replaced, whole.</summary>
    /// <exception cref="IntraDistillException">It cannot be written.</exception>
    public void Save(string path)
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(path, [.. Parameters.Select(p => (p.Name, tensor(p.Values).view(p.Shape))),
            .. Parameters.Where(p => p.WeightIsZero is not null)
                .Select(p => (p.Name + ZeroWeight, tensor(p.WeightIsZero!).view(p.Shape)))]);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="IntraDistillException">The file cannot be read, is damaged, or holds something else than sensitivities.</exception>
    public static ParameterSensitivity Load(string path)
    {
        using var scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        T[] Values<T>(WeightEntry entry, ScalarType type) where T : unmanaged => entry.Type == type
            ? file.Read(entry.Name).data<T>().ToArray()
            : throw WeightFile.Error(path, entry.Name, $"has elements of type {entry.Type}; expected {type}");
        MeasuredParameter[] parameters = [.. file.Tensors.Values.Where(entry => !entry.Name.EndsWith(ZeroWeight, StringComparison.Ordinal))
            .Select(entry => new MeasuredParameter(entry.Name, [.. entry.Shape], Values<float>(entry, ScalarType.Float32),
                file.Tensors.TryGetValue(entry.Name + ZeroWeight, out WeightEntry? zero) ? Values<bool>(zero, ScalarType.Bool) : null))];
        try
        {
            return new(parameters);
        }
        catch (IntraDistillException error)
        {
            throw WeightFile.Error(path, null, $"holds something else than sensitivities: {error.Message}", error);
        }
    }

    /// <summary>The distributions within the parts of the module: by the part's name, in the module's order. The measures of a part that no
    /// gradient reached are NaN.</summary>
    /// <param name="depth">How many dotted parts of a parameter's name make a part: 1 tells <c>encoder</c> from <c>decoder</c>.</param>
    public IReadOnlyList<(string Module, SensitivityDistribution Distribution)> ByModule(int depth = 1) =>
        [.. Parameters.GroupBy(p => string.Join('.', p.Name.Split('.').Take(depth)))
            .Select(part => (part.Key, new SensitivityDistribution(part.SelectMany(p => p.Values))))];
}

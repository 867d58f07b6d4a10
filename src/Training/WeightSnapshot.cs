using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>A copy of a model's parameters and buffers in host memory.</summary>
internal sealed class WeightSnapshot : IDisposable
{
    private readonly List<(string Name, Tensor Tensor)> _tensors = [];

    /// <summary>The copies, by the name of the parameter or buffer.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> Tensors => _tensors;

    /// <summary>A model's own parameters and buffers, each once, in order.</summary>
    public static IEnumerable<(string Name, Tensor Tensor)> Of(nn.Module model) =>
        model.named_parameters().Select(pair => (pair.name, (Tensor)pair.parameter))
            .Concat(model.named_buffers().Select(pair => (pair.name, pair.buffer)));

    /// <summary>Copies the model's weights, over an earlier copy if there is one.</summary>
    public void Take(nn.Module model) => Take(Of(model));

    /// <summary>Copies weights, over an earlier copy of the same ones if there is one.</summary>
    public void Take(IEnumerable<(string Name, Tensor Tensor)> weights)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (_tensors.Count == 0)
        {
            _tensors.AddRange(weights.Select(pair =>
                (pair.Name, zeros(pair.Tensor.shape, pair.Tensor.dtype, CPU).DetachFromDisposeScope())));
        }
        foreach (var ((_, copy), (_, weight)) in _tensors.Zip(weights)) copy.copy_(weight.detach());
    }

    /// <summary>Writes the copies into the model.</summary>
    public void Restore(nn.Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var ((_, copy), (_, weight)) in _tensors.Zip(Of(model))) weight.copy_(copy);
    }

    /// <summary>Writes the mean of several copies into the model. What is no floating-point number is that of the last.</summary>
    public static void RestoreMean(IReadOnlyList<WeightSnapshot> copies, nn.Module model)
    {
        using var noGrad = no_grad();
        int i = 0;
        foreach (var (_, weight) in Of(model))
        {
            using var scope = NewDisposeScope();
            Tensor[] values = [.. copies.Select(copy => copy._tensors[i].Tensor)];
            weight.copy_(weight.is_floating_point() ? stack(values.Select(value => value.to(float64))).mean([0]) : values[^1]);
            i++;
        }
    }

    /// <summary>Runs an action that may change the weights, in evaluation mode; then the model is as it was.</summary>
    public static T Around<T>(nn.Module model, Func<T> action)
    {
        using var last = new WeightSnapshot();
        last.Take(model);
        bool training = model.training;
        try
        {
            model.eval();
            return action();
        }
        finally
        {
            last.Restore(model);
            model.train(training);
        }
    }

    public void Dispose() => _tensors.ForEach(pair => pair.Tensor.Dispose());
}

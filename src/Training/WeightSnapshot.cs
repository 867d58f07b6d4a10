using static TorchSharp.torch;

namespace IntraDistill.Training;

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
    public void Take(nn.Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (_tensors.Count == 0)
        {
            _tensors.AddRange(Of(model).Select(pair =>
                (pair.Name, zeros(pair.Tensor.shape, pair.Tensor.dtype, CPU).DetachFromDisposeScope())));
        }
        foreach (var ((_, copy), (_, weight)) in _tensors.Zip(Of(model))) copy.copy_(weight.detach());
    }

    /// <summary>Writes the copies into the model.</summary>
    public void Restore(nn.Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var ((_, copy), (_, weight)) in _tensors.Zip(Of(model))) weight.copy_(copy);
    }

    /// <summary>Runs an action with the copies in the model, in evaluation mode; then the model is as it was.</summary>
    public T While<T>(nn.Module model, Func<T> action)
    {
        using var last = new WeightSnapshot();
        last.Take(model);
        bool training = model.training;
        try
        {
            Restore(model);
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

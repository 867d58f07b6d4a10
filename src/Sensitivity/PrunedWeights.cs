using static TorchSharp.torch;

namespace IntraDistill.Sensitivity;

/// <summary>A module's weights while a part of them is pruned; disposing it puts them back.</summary>
public sealed class PrunedWeights : IDisposable
{
    private readonly List<(Tensor Parameter, Tensor Original)> _originals;

    internal PrunedWeights(List<(Tensor Parameter, Tensor Original)> originals, long count) =>
        (_originals, Count) = (originals, count);

    /// <summary>How many scalar parameters are zero because of it.</summary>
    public long Count { get; }

    /// <summary>Restores the weights.</summary>
    public void Dispose()
    {
        using var noGrad = no_grad();
        foreach ((Tensor parameter, Tensor original) in _originals)
        {
            parameter.copy_(original).DetachFromDisposeScope();
            original.Dispose();
        }
        _originals.Clear();
    }
}

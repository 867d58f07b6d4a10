using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>A module's weights while a part of them is pruned; disposing it puts them back.</summary>
public sealed class PrunedWeights : IDisposable
{
    // By module, the latest pruning that is not undone. What it would put back is the state that the one before it left.
    private static readonly ConditionalWeakTable<nn.Module, PrunedWeights> s_latest = [];

    private readonly nn.Module _model;
    private readonly List<(Tensor Parameter, Tensor Original)> _originals;
    private readonly PrunedWeights? _before;
    private bool _disposed;

    internal PrunedWeights(nn.Module model, List<(Tensor Parameter, Tensor Original)> originals, long count)
    {
        (_model, _originals, Count) = (model, originals, count);
        s_latest.TryGetValue(model, out _before);
        s_latest.AddOrUpdate(model, this);
    }

    /// <summary>How many scalar parameters were set to zero; those of sensitivity 0 are not among them.</summary>
    public long Count { get; }

    /// <summary>Restores the weights.</summary>
    /// <exception cref="IntraDistillException">
    /// The module was pruned again since, and that pruning is not disposed yet. Nothing is restored; dispose that one, then
    /// this.
    /// </exception>
    public void Dispose()
    {
        if (_disposed)
            return;
        if (!s_latest.TryGetValue(_model, out PrunedWeights? latest) || latest != this)
            throw new IntraDistillException("the module was pruned again after this pruning: dispose the later one first");
        using var noGrad = no_grad();
        foreach ((Tensor parameter, Tensor original) in _originals)
        {
            parameter.copy_(original).DetachFromDisposeScope();
            original.Dispose();
        }
        _disposed = true;
        if (_before is null)
            s_latest.Remove(_model);
        else
            s_latest.AddOrUpdate(_model, _before);
    }
}

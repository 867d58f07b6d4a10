using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Which parameters go first.</summary>
public enum PruningOrder
{
    /// <summary>The least sensitive, which the loss should hardly miss.</summary>
    LeastSensitive,

    /// <summary>The most sensitive.</summary>
    MostSensitive,
}

/// <summary>One-shot pruning: the most or least sensitive parameters of a module set to zero (Xu et al. 2022).</summary>
/// <remarks>Only parameters whose sensitivity is above 0 are pruned (<see cref="SensitivityDistribution.Reached"/>). Those of exactly 0
/// stay as they are. Without them the loss on the probe's text is the same, so they would fill the first percents of the least sensitive
/// and cost nothing there, in one model more than in another; and on another text, with subwords that the probe never met, they may well
/// count.</remarks>
public static class Pruning
{
    /// <summary>What a model loses where more and more of it is cut, in per cent of the parameters reached: the weights are put back after
    /// each cut.</summary>
    public static IEnumerable<(double Percent, double Loss)> Curve(nn.Module model, ParameterSensitivity sensitivity,
        IEnumerable<double> percents, PruningOrder order, Func<double> loss)
    {
        foreach (double percent in percents)
        {
            using PrunedWeights pruned = Prune(model, sensitivity, percent / 100, order);
            yield return (percent, loss());
        }
    }

    /// <summary>Sets a part of the reached parameters, from 0 to 1, to zero until the returned object is disposed. They go by sensitivity
    /// over the whole module, ties by position. A pruned module can be pruned again; the prunings must then be disposed in reverse
    /// order.</summary>
    /// <exception cref="IntraDistillException">A parameter is missing from the module, or has another size.</exception>
    public static PrunedWeights Prune(
        nn.Module model, ParameterSensitivity sensitivity, double part, PruningOrder order = PruningOrder.LeastSensitive)
    {
        if (!(part >= 0 && part <= 1))
            throw new ArgumentOutOfRangeException(nameof(part), part, "a part from 0 to 1 was expected");
        Dictionary<string, Parameter> byName = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (MeasuredParameter measured in sensitivity.Parameters)
        {
            Parameter? parameter = byName.GetValueOrDefault(measured.Name);
            if (parameter?.numel() != measured.Values.Length)
                throw new IntraDistillException($"the sensitivities have {measured.Values.Length} values for {measured.Name}, and the "
                    + "module " + (parameter is null ? "has no such parameter" : $"has {parameter.numel()}"));
        }

        // A positive float sorts as its bits do: one key holds the sensitivity and, below it, the position.
        float[] values = [.. sensitivity.Parameters.SelectMany(measured => measured.Values)];
        ulong[] keys = [.. Enumerable.Range(0, values.Length).Where(i => values[i] > 0)
            .Select(i => ((ulong)BitConverter.SingleToUInt32Bits(values[i]) << 32) | (uint)i).Order()];
        int count = (int)Math.Round(part * keys.Length), start = 0;
        bool[] pruned = new bool[values.Length];
        foreach (ulong key in order == PruningOrder.LeastSensitive ? keys.AsSpan(0, count) : keys.AsSpan(keys.Length - count))
            pruned[(uint)key] = true;

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        List<(Tensor Parameter, Tensor Original)> originals = [];
        foreach (MeasuredParameter measured in sensitivity.Parameters)
        {
            bool[] gone = pruned[start..(start += measured.Values.Length)];
            if (!gone.Contains(true))
                continue;
            Tensor parameter = byName[measured.Name];
            originals.Add((parameter, parameter.detach().clone().DetachFromDisposeScope()));
            parameter.masked_fill_(tensor(gone, device: parameter.device).reshape(parameter.shape), 0);
        }
        return new PrunedWeights(model, originals, count);
    }
}

/// <summary>A module's weights while a part of them is pruned; disposing it puts them back, bit for bit.</summary>
public sealed class PrunedWeights : IDisposable
{
    // By module, the prunings that are not undone. What the last would put back is the state that the one before it left.
    private static readonly ConditionalWeakTable<nn.Module, Stack<PrunedWeights>> s_prunings = [];

    private readonly List<(Tensor Parameter, Tensor Original)> _originals;
    private readonly Stack<PrunedWeights> _ofModule;

    internal PrunedWeights(nn.Module model, List<(Tensor Parameter, Tensor Original)> originals, long count)
    {
        (_originals, Count, _ofModule) = (originals, count, s_prunings.GetOrCreateValue(model));
        _ofModule.Push(this);
    }

    /// <summary>How many scalar parameters were set to zero; those of sensitivity 0 are not among them.</summary>
    public long Count { get; }

    /// <summary>Restores the weights.</summary>
    /// <exception cref="IntraDistillException">The module was pruned again since, and that pruning is not disposed yet. Nothing is
    /// restored.</exception>
    public void Dispose()
    {
        if (!_ofModule.Contains(this))
            return;
        if (_ofModule.Peek() != this)
            throw new IntraDistillException("the module was pruned again after this pruning: dispose the later one first");
        using var noGrad = no_grad();
        foreach ((Tensor parameter, Tensor original) in _originals)
        {
            parameter.copy_(original).DetachFromDisposeScope();
            original.Dispose();
        }
        _ofModule.Pop();
    }
}

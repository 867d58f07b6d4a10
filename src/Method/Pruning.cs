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
/// <remarks>
/// Only parameters whose sensitivity is above 0 are pruned. Those of exactly 0 stay as they are. Without them the loss on
/// the probe's text is the same, so they would fill the first percents of the least sensitive and cost nothing there, in
/// one model more than in another; and on another text, with subwords that the probe never met, they may well count.
/// </remarks>
public static class Pruning
{
    /// <summary>What a model loses where more and more of it is cut: the weights are put back after each cut.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sensitivity">Its sensitivity.</param>
    /// <param name="percents">Which parts of the parameters reached are set to zero, in per cent.</param>
    /// <param name="order">Which go first.</param>
    /// <param name="loss">Measures the model as it is.</param>
    public static IEnumerable<(double Percent, double Loss)> Curve(nn.Module model, ParameterSensitivity sensitivity, IEnumerable<double> percents,
        PruningOrder order, Func<double> loss)
    {
        foreach (double percent in percents)
        {
            using PrunedWeights pruned = Prune(model, sensitivity, percent / 100, order);
            yield return (percent, loss());
        }
    }

    /// <summary>Sets a part of the reached parameters to zero until the returned object is disposed.</summary>
    /// <remarks>A pruned module can be pruned again; the prunings are then disposed in reverse order.</remarks>
    /// <param name="model">The module that <paramref name="sensitivity"/> was measured on.</param>
    /// <param name="sensitivity">The order in which parameters go, over the whole module; ties go by position.</param>
    /// <param name="part">
    /// The part to prune, from 0 to 1, of the parameters whose sensitivity is above 0
    /// (<see cref="SensitivityDistribution.Reached"/>).
    /// </param>
    /// <param name="order">Which end of the order goes first.</param>
    /// <returns>Restores the weights, bit for bit, when disposed.</returns>
    /// <exception cref="IntraDistillException">A parameter is missing from the module, or has another size.</exception>
    public static PrunedWeights Prune(
        nn.Module model, ParameterSensitivity sensitivity, double part, PruningOrder order = PruningOrder.LeastSensitive)
    {
        if (!(part >= 0 && part <= 1))
            throw new ArgumentOutOfRangeException(nameof(part), part, "a part from 0 to 1 was expected");
        Dictionary<string, Parameter> byName = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach ((string name, _, float[] values, _) in sensitivity.Parameters)
        {
            Parameter? parameter = byName.GetValueOrDefault(name);
            if (parameter?.numel() != values.LongLength)
                throw new IntraDistillException($"the sensitivities have {values.LongLength} values for {name}, and the module has "
                    + (parameter is null ? "no such parameter" : $"{parameter.numel()}"));
        }

        bool[][] pruned = Select(sensitivity, part, order);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        List<(Tensor Parameter, Tensor Original)> originals = [];
        for (int i = 0; i < pruned.Length; i++)
        {
            if (!pruned[i].Contains(true))
                continue;
            Tensor parameter = byName[sensitivity.Parameters[i].Name];
            originals.Add((parameter, parameter.detach().clone().DetachFromDisposeScope()));
            parameter.masked_fill_(tensor(pruned[i], device: parameter.device).reshape(parameter.shape), 0);
        }
        return new PrunedWeights(model, originals, pruned.Sum(p => p.LongCount(b => b)));
    }

    /// <summary>Marks the scalars that go, parameter by parameter.</summary>
    private static bool[][] Select(ParameterSensitivity sensitivity, double part, PruningOrder order)
    {
        // A positive float sorts as its bits do: one key holds the sensitivity and, below it, the position.
        List<ulong> keys = [];
        uint at = 0;
        foreach (MeasuredParameter parameter in sensitivity.Parameters)
            foreach (float value in parameter.Values)
            {
                if (value > 0)
                    keys.Add(((ulong)BitConverter.SingleToUInt32Bits(value) << 32) | at);
                at++;
            }
        keys.Sort();

        bool[] flat = new bool[sensitivity.Count];
        int count = (int)Math.Round(part * keys.Count);
        foreach (ulong key in keys.Slice(order == PruningOrder.LeastSensitive ? 0 : keys.Count - count, count))
            flat[(uint)key] = true;

        int start = 0;
        return [.. sensitivity.Parameters.Select(p => flat[start..(start += p.Values.Length)])];
    }
}

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

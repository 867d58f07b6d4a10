using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Sensitivity;

/// <summary>Which parameters go first.</summary>
public enum PruningOrder
{
    /// <summary>The least sensitive, which the loss should hardly miss.</summary>
    LeastSensitive,

    /// <summary>The most sensitive.</summary>
    MostSensitive,
}

/// <summary>One-shot pruning: the most or least sensitive parameters of a module set to zero (Xu et al. 2022).</summary>
public static class Pruning
{
    /// <summary>Sets a part of the parameters to zero until the returned object is disposed.</summary>
    /// <param name="model">The module that <paramref name="sensitivity"/> was measured on.</param>
    /// <param name="sensitivity">The order in which parameters go, over the whole module; ties go by position.</param>
    /// <param name="part">The part of the parameters to prune, from 0 to 1.</param>
    /// <param name="order">Which end of the order goes first.</param>
    /// <returns>Restores the weights, bit for bit, when disposed.</returns>
    /// <exception cref="IntraDistillException">A parameter is missing from the module, or has another size.</exception>
    public static PrunedWeights Prune(
        nn.Module model, ParameterSensitivity sensitivity, double part, PruningOrder order = PruningOrder.LeastSensitive)
    {
        if (!(part >= 0 && part <= 1))
            throw new ArgumentOutOfRangeException(nameof(part), part, "a part from 0 to 1 was expected");
        Dictionary<string, Parameter> byName = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach ((string name, float[] values) in sensitivity.Parameters)
        {
            Parameter? parameter = byName.GetValueOrDefault(name);
            if (parameter?.numel() != values.LongLength)
                throw new IntraDistillException($"the sensitivities have {values.LongLength} values for {name}, and the module has "
                    + (parameter is null ? "no such parameter" : $"{parameter.numel()}"));
        }

        bool[][] pruned = Select(sensitivity, (long)Math.Round(part * sensitivity.Count), order);
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
        return new PrunedWeights(originals, pruned.Sum(p => p.LongCount(b => b)));
    }

    /// <summary>Marks the <paramref name="count"/> scalars that go, parameter by parameter.</summary>
    private static bool[][] Select(ParameterSensitivity sensitivity, long count, PruningOrder order)
    {
        // A non-negative float sorts as its bits do: one key holds the sensitivity and, below it, the position.
        ulong[] keys = new ulong[sensitivity.Count];
        int at = 0;
        foreach ((_, float[] values) in sensitivity.Parameters)
            foreach (float value in values)
                keys[at] = ((ulong)BitConverter.SingleToUInt32Bits(value) << 32) | (uint)at++;
        Array.Sort(keys);

        bool[] flat = new bool[keys.Length];
        for (long i = 0; i < count; i++)
            flat[(uint)keys[order == PruningOrder.LeastSensitive ? i : keys.LongLength - 1 - i]] = true;

        int start = 0;
        return [.. sensitivity.Parameters.Select(p => flat[start..(start += p.Values.Length)])];
    }
}

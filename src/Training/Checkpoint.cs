using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Everything of a run that is not a tensor. Goes into the header of its checkpoint.</summary>
internal sealed record CheckpointState(
    long Update,
    int Epoch,
    int Position,
    int EpochBatches,
    long EpochTokens,
    TimeSpan TrainingTime,
    long PeakMemory,
    long[] OptimizerSteps,
    ValidationPoint[] Validations,
    Dictionary<string, string> Settings);

/// <summary>What a checkpoint is made of, and how it is put back. Nothing is changed unless all of it fits.</summary>
internal static class Checkpoint
{
    private const string Weights = "weights/", Optimizer = "optimizer/", Kept = "kept/", History = "history";

    public static void Save(string file, CheckpointState state, nn.Module model, TrainerOptimizer optimizer,
        TrainingHistory history, KeptWeights kept)
    {
        using var scope = NewDisposeScope();
        CheckpointFile.Write(file, state,
        [
            .. WeightSnapshot.Of(model).Select(pair => (Weights + pair.Name, pair.Tensor)),
            .. optimizer.StateTensors().Select(pair => (Optimizer + pair.Name, pair.Tensor)),
            .. kept.Tensors().Select(pair => (Kept + pair.Name, pair.Tensor)),
            (History, history.UpdatesTensor()),
        ]);
    }

    /// <summary>
    /// Puts a checkpoint's tensors and history back and returns the rest of it. Before anything is changed, <c>check</c> is
    /// called with that, to throw if it does not fit. <c>kept</c> takes the weights that the rules keep.
    /// </summary>
    public static CheckpointState Restore(string file, TrainerSettings settings, nn.Module model, TrainerOptimizer optimizer,
        TrainingHistory history, KeptWeights kept, Action<CheckpointState> check)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (state, stored) = CheckpointFile.Read(file);
        CheckSettings(file, state.Settings, settings.Fingerprint());
        // The optimizer's state has the shapes of the weights: compared first, the weights give the error a person understands.
        var targets = WeightSnapshot.Of(model).Select(pair => (Name: Weights + pair.Name, pair.Tensor))
            .Concat(optimizer.StateTensors().Select(pair => (Name: Optimizer + pair.Name, pair.Tensor))).ToList();
        CheckTensors(file, stored, targets);
        check(state);

        kept.Restore(stored, Kept);
        foreach (var (name, tensor) in targets) tensor.copy_(stored[name]);
        optimizer.Steps = state.OptimizerSteps;
        history.Restore(stored[History], state.Validations, settings);
        return state;
    }

    private static void CheckSettings(string file, Dictionary<string, string> stored, IReadOnlyDictionary<string, string> current)
    {
        foreach (string name in stored.Keys.Union(current.Keys))
        {
            string? was = stored.GetValueOrDefault(name), now = current.GetValueOrDefault(name);
            if (was != now)
            {
                throw new CheckpointMismatchException(file,
                    $"was made with {name} = {was ?? "unset"}, and this run has {name} = {now ?? "unset"}.");
            }
        }
    }

    private static void CheckTensors(string file, Dictionary<string, Tensor> stored, List<(string Name, Tensor Tensor)> targets)
    {
        foreach (var (name, tensor) in targets)
        {
            if (!stored.TryGetValue(name, out var value))
                throw new CheckpointMismatchException(file, $"was made with another model: it has no {name}.");
            if (Describe(value) != Describe(tensor))
            {
                throw new CheckpointMismatchException(file,
                    $"was made with another model: {name} is {Describe(value)} in it and {Describe(tensor)} here.");
            }
        }
        var known = targets.Select(target => target.Name).ToHashSet();
        string? extra = stored.Keys
            .FirstOrDefault(name => name.StartsWith(Weights, StringComparison.Ordinal) && !known.Contains(name));
        if (extra is not null)
            throw new CheckpointMismatchException(file, $"was made with another model: {extra} in it is not here.");
    }

    private static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]";
}

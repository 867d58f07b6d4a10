using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>How the weights are chosen that a run is scored with. The rule is a part of an experiment: a loss on validation text rises
/// again long before a metric such as BLEU stops rising, since it punishes over-confidence, and a method against over-confidence
/// wins by that rule alone. So a comparison has one rule for all its arms, fixed beforehand, and says what the others would give.</summary>
public enum WeightRule
{
    /// <summary>The weights of the best <see cref="Validation.Metric"/>: what is reported, on validation text. The default.</summary>
    Metric,

    /// <summary>The weights of the lowest <see cref="Validation.Loss"/>, with <see cref="TrainerSettings.LossPatience"/>: for translation
    /// the authors' rule (fairseq's <c>checkpoint_best.pt</c>, the lowest smoothed validation loss).</summary>
    Loss,

    /// <summary>The weights of the last update.</summary>
    Last,

    /// <summary>The mean of the weights of the last validations, <see cref="TrainerSettings.AveragedValidations"/> of them or as many as
    /// there are (fairseq's <c>average_checkpoints</c>).</summary>
    MeanOfLast,
}

/// <summary>Which weights a rule has chosen.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Updates">The updates after which they were the model's, in order; more than one is a mean over them.</param>
public sealed record WeightChoice(WeightRule Rule, IReadOnlyList<long> Updates)
{
    /// <summary>A name that is the same for the same weights, whatever rule chose them: <c>1500</c>, <c>900-1500.mean5</c>.</summary>
    public string Weights => Updates.Count == 1 ? $"{Updates[0]}" : $"{Updates[0]}-{Updates[^1]}.mean{Updates.Count}";

    /// <summary>As <c>Metric: update 1,500</c> or <c>MeanOfLast: updates 900 to 1,500, mean of 5</c>.</summary>
    public override string ToString() => Updates.Count == 1
        ? FormattableString.Invariant($"{Rule}: update {Updates[0]:N0}")
        : FormattableString.Invariant($"{Rule}: updates {Updates[0]:N0} to {Updates[^1]:N0}, mean of {Updates.Count}");
}

/// <summary>Copies of weights that one of a run's rules may choose: of one training all that every rule needs.</summary>
internal sealed class KeptWeights(TrainerSettings settings, TrainingHistory history) : IDisposable
{
    private readonly WeightSnapshot _metric = new(), _loss = new();

    // Those of the last validations, the oldest first; what is not taken yet is behind.
    private readonly List<WeightSnapshot> _last = [.. Enumerable.Range(0, settings.AveragedValidations).Select(_ => new WeightSnapshot())];

    /// <summary>Takes the model's weights where the validation just made, the last of the history, calls for it.</summary>
    public void Take(nn.Module model)
    {
        ValidationPoint now = history.Validations[^1];
        if (Keeps(WeightRule.Metric) && history.Best == now) _metric.Take(model);
        if (Keeps(WeightRule.Loss) && history.LowestLoss == now) _loss.Take(model);
        if (!Keeps(WeightRule.MeanOfLast)) return;
        WeightSnapshot? copy = _last.Find(one => !one.IsTaken);
        if (copy is null)
        {
            copy = _last[0];
            _last.RemoveAt(0);
            _last.Add(copy);
        }
        copy.Take(model);
    }

    /// <summary>What a rule chooses after an update.</summary>
    /// <exception cref="IntraDistillException">There is nothing to choose from.</exception>
    public WeightChoice Choose(WeightRule rule, long update)
    {
        if (rule == WeightRule.Last) return new(rule, [update]);
        if (!Keeps(rule))
            throw Nothing($"TrainerSettings.Rules has {(settings.Rules.Count == 0 ? "no rule" : string.Join(", ", settings.Rules))}.");
        var validations = history.Validations;
        if (validations.Count == 0) throw Nothing("no validation has been made.");
        if (rule == WeightRule.MeanOfLast)
            return new(rule, [.. validations.TakeLast(settings.AveragedValidations).Select(point => point.Update)]);
        var (best, what, measured) = rule == WeightRule.Metric
            ? (history.Best, "metric", validations.Count(point => point.Measured.Metric is not null))
            : (history.LowestLoss, "loss", validations.Count(point => point.Measured.Loss is not null));
        if (best is not null) return new(rule, [best.Update]);
        throw Nothing(measured == 0 ? $"none of {validations.Count} validations measured a {what}."
            : $"the {what} of {measured} validations was never a number.");

        IntraDistillException Nothing(string problem) => new($"{settings.Label}: no weights by the rule {rule}: {problem}");
    }

    /// <summary>Puts what a rule chooses, which is known to be there, into the model.</summary>
    public void Put(WeightRule rule, nn.Module model)
    {
        if (rule == WeightRule.Metric) _metric.Restore(model);
        else if (rule == WeightRule.Loss) _loss.Restore(model);
        else if (rule == WeightRule.MeanOfLast) WeightSnapshot.RestoreMean([.. _last.Where(copy => copy.IsTaken)], model);
    }

    /// <summary>All copies (not copies of them) for a checkpoint: <c>Metric/NAME</c>, <c>MeanOfLast.0/NAME</c>.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Tensors() =>
        Named().SelectMany(named => named.Copy.Tensors.Select(pair => ($"{named.Name}/{pair.Name}", pair.Tensor)));

    /// <summary>Puts back what <see cref="Tensors"/> gave to a checkpoint, where it has names with this prefix.</summary>
    public void Restore(IReadOnlyDictionary<string, Tensor> stored, string prefix)
    {
        foreach (var (name, copy) in Named())
        {
            string start = $"{prefix}{name}/";
            copy.Take(stored.Where(pair => pair.Key.StartsWith(start, StringComparison.Ordinal))
                .Select(pair => (pair.Key[start.Length..], pair.Value)));
        }
    }

    public void Dispose()
    {
        foreach (var (_, copy) in Named()) copy.Dispose();
    }

    private bool Keeps(WeightRule rule) => settings.Rules.Contains(rule);

    private IEnumerable<(string Name, WeightSnapshot Copy)> Named() =>
        [(nameof(WeightRule.Metric), _metric), (nameof(WeightRule.Loss), _loss),
            .. _last.Select((copy, i) => ($"{WeightRule.MeanOfLast}.{i}", copy))];
}

/// <summary>A copy of a model's parameters and buffers in host memory.</summary>
internal sealed class WeightSnapshot : IDisposable
{
    private readonly List<(string Name, Tensor Tensor)> _tensors = [];

    /// <summary>The copies, by the name of the parameter or buffer.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> Tensors => _tensors;

    public bool IsTaken => _tensors.Count > 0;

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
        if (!IsTaken)
            _tensors.AddRange(weights.Select(pair =>
                (pair.Name, zeros(pair.Tensor.shape, pair.Tensor.dtype, CPU).DetachFromDisposeScope())));
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
        foreach (var (i, (_, weight)) in Of(model).Index())
        {
            using var scope = NewDisposeScope();
            Tensor[] values = [.. copies.Select(copy => copy._tensors[i].Tensor)];
            weight.copy_(weight.is_floating_point() ? stack(values.Select(value => value.to(float64))).mean([0]) : values[^1]);
        }
    }

    /// <summary>Runs an action that may change the weights, in evaluation mode; then the model is as it was.</summary>
    public static T Around<T>(nn.Module model, Func<T> action)
    {
        using var last = new WeightSnapshot();
        last.Take(model);
        try
        {
            return Evaluation.InMode(model, action);
        }
        finally
        {
            last.Restore(model);
        }
    }

    public void Dispose() => _tensors.ForEach(pair => pair.Tensor.Dispose());
}

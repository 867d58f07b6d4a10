using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// How the weights are chosen that a run is scored with. The rule is a part of an experiment: a loss on validation text rises
/// again long before a metric such as BLEU stops rising, since it punishes over-confidence, and a method against over-confidence
/// wins by that rule alone. So a comparison has one rule for all its arms, fixed beforehand, and says what the others would give.
/// </summary>
public enum WeightRule
{
    /// <summary>The weights of the best <see cref="Validation.Metric"/>: what is reported, on validation text. The default.</summary>
    Metric,

    /// <summary>
    /// The weights of the lowest <see cref="Validation.Loss"/>, with <see cref="TrainerSettings.LossPatience"/>: for translation
    /// the authors' rule (fairseq's <c>checkpoint_best.pt</c>, the lowest smoothed validation loss).
    /// </summary>
    Loss,

    /// <summary>The weights of the last update.</summary>
    Last,

    /// <summary>
    /// The mean of the weights of the last validations, <see cref="TrainerSettings.AveragedValidations"/> of them or as many as
    /// there are (fairseq's <c>average_checkpoints</c>).
    /// </summary>
    MeanOfLast,
}

/// <summary>Which weights a rule has chosen.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Updates">The updates after which they were the model's, in order; more than one is a mean over them.</param>
public sealed record WeightChoice(WeightRule Rule, IReadOnlyList<long> Updates)
{
    /// <summary>A name that is the same for the same weights, whatever rule chose them: <c>1500</c>, <c>900-1500.mean5</c>.</summary>
    public string Weights => FormattableString.Invariant(
        Updates.Count == 1 ? $"{Updates[0]}" : (FormattableString)$"{Updates[0]}-{Updates[^1]}.mean{Updates.Count}");

    /// <summary>As <c>Metric: update 1,500</c> or <c>MeanOfLast: updates 900 to 1,500, mean of 5</c>.</summary>
    public override string ToString() => FormattableString.Invariant(Updates.Count == 1
        ? $"{Rule}: update {Updates[0]:N0}"
        : (FormattableString)$"{Rule}: updates {Updates[0]:N0} to {Updates[^1]:N0}, mean of {Updates.Count}");
}

/// <summary>Copies of weights that one of a run's rules may choose: of one training all that every rule needs.</summary>
internal sealed class KeptWeights(TrainerSettings settings) : IDisposable
{
    private readonly Dictionary<WeightRule, WeightSnapshot> _best = settings.Rules
        .Where(rule => rule is WeightRule.Metric or WeightRule.Loss).ToDictionary(rule => rule, _ => new WeightSnapshot());

    // The weights of the last validations, the oldest first.
    private readonly List<WeightSnapshot> _last = [];

    /// <summary>Takes the model's weights where the validation just made, the last of the history, calls for it.</summary>
    public void Take(nn.Module model, TrainingHistory history)
    {
        ValidationPoint now = history.Validations[^1];
        if (history.Best == now) _best.GetValueOrDefault(WeightRule.Metric)?.Take(model);
        if (history.LowestLoss == now) _best.GetValueOrDefault(WeightRule.Loss)?.Take(model);
        if (!settings.Rules.Contains(WeightRule.MeanOfLast)) return;
        var copy = new WeightSnapshot();
        if (_last.Count == settings.AveragedValidations)
        {
            copy = _last[0];
            _last.RemoveAt(0);
        }
        copy.Take(model);
        _last.Add(copy);
    }

    /// <summary>What a rule chooses.</summary>
    /// <exception cref="IntraDistillException">There is nothing to choose from.</exception>
    public WeightChoice Choose(WeightRule rule, TrainingHistory history, long update)
    {
        if (rule != WeightRule.Last && !settings.Rules.Contains(rule))
            throw Nothing(rule, "TrainerSettings.Rules has " +
                (settings.Rules.Count == 0 ? "no rule" : string.Join(", ", settings.Rules)) + ".");
        if (rule == WeightRule.Last) return new(rule, [update]);
        if (history.Validations.Count == 0)
            throw Nothing(rule, "no validation has been made.");
        if (rule == WeightRule.MeanOfLast)
            return new(rule, [.. history.Validations.TakeLast(settings.AveragedValidations).Select(point => point.Update)]);
        var (best, what, values) = rule == WeightRule.Metric
            ? (history.Best, "metric", history.Validations.Select(point => point.Measured.Metric))
            : (history.LowestLoss, "loss", history.Validations.Select(point => point.Measured.Loss));
        if (best is not null) return new(rule, [best.Update]);
        throw Nothing(rule, values.All(value => value is null)
            ? $"none of {history.Validations.Count} validations measured a {what}."
            : $"the {what} of {values.Count(value => value is not null)} validations was never a number.");
    }

    private IntraDistillException Nothing(WeightRule rule, string problem) => new($"{settings.Label}: no weights by the rule {rule}: {problem}");

    /// <summary>Puts what a rule chooses, which is known to be there, into the model.</summary>
    public void Put(WeightRule rule, nn.Module model)
    {
        if (rule == WeightRule.MeanOfLast) WeightSnapshot.RestoreMean(_last, model);
        else if (rule != WeightRule.Last) _best[rule].Restore(model);
    }

    /// <summary>All copies (not copies of them) for a checkpoint: <c>Metric/NAME</c>, <c>MeanOfLast.0/NAME</c>.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Tensors() =>
        Named().SelectMany(named => named.Copy.Tensors.Select(pair => ($"{named.Name}/{pair.Name}", pair.Tensor)));

    /// <summary>Puts back what <see cref="Tensors"/> gave to a checkpoint, where it has names with this prefix.</summary>
    public void Restore(IReadOnlyDictionary<string, Tensor> stored, string prefix)
    {
        string[] names = [.. stored.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
        while (_last.Count < settings.AveragedValidations
            && names.Any(name => name.StartsWith($"{prefix}{LastName(_last.Count)}/", StringComparison.Ordinal)))
        {
            _last.Add(new WeightSnapshot());
        }
        foreach (var (name, copy) in Named())
        {
            string start = $"{prefix}{name}/";
            copy.Take(names.Where(one => one.StartsWith(start, StringComparison.Ordinal))
                .Select(one => (one[start.Length..], stored[one])));
        }
    }

    public void Dispose()
    {
        foreach (var (_, copy) in Named()) copy.Dispose();
    }

    private static string LastName(int index) => FormattableString.Invariant($"{WeightRule.MeanOfLast}.{index}");

    private IEnumerable<(string Name, WeightSnapshot Copy)> Named() =>
        _best.Select(pair => ($"{pair.Key}", pair.Value)).Concat(_last.Select((copy, i) => (LastName(i), copy)));
}

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

/// <summary>A rule has nothing to choose weights from.</summary>
public sealed class WeightChoiceException : IntraDistillException
{
    /// <summary>Makes the error.</summary>
    /// <param name="label">The run (<see cref="TrainerSettings.Label"/>).</param>
    /// <param name="rule">The rule.</param>
    /// <param name="problem">Why there is nothing, to go on the same line.</param>
    public WeightChoiceException(string label, WeightRule rule, string problem)
        : base($"{label}: no weights by the rule {rule}: {problem}") => Rule = rule;

    /// <summary>The rule.</summary>
    public WeightRule Rule { get; }
}

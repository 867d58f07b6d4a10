using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>One update. The losses are those before the update is made.</summary>
/// <param name="Update">Its number, from 1.</param>
/// <param name="TrainingTime">Training time at its end.</param>
/// <param name="Task">Task loss, averaged over the passes and the batches of the update.</param>
/// <param name="Divergence">Divergence between the passes, averaged over the batches of the update; NaN where nobody looked.</param>
/// <param name="Alpha">The weight α′ of the divergence.</param>
/// <param name="Total">The loss that was minimized.</param>
/// <param name="LearningRate">The learning rate it was made with.</param>
/// <param name="TokensPerSecond">Its speed.</param>
/// <param name="GradientNorm">L2 norm of the gradient, before clipping.</param>
public sealed record TrainingPoint(long Update, TimeSpan TrainingTime, double Task, double Divergence, double Alpha,
    double Total, double LearningRate, double TokensPerSecond, double GradientNorm);

/// <summary>What a validation measured. A plain number is a metric.</summary>
/// <param name="Metric">
/// What the task is judged by, such as BLEU on validation text; null where it was not measured this time.
/// <see cref="TrainerSettings.HigherIsBetter"/> says which way it is better.
/// </param>
/// <param name="Loss">The loss on validation text, lower is better: of what is trained for, so smoothed where training is; or null.</param>
/// <param name="Others">More numbers for the curves, by name; nothing is chosen by them.</param>
public sealed record Validation(double? Metric = null, double? Loss = null, IReadOnlyDictionary<string, double>? Others = null) : KitRecord
{
    /// <summary>A validation that measures its metric and nothing else.</summary>
    public static implicit operator Validation(double metric) => new(metric);
}

/// <summary>One validation.</summary>
/// <param name="Update">After which update.</param>
/// <param name="TrainingTime">Training time by then.</param>
/// <param name="Measured">What it measured.</param>
public sealed record ValidationPoint(long Update, TimeSpan TrainingTime, Validation Measured)
{
    /// <summary>The metric; NaN where it was not measured.</summary>
    [JsonIgnore]
    public double Metric => Measured.Metric ?? double.NaN;

    /// <summary>The loss; NaN where it was not measured.</summary>
    [JsonIgnore]
    public double Loss => Measured.Loss ?? double.NaN;
}

/// <summary>Why training stopped.</summary>
public enum StopReason
{
    /// <summary>The update it was to stop at is done.</summary>
    MaxUpdates,

    /// <summary>The training time it was given is used up.</summary>
    TimeLimit,

    /// <summary>No new best validation in <see cref="TrainerSettings.Patience"/> validations.</summary>
    EarlyStop,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

/// <summary>What a run has come to. Counts from the very start of the run, over all calls and resumptions.</summary>
/// <param name="Update">Updates done.</param>
/// <param name="Epochs">Passes over the data that are complete.</param>
/// <param name="TrainingTime">Time spent in updates: reading batches, forward, backward and optimizer, but neither validation nor
/// checkpoints nor logs, so that methods can be compared at equal time.</param>
/// <param name="BestValidation">The best <see cref="Validation.Metric"/>, or null if there was none.</param>
/// <param name="BestUpdate">The update after which it was made.</param>
/// <param name="History">Every update, in order.</param>
/// <param name="Validations">Every validation, in order.</param>
/// <param name="PeakMemory">The process's largest working set in bytes as sampled in every tenth update, between the forward and the
/// backward pass. What the process held before training counts in it; what earlier runs freed does not. On a GPU: what is used of its
/// memory, by whatever, with all that torch's allocator keeps.</param>
/// <param name="Stopped">Why the last call stopped; null while training.</param>
public sealed record TrainingResult(long Update, int Epochs, TimeSpan TrainingTime, double? BestValidation, long? BestUpdate,
    IReadOnlyList<TrainingPoint> History, IReadOnlyList<ValidationPoint> Validations, long PeakMemory, StopReason? Stopped)
{
    /// <summary>One line: updates, time, last loss, best validation.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Update:N0} updates in {TrainingProgress.Clock(TrainingTime)}, {Epochs} epochs") +
        (History.Count > 0 ? FormattableString.Invariant($", loss {History[^1].Task:0.000}") : "") +
        (BestValidation is { } best ? FormattableString.Invariant($", best validation {best:0.000} at {BestUpdate:N0}") : "") +
        (Stopped is { } reason ? $", stopped by {reason}" : "");
}

/// <summary>What happened so far, and which validation was the best.</summary>
internal sealed class TrainingHistory
{
    private const int Columns = 9;

    public List<TrainingPoint> Updates { get; } = [];

    public List<ValidationPoint> Validations { get; } = [];

    /// <summary>The last metric that was measured.</summary>
    public double? LastMetric => Validations.LastOrDefault(point => point.Measured.Metric is not null)?.Metric;

    /// <summary>The validation of the best metric.</summary>
    public ValidationPoint? Best { get; private set; }

    /// <summary>The validation of the lowest loss, as long as its patience lasted.</summary>
    public ValidationPoint? LowestLoss { get; private set; }

    /// <summary>Validations that measured the metric since the best one.</summary>
    public int WithoutImprovement { get; private set; }

    // Validations that measured the loss since the lowest one.
    private int _withoutLowerLoss;

    /// <summary>Adds a validation, which may become <see cref="Best"/> or <see cref="LowestLoss"/>. NaN never does.</summary>
    public void Add(ValidationPoint point, TrainerSettings settings)
    {
        Validations.Add(point);
        if (point.Measured.Metric is { } metric)
        {
            bool better = !double.IsNaN(metric)
                && (Best is null || (settings.HigherIsBetter ? metric > Best.Metric : metric < Best.Metric));
            WithoutImprovement = better ? 0 : WithoutImprovement + 1;
            if (better) Best = point;
        }
        bool patient = settings.LossPatience == 0 || _withoutLowerLoss < settings.LossPatience;
        if (patient && point.Measured.Loss is { } loss)
        {
            bool lower = !double.IsNaN(loss) && (LowestLoss is null || loss < LowestLoss.Loss);
            _withoutLowerLoss = lower ? 0 : _withoutLowerLoss + 1;
            if (lower) LowestLoss = point;
        }
    }

    /// <summary>The updates as a float64 tensor (updates, 9), a column a member of <see cref="TrainingPoint"/>.</summary>
    public Tensor UpdatesTensor()
    {
        var values = new double[Updates.Count * Columns];
        for (int i = 0; i < Updates.Count; i++)
        {
            var p = Updates[i];
            // Ticks stay exact in a double for 28 years.
            ReadOnlySpan<double> row = [p.Update, p.TrainingTime.Ticks, p.Task, p.Divergence, p.Alpha, p.Total,
                p.LearningRate, p.TokensPerSecond, p.GradientNorm];
            row.CopyTo(values.AsSpan(i * Columns));
        }
        return tensor(values, [Updates.Count, Columns], ScalarType.Float64);
    }

    /// <summary>Puts back what a checkpoint held.</summary>
    public void Restore(Tensor updates, IEnumerable<ValidationPoint> validations, TrainerSettings settings)
    {
        Updates.Clear();
        var values = updates.data<double>().ToArray();
        for (int i = 0; i < values.Length; i += Columns)
        {
            Updates.Add(new TrainingPoint((long)values[i], TimeSpan.FromTicks((long)values[i + 1]), values[i + 2], values[i + 3],
                values[i + 4], values[i + 5], values[i + 6], values[i + 7], values[i + 8]));
        }
        Validations.Clear();
        (Best, LowestLoss, WithoutImprovement, _withoutLowerLoss) = (null, null, 0, 0);
        foreach (var point in validations) Add(point, settings);
    }
}

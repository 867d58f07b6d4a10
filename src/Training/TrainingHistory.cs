using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>One update. The losses are those before the update is made, averaged over its batches.</summary>
/// <param name="Update">Its number, from 1.</param>
/// <param name="TrainingTime">Training time at its end.</param>
/// <param name="Task">Task loss, averaged over the passes.</param>
/// <param name="Divergence">Divergence between the passes; NaN where nobody looked.</param>
/// <param name="Alpha">The weight α′ of the divergence.</param>
/// <param name="Total">The loss that was minimized.</param>
/// <param name="LearningRate">The learning rate it was made with.</param>
/// <param name="TokensPerSecond">Its speed.</param>
/// <param name="GradientNorm">L2 norm of the gradient, before clipping.</param>
public sealed record TrainingPoint(long Update, TimeSpan TrainingTime, double Task, double Divergence, double Alpha,
    double Total, double LearningRate, double TokensPerSecond, double GradientNorm);

/// <summary>What a validation measured.</summary>
/// <param name="Metric">What the task is judged by, such as BLEU on validation text; null where it was not measured this time.
/// <see cref="TrainerSettings.HigherIsBetter"/> says which way it is better.</param>
/// <param name="Loss">The loss on validation text, lower is better: of what is trained for, so smoothed where training is; or null.</param>
/// <param name="Others">More numbers for the curves, by name; nothing is chosen by them.</param>
public sealed record Validation(double? Metric = null, double? Loss = null, IReadOnlyDictionary<string, double>? Others = null) : KitRecord
{
    /// <summary>A validation that measures its metric and nothing else.</summary>
    public static implicit operator Validation(double metric) => new(metric);
}

/// <summary>A validation after an update, with the training time by then.</summary>
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
    IReadOnlyList<TrainingPoint> History, IReadOnlyList<ValidationPoint> Validations, long PeakMemory, StopReason? Stopped) : KitRecord;

/// <summary>What happened so far, and which validation was the best.</summary>
internal sealed class TrainingHistory(TrainerSettings settings)
{
    private const int Columns = 9;

    private int _withoutLowerLoss;      // validations that measured the loss since the lowest one

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

    /// <summary>Adds a validation, which may become <see cref="Best"/> or <see cref="LowestLoss"/>. NaN never does.</summary>
    public void Add(ValidationPoint point)
    {
        Validations.Add(point);
        if (point.Measured.Metric is { } metric)
        {
            bool better = Best is null ? !double.IsNaN(metric) : settings.HigherIsBetter ? metric > Best.Metric : metric < Best.Metric;
            WithoutImprovement = better ? 0 : WithoutImprovement + 1;
            if (better) Best = point;
        }
        bool patient = settings.LossPatience == 0 || _withoutLowerLoss < settings.LossPatience;
        if (patient && point.Measured.Loss is { } loss)
        {
            bool lower = LowestLoss is null ? !double.IsNaN(loss) : loss < LowestLoss.Loss;
            _withoutLowerLoss = lower ? 0 : _withoutLowerLoss + 1;
            if (lower) LowestLoss = point;
        }
    }

    /// <summary>The updates as a float64 tensor (updates, 9), a column a member of <see cref="TrainingPoint"/>.</summary>
    public Tensor UpdatesTensor()
    {
        // Ticks stay exact in a double for 28 years.
        double[] values = [.. Updates.SelectMany(p => new[] { p.Update, p.TrainingTime.Ticks, p.Task, p.Divergence, p.Alpha, p.Total,
            p.LearningRate, p.TokensPerSecond, p.GradientNorm })];
        return tensor(values, [Updates.Count, Columns], ScalarType.Float64);
    }

    /// <summary>Puts back what a checkpoint held.</summary>
    public void Restore(Tensor updates, IEnumerable<ValidationPoint> validations)
    {
        Updates.Clear();
        Updates.AddRange(updates.data<double>().ToArray().Chunk(Columns).Select(row => new TrainingPoint((long)row[0],
            TimeSpan.FromTicks((long)row[1]), row[2], row[3], row[4], row[5], row[6], row[7], row[8])));
        Validations.Clear();
        (Best, LowestLoss, WithoutImprovement, _withoutLowerLoss) = (null, null, 0, 0);
        foreach (var point in validations) Add(point);
    }
}

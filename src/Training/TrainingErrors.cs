using System.Globalization;

namespace IntraDistill;

/// <summary>The loss or the norm of its gradient is NaN or infinite. The weights are still those before the update.</summary>
public sealed class NonFiniteLossException : IntraDistillException
{
    /// <summary>Makes the error.</summary>
    /// <param name="what">What is not finite: "loss" or "gradient norm".</param>
    /// <param name="update">The update, from 1.</param>
    /// <param name="task">The task loss at that update.</param>
    /// <param name="divergence">The divergence at that update.</param>
    /// <param name="total">The total loss at that update.</param>
    public NonFiniteLossException(string what, long update, double task, double divergence, double total)
        : base(string.Create(CultureInfo.InvariantCulture, $"The {what} is not finite at update {update} (task loss {task}, " +
            $"divergence {divergence}, total {total}): try a lower learning rate, a longer warm-up or ClipNorm."))
    {
        Update = update;
        Task = task;
        Divergence = divergence;
    }

    /// <summary>The update at which it happened, from 1; updates before it are done, this one is not.</summary>
    public long Update { get; }

    /// <summary>The task loss at that update.</summary>
    public double Task { get; }

    /// <summary>The divergence between the passes at that update.</summary>
    public double Divergence { get; }
}

/// <summary>A checkpoint cannot be written, is truncated, corrupted or no checkpoint; or is in order but of something else.</summary>
internal sealed class CheckpointException(string file, string problem, Exception? inner = null)
    : IntraDistillException($"Checkpoint {file}: {problem}", inner!)
{
    /// <summary>Whether it is in order, but was made with other settings, another model or other data.</summary>
    public bool IsOfAnother { get; init; }
}

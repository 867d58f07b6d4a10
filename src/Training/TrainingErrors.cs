using System.Globalization;

namespace IntraDistill.Training;

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

/// <summary>A checkpoint cannot be written, or is truncated, corrupted or not a checkpoint.</summary>
public class CheckpointException : IntraDistillException
{
    /// <summary>Makes the error.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="problem">What is wrong with it, to go on the same line.</param>
    /// <param name="inner">What lay behind it.</param>
    public CheckpointException(string file, string problem, Exception? inner = null)
        : base($"Checkpoint {file}: {problem}", inner!)
    {
        File = file;
    }

    /// <summary>The checkpoint.</summary>
    public string File { get; }
}

/// <summary>A checkpoint is in order but was made with other settings, another model or other data.</summary>
public sealed class CheckpointMismatchException : CheckpointException
{
    /// <summary>Makes the error.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="difference">What is different, to go on the same line.</param>
    public CheckpointMismatchException(string file, string difference) : base(file, difference) { }
}

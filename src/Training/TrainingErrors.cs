using System.Globalization;
using static TorchSharp.torch;

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

/// <summary>The device has not the memory that an update takes.</summary>
public sealed class DeviceMemoryException : IntraDistillException
{
    /// <summary>Makes the error.</summary>
    /// <param name="label">The run's label.</param>
    /// <param name="device">What ran out.</param>
    /// <param name="update">The update, from 1.</param>
    /// <param name="tokens">The tokens (or examples) of its largest batch.</param>
    /// <param name="checkpoint">What <see cref="Trainer{TBatch}.TryResume"/> would go on from; null where there is none.</param>
    /// <param name="inner">What torch says.</param>
    public DeviceMemoryException(string label, Device device, long update, int tokens, string? checkpoint, Exception inner)
        : base(string.Create(CultureInfo.InvariantCulture, $"{label}: {device} is out of memory at update {update}, in a batch that counts " +
            $"{tokens:N0} tokens or examples in each of its K passes: make batches smaller (with more GradientAccumulation), or K, or take " +
            $"precision bf16; {(checkpoint is null ? "there is no checkpoint to go on from" : $"TryResume goes on from {checkpoint}")}."), inner)
    {
        Update = update;
    }

    /// <summary>The update at which it happened, from 1; it is not done.</summary>
    public long Update { get; }
}

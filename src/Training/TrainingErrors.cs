using System.Globalization;

namespace IntraDistill;

/// <summary>The loss or the norm of its gradient (<c>what</c>) is NaN or infinite. The weights are still those before the update.</summary>
public sealed class NonFiniteLossException(string what, long update, double task, double divergence, double total)
    : IntraDistillException(string.Create(CultureInfo.InvariantCulture, $"The {what} is not finite at update {update} (task loss {task}, " +
        $"divergence {divergence}, total {total}): try a lower learning rate, a longer warm-up or ClipNorm."))
{
    /// <summary>The update at which it happened, from 1; updates before it are done, this one is not.</summary>
    public long Update => update;

    /// <summary>The task loss at that update.</summary>
    public double Task => task;

    /// <summary>The divergence between the passes at that update.</summary>
    public double Divergence => divergence;
}

/// <summary>A checkpoint cannot be written, is truncated, corrupted or no checkpoint; or is in order but of something else.</summary>
internal sealed class CheckpointException(string file, string problem, Exception? inner = null)
    : IntraDistillException($"Checkpoint {file}: {problem}", inner!)
{
    /// <summary>Whether it is in order, but was made with other settings, another model or other data.</summary>
    public bool IsOfAnother { get; private init; }

    public static CheckpointException OfAnother(string file, string what) => new(file, $"was made with {what}") { IsOfAnother = true };
}

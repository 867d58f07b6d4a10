using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Makes updates: the passes over its batches, the checks, the optimizer. On the CPU losses are checked before the optimizer's
/// step. On a GPU, which is given work far ahead, nobody waits for them: they stay on the device until <see cref="Read"/>, and from the
/// first that is not finite on no weight changes any more.</summary>
internal sealed class UpdateStep<TBatch>(TrainerSettings settings, TrainerOptimizer optimizer,
    Func<TBatch, long, IntraDistillationLoss> loss) : IDisposable where TBatch : IBatch
{
    private const int ReadEvery = 50;       // updates, not on the CPU

    // Of the updates that have not been read: what the host knows, and (task, divergence, total, norm of the gradient) on the device.
    private readonly List<(TrainingPoint Known, double Tokens, Tensor Losses)> _unread = [];

    /// <summary>Whether it is time to <see cref="Read"/>: on the CPU after every update, elsewhere seldom.</summary>
    public bool IsDue => _unread.Count > 0 && (_unread[0].Losses.device_type == DeviceType.CPU || _unread.Count >= ReadEvery);

    /// <summary>Makes one update, numbered from 1. All its tensors are gone at its end, but for four numbers.</summary>
    /// <param name="batches">Its batches.</param>
    /// <param name="update">Its number.</param>
    /// <param name="beforeBackward">Called when the graph of a batch is whole, before its backward pass frees it.</param>
    /// <param name="cancellation">Stops it between two batches; then no weight has changed.</param>
    /// <exception cref="NonFiniteLossException">On the CPU: the loss or the gradient's norm is not finite; no weight changes.</exception>
    public void Run(IReadOnlyList<TBatch> batches, long update, Action beforeBackward, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        Reproducible.Seed(settings.Seed, update);
        optimizer.ClearGradients();
        double tokens = batches.Sum(batch => (double)batch.Tokens), alpha = 0;
        Tensor? sums = null;
        foreach (var batch in batches)
        {
            cancellation.ThrowIfCancellationRequested();
            using var batchScope = NewDisposeScope();
            double share = tokens > 0 ? batch.Tokens / tokens : 1.0 / batches.Count;
            var terms = loss(batch, update);
            alpha = terms.Alpha;
            beforeBackward();
            (share == 1 ? terms.Total : terms.Total * share).backward();
            using var noGrad = no_grad();
            Tensor three = stack(new[] { terms.Task, terms.Divergence, terms.Total }.Select(term => term.detach().reshape([])).ToArray())
                .mul_(share);
            sums = (sums is null ? three : sums + three).MoveToOuterDisposeScope();
        }
        Tensor norm = optimizer.GradientNorm();
        Tensor losses = cat([sums!, norm.to(sums!.dtype).reshape(1)]);
        double rate = LearningRateSchedule.At(settings, update);
        TrainingPoint known = new(update, TimeSpan.Zero, 0, 0, alpha, 0, rate, 0, 0);
        if (losses.device_type == DeviceType.CPU)
            Check(Measured(known, losses));
        else
            // 0 where loss and norm are finite, else not a number and so 1; once 1, always.
            optimizer.Stop.copy_(maximum(optimizer.Stop, losses.narrow(0, 2, 2).sum().mul_(0).nan_to_num_(1.0).to(float32)));
        optimizer.Step(rate, norm);
        _unread.Add((known, tokens, losses.DetachFromDisposeScope()));
    }

    /// <summary>The updates that were not read yet, with their tokens, but without times; waits for the device.</summary>
    /// <exception cref="NonFiniteLossException">The loss or gradient of one was not finite. The weights are as before it; the optimizer's
    /// state is not.</exception>
    public IReadOnlyList<(TrainingPoint Point, double Tokens)> Read()
    {
        if (_unread.Count == 0) return [];
        using var scope = NewDisposeScope();
        try
        {
            Tensor all = stack(_unread.Select(update => update.Losses)).to(float64).cpu();
            var read = _unread.Select((update, i) => (Point: Measured(update.Known, all[i]), update.Tokens)).ToList();
            read.ForEach(update => Check(update.Point));
            return read;
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Forgets what was not read.</summary>
    public void Dispose()
    {
        _unread.ForEach(update => update.Losses.Dispose());
        _unread.Clear();
    }

    private static TrainingPoint Measured(TrainingPoint known, Tensor losses)
    {
        double[] values = [.. losses.to(float64).data<double>()];
        return known with { Task = values[0], Divergence = values[1], Total = values[2], GradientNorm = values[3] };
    }

    private static void Check(TrainingPoint point)
    {
        string? what = !double.IsFinite(point.Total) ? "loss" : !double.IsFinite(point.GradientNorm) ? "gradient norm" : null;
        if (what is not null) throw new NonFiniteLossException(what, point.Update, point.Task, point.Divergence, point.Total);
    }
}

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

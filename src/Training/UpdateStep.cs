using IntraDistill.Data;
using IntraDistill.Objective;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Training;

/// <summary>What was measured in one update.</summary>
internal readonly record struct UpdateMeasures(double Task, double Divergence, double Alpha, double Total, double LearningRate,
    double GradientNorm, double Tokens, long WorkingSet);

/// <summary>One update: the passes over its batches, the checks, the optimizer. All tensors are gone at its end.</summary>
internal sealed class UpdateStep<TBatch>(TrainerSettings settings, TrainerOptimizer optimizer,
    Func<TBatch, long, IntraDistillationLoss> loss) where TBatch : IBatch
{
    /// <exception cref="NonFiniteLossException">The loss or the gradient's norm is not finite; no weight has changed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled between two batches; no weight has changed.</exception>
    public UpdateMeasures Run(IReadOnlyList<TBatch> batches, long update, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        Reproducible.Seed(settings.Seed, update);
        optimizer.ClearGradients();
        double tokens = batches.Sum(batch => (double)batch.Tokens);
        double task = 0, divergence = 0, alpha = 0, total = 0;
        long workingSet = 0;
        foreach (var batch in batches)
        {
            cancellation.ThrowIfCancellationRequested();
            using var batchScope = NewDisposeScope();
            double share = batches.Count == 1 ? 1 : tokens > 0 ? batch.Tokens / tokens : 1.0 / batches.Count;
            var terms = loss(batch, update);
            double batchTask = terms.Task.ToDouble(), batchDivergence = terms.Divergence.ToDouble();
            double batchTotal = terms.Total.ToDouble();
            if (!double.IsFinite(batchTotal))
                throw new NonFiniteLossException("loss", update, batchTask, batchDivergence, batchTotal);
            task += share * batchTask;
            divergence += share * batchDivergence;
            total += share * batchTotal;
            alpha = terms.Alpha;
            // Here, before the backward pass frees it, the graph is whole.
            workingSet = Environment.WorkingSet;
            (share == 1 ? terms.Total : terms.Total * share).backward();
        }
        double norm = optimizer.GradientNorm();
        if (!double.IsFinite(norm)) throw new NonFiniteLossException("gradient norm", update, task, divergence, total);
        double rate = LearningRateSchedule.At(settings, update);
        optimizer.Step(rate, norm);
        optimizer.ClearGradients();
        return new UpdateMeasures(task, divergence, alpha, total, rate, norm, tokens, workingSet);
    }
}

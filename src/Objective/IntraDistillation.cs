using static TorchSharp.torch;

namespace IntraDistill.Objective;

/// <summary>
/// Intra-distillation for any module: K passes over the same batch with dropout active, and
/// <c>L = (1/K) Σ_i L_task(i) + α′ · X(p_1..p_K)</c> (Xu et al. 2022). Three lines in a training loop:
/// <code>
/// var intraDistillation = new IntraDistillation(new() { Alpha = 1, TotalSteps = steps });
/// var loss = intraDistillation.Loss(() => model.forward(x), logits => cross_entropy(logits, y), step);
/// loss.Total.backward();
/// </code>
/// </summary>
public sealed class IntraDistillation
{
    private readonly AdaptiveAlpha _schedule;

    /// <summary>Makes the objective.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public IntraDistillation(IntraDistillationSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Passes, 1);
        Settings = settings;
        _schedule = new AdaptiveAlpha(settings.Alpha, settings.TotalSteps, settings.P, settings.Q);
    }

    /// <summary>The settings it was made with.</summary>
    public IntraDistillationSettings Settings { get; }

    /// <summary>α′ at a step.</summary>
    public double AlphaAt(long step) => Settings.AdaptiveAlpha ? _schedule.At(step) : Settings.Alpha;

    /// <summary>Makes the K passes and returns the loss.</summary>
    /// <param name="forward">One pass over the batch: (…, V) logits, or outputs of any shape with the mean squared error.</param>
    /// <param name="taskLoss">The task loss of one pass, a scalar.</param>
    /// <param name="step">The update, counted as in <see cref="IntraDistillationSettings.TotalSteps"/>.</param>
    /// <param name="mask">The positions whose divergence counts, shaped as the logits without V; null for all.</param>
    public IntraDistillationLoss Loss(Func<Tensor> forward, Func<Tensor, Tensor> taskLoss, long step, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        Tensor logits = stack(Enumerable.Range(0, Settings.Passes).Select(_ => forward()).ToArray());
        return Detach(Loss(logits, taskLoss, step, mask));
    }

    /// <summary>The loss of K passes already made, for instance in one go over the batch repeated K times.</summary>
    /// <param name="logits">(K, …, V): the outputs of the passes stacked along the first dimension.</param>
    /// <param name="taskLoss">The task loss of one pass, a scalar.</param>
    /// <param name="step">The update.</param>
    /// <param name="mask">The positions whose divergence counts, shaped as one pass's logits without V; null for all.</param>
    /// <exception cref="ArgumentException">The first dimension is not K.</exception>
    public IntraDistillationLoss Loss(Tensor logits, Func<Tensor, Tensor> taskLoss, long step, Tensor? mask = null)
    {
        if (logits.shape[0] != Settings.Passes)
            throw new ArgumentException(
                $"{Settings.Passes} passes were expected along the first dimension of the logits, not {logits.shape[0]}", nameof(logits));
        using var scope = NewDisposeScope();
        double alpha = AlphaAt(step);
        Tensor task = stack(Enumerable.Range(0, Settings.Passes).Select(i => taskLoss(logits[i])).ToArray()).mean();
        Tensor divergence = Divergences.Compute(Settings.Divergence, logits, mask);
        // The mean squared error is a mean already.
        if (Settings.Reduction == DivergenceReduction.Mean && Settings.Divergence != Divergence.MeanSquaredError)
            divergence = mask is null
                ? divergence / (logits.numel() / (logits.shape[0] * logits.shape[^1]))
                : divergence / mask.sum().to(logits.dtype).clamp_min(1);
        return Detach(new(task.detach(), divergence.detach(), alpha, alpha == 0 ? task : task + alpha * divergence));
    }

    private static IntraDistillationLoss Detach(IntraDistillationLoss loss)
    {
        loss.Task.MoveToOuterDisposeScope();
        loss.Divergence.MoveToOuterDisposeScope();
        loss.Total.MoveToOuterDisposeScope();
        return loss;
    }
}

using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// Intra-distillation for any module: K passes over the same batch with dropout active, and
/// <c>L = (1/K) Σ_i L_task(i) + α′ · X(p_1..p_K)</c> (Xu et al. 2022). Passes that do not differ, of a model in evaluation mode or
/// without dropout, are warned of on the error stream, once. Three lines in a training loop:
/// <code>
/// var intraDistillation = new IntraDistillation(new() { Alpha = 1, TotalSteps = steps });
/// var loss = intraDistillation.Loss(() => model.forward(x), logits => cross_entropy(logits, y), step);
/// loss.Total.backward();
/// </code>
/// </summary>
public sealed class IntraDistillation
{
    private readonly AdaptiveAlpha _schedule;
    private readonly EqualPasses _equalPasses = new();

    /// <summary>Makes the objective.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public IntraDistillation(IntraDistillationSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Passes, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(settings.MeasureEvery);
        Settings = settings;
        _schedule = new AdaptiveAlpha(settings.Alpha, settings.TotalSteps, settings.P, settings.Q);
    }

    /// <summary>The settings it was made with.</summary>
    public IntraDistillationSettings Settings { get; }

    /// <summary>α′ at a step.</summary>
    public double AlphaAt(long step) => Settings.AdaptiveAlpha ? _schedule.At(step) : Settings.Alpha;

    /// <summary>Whether the passes are compared at a step: where the divergence weighs something, or is to be looked at.</summary>
    internal bool Compares(long step) =>
        AlphaAt(step) != 0 || (Settings.MeasureEvery > 0 && (step - 1) % Settings.MeasureEvery == 0);

    /// <summary>Warns, once, where the passes do not differ.</summary>
    internal void LookAt(Tensor passes) => _equalPasses.Look(passes);

    /// <summary>Makes the K passes and returns the loss.</summary>
    /// <param name="forward">One pass over the batch: (…, V) logits, or outputs of any shape with the mean squared error.</param>
    /// <param name="taskLoss">The task loss of one pass, a scalar.</param>
    /// <param name="step">The update, counted as in <see cref="IntraDistillationSettings.TotalSteps"/>.</param>
    /// <param name="mask">The positions whose divergence counts, shaped as the logits without V; null for all.</param>
    /// <param name="updatePositions">
    /// For a part of a batch (gradient accumulation): how many positions that count the whole update has. See the other overload.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="updatePositions"/> is less than the part has.</exception>
    public IntraDistillationLoss Loss(Func<Tensor> forward, Func<Tensor, Tensor> taskLoss, long step, Tensor? mask = null,
        long? updatePositions = null)
    {
        using var scope = NewDisposeScope();
        Tensor logits = stack(Enumerable.Range(0, Settings.Passes).Select(_ => forward()).ToArray());
        return Detach(Loss(logits, taskLoss, step, mask, updatePositions));
    }

    /// <summary>The loss of K passes already made, for instance in one go over the batch repeated K times.</summary>
    /// <param name="logits">(K, …, V): the outputs of the passes stacked along the first dimension.</param>
    /// <param name="taskLoss">The task loss of one pass, a scalar.</param>
    /// <param name="step">The update.</param>
    /// <param name="mask">The positions whose divergence counts, shaped as one pass's logits without V; null for all.</param>
    /// <param name="updatePositions">
    /// For a part of a batch (gradient accumulation): how many positions that count the whole update has, this part's among
    /// them; null for a batch of its own. Parts are weighted by their positions, as <see cref="TrainerSettings"/> has
    /// it, which makes the mean over the update of means, but shrinks a sum. So with <see cref="DivergenceReduction.Sum"/> the
    /// part's sum is multiplied by <paramref name="updatePositions"/> over the part's own positions: the weighted parts then add
    /// up to the loss and gradient of the whole batch. A mean, and the mean squared error, are as without it.
    /// </param>
    /// <exception cref="ArgumentException">The first dimension is not K.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="updatePositions"/> is less than the part has.</exception>
    public IntraDistillationLoss Loss(Tensor logits, Func<Tensor, Tensor> taskLoss, long step, Tensor? mask = null,
        long? updatePositions = null)
    {
        if (logits.shape[0] != Settings.Passes)
            throw new ArgumentException(
                $"{Settings.Passes} passes were expected along the first dimension of the logits, not {logits.shape[0]}", nameof(logits));
        // A mask's sum would have to come from the device to be compared.
        if (updatePositions is { } whole)
            ArgumentOutOfRangeException.ThrowIfLessThan(whole, mask is null ? Positions(logits) : 1, nameof(updatePositions));
        using var scope = NewDisposeScope();
        double alpha = AlphaAt(step);
        Tensor task = stack(Enumerable.Range(0, Settings.Passes).Select(i => taskLoss(logits[i])).ToArray()).mean();
        if (!Compares(step))
            return Detach(new(task.detach(), full_like(task.detach(), double.NaN), alpha, task));
        LookAt(logits);
        Tensor divergence = Divergences.Compute(Settings.Divergence, alpha == 0 ? logits.detach() : logits, mask);
        // The mean squared error is a mean already.
        if (Settings.Divergence != Divergence.MeanSquaredError)
        {
            if (Settings.Reduction == DivergenceReduction.Mean)
                divergence = mask is null ? divergence / Positions(logits) : divergence / Positions(mask, logits.dtype);
            else if (updatePositions is { } update)
                divergence = mask is null ? divergence * ((double)update / Positions(logits))
                    : divergence * update / Positions(mask, logits.dtype);
        }
        return Detach(new(task.detach(), divergence.detach(), alpha, alpha == 0 ? task : task + alpha * divergence));
    }

    private static long Positions(Tensor logits) => logits.numel() / (logits.shape[0] * logits.shape[^1]);

    private static Tensor Positions(Tensor mask, ScalarType type) => mask.sum().to(type).clamp_min(1);

    private static IntraDistillationLoss Detach(IntraDistillationLoss loss)
    {
        loss.Task.MoveToOuterDisposeScope();
        loss.Divergence.MoveToOuterDisposeScope();
        loss.Total.MoveToOuterDisposeScope();
        return loss;
    }
}

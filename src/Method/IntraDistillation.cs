using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>The settings of intra-distillation; the defaults are the paper's for IWSLT'14.</summary>
public sealed record IntraDistillationSettings
{
    /// <summary>K, the passes over each batch. 1 is plain training.</summary>
    public int Passes { get; init; } = 3;

    /// <summary>How the passes are compared.</summary>
    public Divergence Divergence { get; init; } = Divergence.X;

    /// <summary>α, the final weight of the divergence; 0 is the control: K passes without the divergence.</summary>
    public double Alpha { get; init; } = 5;

    /// <summary>α′ grows as <see cref="AdaptiveAlpha"/> has it; false for the same α at every step.</summary>
    public bool AdaptiveAlpha { get; init; } = true;

    /// <summary>p: α is reached at step N/p.</summary>
    public double P { get; init; } = 5;

    /// <summary>q: α′ is 1 at step N/q.</summary>
    public double Q { get; init; } = 10;

    /// <summary>N, the number of updates of the whole run.</summary>
    public long TotalSteps { get; init; } = 50_000;

    /// <summary>Where α′ is 0 the divergence weighs nothing and is only looked at: every so many updates, from the first on; 0 is never. In
    /// others it is NaN, and costs nothing.</summary>
    [ChangesNoResult("what weighs nothing is only looked at")]
    public long MeasureEvery { get; init; } = 1;

    /// <summary>What α weighs. To repeat the authors' classification and tagging, ask for <see cref="DivergenceReduction.Sum"/>.</summary>
    public DivergenceReduction Reduction { get; init; } = DivergenceReduction.Mean;
}

/// <summary>The terms of one step's loss, <c>L = (1/K) Σ_i L_task(i) + α′ · X</c> (Xu et al. 2022); the tensors are scalars.</summary>
/// <param name="Task">The task loss averaged over the K passes, detached.</param>
/// <param name="Divergence">The divergence X between the passes, before weighting, detached.</param>
/// <param name="Alpha">The weight α′ in force at this step.</param>
/// <param name="Total">L, to call <c>backward()</c> on.</param>
public sealed record IntraDistillationLoss(Tensor Task, Tensor Divergence, double Alpha, Tensor Total)
{
    internal IntraDistillationLoss MoveToOuterDisposeScope()
    {
        Task.MoveToOuterDisposeScope();
        Divergence.MoveToOuterDisposeScope();
        Total.MoveToOuterDisposeScope();
        return this;
    }
}

/// <summary>Intra-distillation for any module: K passes over the same batch with dropout active, and
/// <c>L = (1/K) Σ_i L_task(i) + α′ · X(p_1..p_K)</c> (Xu et al. 2022). Passes that do not differ, of a model in evaluation mode or
/// without dropout, are warned of on the error stream, once. Three lines in a training loop:
/// <code>
/// var intraDistillation = new IntraDistillation(new() { Alpha = 1, TotalSteps = steps });
/// var loss = intraDistillation.Loss(() => model.forward(x), logits => cross_entropy(logits, y), step);
/// loss.Total.backward();
/// </code></summary>
public sealed class IntraDistillation
{
    private readonly AdaptiveAlpha _schedule;

    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public IntraDistillation(IntraDistillationSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Passes, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(settings.MeasureEvery);
        Settings = settings;
        _schedule = new AdaptiveAlpha(settings.Alpha, settings.TotalSteps, settings.P, settings.Q);
    }

    internal IntraDistillationSettings Settings { get; }

    internal EqualPasses EqualPasses { get; } = new();

    internal double AlphaAt(long step) => Settings.AdaptiveAlpha ? _schedule.At(step) : Settings.Alpha;

    /// <summary>Whether the passes are compared at a step: where the divergence weighs something, or is to be looked at.</summary>
    internal bool Compares(long step) =>
        AlphaAt(step) != 0 || (Settings.MeasureEvery > 0 && (step - 1) % Settings.MeasureEvery == 0);

    /// <summary>The loss of K passes that <paramref name="forward"/> makes, each (…, V) logits, or outputs of any shape with the mean
    /// squared error. All else as in the other overload.</summary>
    public IntraDistillationLoss Loss(
        Func<Tensor> forward, Func<Tensor, Tensor> taskLoss, long step, Tensor? mask = null, long? updatePositions = null)
    {
        using var scope = NewDisposeScope();
        Tensor logits = stack([.. Enumerable.Range(0, Settings.Passes).Select(_ => forward())]);            // (K, …, V)
        return Loss(logits, taskLoss, step, mask, updatePositions).MoveToOuterDisposeScope();
    }

    /// <summary>The loss of K passes already made, for instance in one go over the batch repeated K times.</summary>
    /// <param name="logits">(K, …, V): the outputs of the passes stacked along the first dimension.</param>
    /// <param name="taskLoss">The task loss of one pass, a scalar.</param>
    /// <param name="step">The update, from 1 to <see cref="IntraDistillationSettings.TotalSteps"/>.</param>
    /// <param name="mask">(…), the positions whose divergence counts; null for all.</param>
    /// <param name="updatePositions">For a part of a batch (gradient accumulation): how many positions that count the whole update has;
    /// null for a batch of its own. Parts are weighted by their positions (<see cref="TrainerSettings"/>), which makes the mean over the
    /// update of means, but shrinks a sum. So with <see cref="DivergenceReduction.Sum"/> the part's sum is multiplied by this over the
    /// part's own positions: the weighted parts then add up to the loss and gradient of the whole batch.</param>
    /// <exception cref="ArgumentException">The first dimension is not K.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="updatePositions"/> is less than the part has.</exception>
    public IntraDistillationLoss Loss(
        Tensor logits, Func<Tensor, Tensor> taskLoss, long step, Tensor? mask = null, long? updatePositions = null)
    {
        if (logits.shape[0] != Settings.Passes)
            throw new ArgumentException(
                $"{Settings.Passes} passes were expected along the first dimension of the logits, not {logits.shape[0]}", nameof(logits));
        long positions = logits.numel() / (logits.shape[0] * logits.shape[^1]);
        // A mask's sum would have to come from the device to be compared.
        if (updatePositions is { } whole)
            ArgumentOutOfRangeException.ThrowIfLessThan(whole, mask is null ? positions : 1, nameof(updatePositions));
        using var scope = NewDisposeScope();
        double alpha = AlphaAt(step);
        Tensor task = stack([.. Enumerable.Range(0, Settings.Passes).Select(i => taskLoss(logits[i]))]).mean();
        if (!Compares(step))
            return new IntraDistillationLoss(task.detach(), full_like(task.detach(), double.NaN), alpha, task).MoveToOuterDisposeScope();
        EqualPasses.Look(logits);
        Tensor divergence = Divergences.Compute(Settings.Divergence, alpha == 0 ? logits.detach() : logits, mask);
        if (Settings.Divergence != Divergence.MeanSquaredError)      // which is a mean already
        {
            Tensor? counted = mask?.sum().to(logits.dtype).clamp_min(1);
            if (Settings.Reduction == DivergenceReduction.Mean)
                divergence = counted is null ? divergence / positions : divergence / counted;
            else if (updatePositions is { } update)
                divergence = counted is null ? divergence * ((double)update / positions) : divergence * update / counted;
        }
        Tensor total = alpha == 0 ? task : task + alpha * divergence;
        return new IntraDistillationLoss(task.detach(), divergence.detach(), alpha, total).MoveToOuterDisposeScope();
    }
}

/// <summary>Warns where the K passes of a model are one and the same: their divergence is 0, and training goes on as if there were no
/// intra-distillation. Each objective looks at its first comparison only, since on a GPU a look waits for the device.</summary>
internal sealed class EqualPasses
{
    [ThreadStatic]
    private static nn.Module? s_model;

    private bool _looked;

    /// <summary>Computes a loss of a model that is known, so that a warning can name it.</summary>
    public static IntraDistillationLoss Of(nn.Module model, Func<IntraDistillationLoss> loss)
    {
        s_model = model;
        try
        {
            return loss();
        }
        finally
        {
            s_model = null;
        }
    }

    /// <summary>Looks whether passes differ; the first time only. (K, …): logits or states.</summary>
    public void Look(Tensor passes)
    {
        if (_looked)
            return;
        _looked = true;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        // Copies of a row in one product may be rounded apart.
        double rounding = passes.dtype is ScalarType.Float16 or ScalarType.BFloat16 ? 1e-2 : 1e-5;
        Tensor all = passes.detach().to(float32);
        if (all.shape[0] > 1 && Enumerable.Range(1, (int)all.shape[0] - 1).All(i => all[i].allclose(all[0], rounding, 1e-6)))
            Console.Error.WriteLine($"Warning: the {all.shape[0]} passes of {s_model?.GetType().Name ?? "the model"} give the same "
                + "outputs, so their divergence is 0 and nothing is distilled: it is in evaluation mode or has no dropout.");
    }
}

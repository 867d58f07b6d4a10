using F = TorchSharp.torch.nn.functional;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Label smoothing as fairseq's <c>label_smoothed_nll_loss</c> defines it: with ε_i = ε/(V − 1), <c>loss = (1 − ε − ε_i)·nll +
/// ε_i·Σ_v(−log p_v)</c>.</summary>
/// <param name="Epsilon">ε, from 0 (plain cross-entropy) to below 1.</param>
public readonly record struct LabelSmoothing(double Epsilon)
{
    /// <summary>ε_i = ε/(V − 1), the weight of every one of V ≥ 2 classes in the smooth term.</summary>
    internal double PerClass(long classes) => Epsilon / (classes - 1);

    /// <summary>1 − ε − ε_i, the weight of the negative log-likelihood of the target.</summary>
    internal double OnTarget(long classes) => 1 - Epsilon - PerClass(classes);

    /// <summary>The smoothed loss and the plain negative log-likelihood, scalars, summed over the targets that are not padding.</summary>
    /// <param name="logits">(…, V).</param>
    /// <param name="target">(…), int64 class indices.</param>
    /// <param name="padId">Targets of this class do not count.</param>
    public (Tensor Smoothed, Tensor NegativeLogLikelihood) Sum(Tensor logits, Tensor target, long padId)
    {
        using var scope = NewDisposeScope();
        Tensor logProbabilities = F.log_softmax(logits, -1);
        Tensor keep = target.ne(padId).to(logits.dtype);
        Tensor nll = -(logProbabilities.gather(-1, target.unsqueeze(-1)).squeeze(-1) * keep).sum();
        Tensor smooth = -(logProbabilities.sum(-1) * keep).sum();
        Tensor smoothed = OnTarget(logits.shape[^1]) * nll + PerClass(logits.shape[^1]) * smooth;
        return (smoothed.MoveToOuterDisposeScope(), nll.MoveToOuterDisposeScope());
    }
}

/// <summary>Intra-distillation for translation with the output projection fused in: label-smoothed cross-entropy and divergence, both
/// averaged over the target tokens that are not padding (the authors' translation criterion). So α weighs nats per token against nats per
/// token: with α = 1 the divergence counts as much as the loss. It works on chunks of tokens and keeps only gradients of the size of its
/// inputs, never the K·N×V logits.</summary>
public sealed class TranslationObjective
{
    private readonly IntraDistillation _intraDistillation;
    private readonly LabelSmoothing _smoothing;
    private readonly long _padId;

    /// <param name="intraDistillation">K, the divergence (X or Jensen–Shannon) and α′.</param>
    /// <param name="labelSmoothing">ε of the task loss, from 0 to below 1.</param>
    /// <param name="padId">The target id that does not count.</param>
    /// <exception cref="ArgumentException">The divergence is the mean squared error, which is for regression, or is to be summed, or ε is
    /// out of its range.</exception>
    public TranslationObjective(IntraDistillation intraDistillation, double labelSmoothing = 0.1, long padId = 0)
    {
        if (intraDistillation.Settings.Divergence == Divergence.MeanSquaredError)
            throw new ArgumentException("translation compares distributions: X or Jensen–Shannon was expected, not the mean squared error",
                nameof(intraDistillation));
        if (intraDistillation.Settings.Reduction != DivergenceReduction.Mean)
            throw new ArgumentException("translation averages the divergence over tokens, as the task loss: "
                + $"Reduction = Mean was expected, not {intraDistillation.Settings.Reduction}", nameof(intraDistillation));
        if (!(labelSmoothing >= 0 && labelSmoothing < 1))
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, "0 ≤ ε < 1 was expected");
        (_intraDistillation, _smoothing, _padId) = (intraDistillation, new(labelSmoothing), padId);
    }

    /// <summary>The loss of K passes: terms per target token, the divergence NaN where <see cref="IntraDistillationSettings.MeasureEvery"/>
    /// leaves it out. <c>Total.backward()</c> reaches both <paramref name="hidden"/> and <paramref name="outputWeight"/>.</summary>
    /// <param name="hidden">(K, B, T, d): decoder states of the K passes, before the output projection.</param>
    /// <param name="outputWeight">(V, d): the output projection, logits = hidden · outputWeightᵀ.</param>
    /// <param name="target">(B, T): int64 target ids; on the states' device or on the CPU, where which of them are padding is known without
    /// waiting for a GPU.</param>
    /// <param name="step">The update, for α′.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other, or every target is padding.</exception>
    public IntraDistillationLoss Loss(Tensor hidden, Tensor outputWeight, Tensor target, long step)
    {
        RequireShapes(hidden, outputWeight, target);
        using var scope = NewDisposeScope();
        (long passes, long size, long classes) = (hidden.shape[0], hidden.shape[^1], outputWeight.shape[0]);
        ScalarType type = hidden.dtype, sumType = Divergences.SumType(type);
        double alpha = _intraDistillation.AlphaAt(step);
        bool compares = passes > 1 && _intraDistillation.Compares(step);
        if (compares)
            _intraDistillation.EqualPasses.Look(hidden);
        Tensor task = zeros([], sumType, hidden.device), divergence = zeros_like(task), hiddenGradient, weightGradient;
        using (no_grad())
        {
            Tensor weight = outputWeight.detach();
            (Tensor states, Tensor targets, Tensor index) = Keep(hidden.detach(), target);          // (K, n, d), (n), (n)
            Tensor statesGradient = empty_like(states);
            weightGradient = zeros(weight.shape, sumType, hidden.device);
            Tensor? buffer = null;                                                                  // for the logits of all chunks
            foreach ((long start, long length) in Divergences.Chunks(hidden.device, passes, index.shape[0], classes))
            {
                Tensor x = states.narrow(1, start, length).flatten(0, 1);                           // (K·m, d)
                buffer ??= empty([x.shape[0], classes], type, hidden.device);
                using var chunkScope = NewDisposeScope();
                Tensor logits = buffer.narrow(0, 0, x.shape[0]).addmm_(x, weight.t(), 0, 1).view(passes, length, classes);      // (K, m, V)
                Tensor gradient = Chunk(logits, targets.narrow(0, start, length), alpha, compares, task, divergence)
                    .flatten(0, 1).to(type);                                                        // (K·m, V)
                statesGradient.narrow(1, start, length).copy_(gradient.matmul(weight).view(passes, length, size));
                if (type == sumType)
                    weightGradient.addmm_(gradient.t(), x, 1, 1);
                else
                    weightGradient.add_(gradient.t().matmul(x));
            }
            // Everything above is K·n times the mean over passes and tokens.
            double scale = 1.0 / (passes * index.shape[0]);
            task.mul_(scale);
            divergence.mul_(compares || passes == 1 ? 1.0 / index.shape[0] : double.NaN);
            weightGradient = weightGradient.mul_(scale).to(type);
            hiddenGradient = zeros_like(hidden);
            hiddenGradient.view(passes, -1, size).index_copy_(1, index, statesGradient.mul_(scale));
        }
        Tensor value = alpha == 0 ? task : task + alpha * divergence;
        Tensor total = Divergences.WithGradient(value, (hidden, hiddenGradient), (outputWeight, weightGradient));
        return new IntraDistillationLoss(task, divergence, alpha, total).MoveToOuterDisposeScope();
    }

    /// <summary>The loss of one pass for validation, in nats summed over the target tokens that are not padding: the negative
    /// log-likelihood and the smoothed loss, by which the authors choose their checkpoint; and the number of those tokens.</summary>
    /// <param name="hidden">(B, T, d): decoder states of one pass, before the output projection.</param>
    /// <param name="outputWeight">(V, d).</param>
    /// <param name="target">(B, T).</param>
    public (double NegativeLogLikelihood, double Smoothed, long Tokens) Validate(Tensor hidden, Tensor outputWeight, Tensor target)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        hidden = hidden.unsqueeze(0);
        RequireShapes(hidden, outputWeight, target);
        (Tensor states, Tensor targets, Tensor index) = Keep(hidden, target);                       // (1, n, d), (n), (n)
        double likelihood = 0, smoothed = 0, onTarget = _smoothing.OnTarget(outputWeight.shape[0]);
        double perClass = _smoothing.PerClass(outputWeight.shape[0]);
        foreach ((long start, long length) in Divergences.Chunks(hidden.device, 1, index.shape[0], outputWeight.shape[0]))
        {
            using var chunkScope = NewDisposeScope();
            Tensor logits = states.narrow(1, start, length).squeeze(0).matmul(outputWeight.t());    // (m, V)
            Tensor logProbabilities = F.log_softmax(logits.to(Divergences.SumType(logits.dtype)), -1);
            Tensor ofTarget = logProbabilities.gather(-1, targets.narrow(0, start, length).unsqueeze(-1));
            double nll = -ofTarget.to(float64).sum().item<double>();
            likelihood += nll;
            smoothed += onTarget * nll - perClass * logProbabilities.sum(-1).to(float64).sum().item<double>();
        }
        return (likelihood, smoothed, index.shape[0]);
    }

    /// <summary>Adds a chunk's losses to the sums and returns K times the gradient of task + α·divergence per token; logits (K, m, V),
    /// targets (m) to (K, m, V).</summary>
    private Tensor Chunk(Tensor logits, Tensor targets, double alpha, bool compares, Tensor task, Tensor divergence)
    {
        Divergence kind = _intraDistillation.Settings.Divergence;
        if (CpuLoss.Fits(logits, kind))
        {
            (double taskSum, double divergenceSum) = CpuLoss.Replace(logits, targets, _smoothing, alpha, compares);
            task.add_(taskSum);
            divergence.add_(divergenceSum);
            return logits;
        }
        (long passes, long length, long classes) = (logits.shape[0], logits.shape[1], logits.shape[2]);
        Tensor logProbabilities = F.log_softmax(logits.to(Divergences.SumType(logits.dtype)), -1);
        Tensor ofPasses = targets.view(1, length, 1).expand(passes, length, 1);
        double onTarget = _smoothing.OnTarget(classes), perClass = _smoothing.PerClass(classes);
        task.sub_(logProbabilities.gather(-1, ofPasses).sum().mul_(onTarget));
        if (perClass > 0)
            task.sub_(logProbabilities.sum().mul_(perClass));

        // The smoothed target weights sum to 1, so the task's gradient is p − w with w = ε_i, plus 1 − ε − ε_i on the target.
        Tensor probabilities = logProbabilities.exp(), gradient = probabilities;
        if (compares)
        {
            (Tensor values, Tensor? scaled) = Divergences.Terms(kind, logProbabilities, probabilities, alpha != 0);
            divergence.add_(values.sum());
            gradient = scaled?.mul_(alpha).add_(probabilities) ?? probabilities;
        }
        if (perClass > 0)
            gradient.sub_(perClass);
        return gradient.scatter_add_(-1, ofPasses, full([passes, length, 1], -onTarget, gradient.dtype, gradient.device));
    }

    /// <summary>The states and targets of the tokens that count, (K, n, d) and (n), and their places in B·T, (n).</summary>
    private (Tensor States, Tensor Targets, Tensor Index) Keep(Tensor hidden, Tensor target)
    {
        target = target.flatten();
        Tensor index = target.ne(_padId).nonzero().squeeze(-1);
        if (index.shape[0] == 0)
            throw new ArgumentException("every target of the batch is padding", nameof(target));
        Tensor targets = target.index_select(0, index).to(hidden.device);
        index = index.to(hidden.device);
        return (hidden.flatten(1, 2).index_select(1, index), targets, index);
    }

    private static void RequireShapes(Tensor hidden, Tensor outputWeight, Tensor target)
    {
        if (hidden.dim() != 4 || outputWeight.dim() != 2 || hidden.shape[^1] != outputWeight.shape[^1]
            || !target.shape.SequenceEqual(hidden.shape[1..3]))
            throw new ArgumentException("hidden (K, B, T, d), outputWeight (V, d) and target (B, T) were expected, not "
                + $"{hidden.Text()}, {outputWeight.Text()} and {target.Text()}");
    }
}

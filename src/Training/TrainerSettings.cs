using System.Globalization;
using System.Runtime.CompilerServices;

namespace IntraDistill;

/// <summary>How to train. The defaults are the paper's for IWSLT'14 (fairseq, <c>transformer_iwslt_de_en</c>).</summary>
public sealed record TrainerSettings : KitRecord
{
    /// <summary>Names the run in its progress, and in its checkpoints: one with another label is not resumed. Put in it what the
    /// trainer cannot see, such as the loss ("ID K=3 α=5").</summary>
    [ChangesNoResult("a name; nothing is computed from it")]
    public string Label { get; init; } = "training";

    /// <summary>The optimizer.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>Decay of the running means of the gradient and of its square (or its infinity norm).</summary>
    public (double First, double Second) Betas { get; init; } = (0.9, 0.98);

    /// <summary>Added to the denominator of the update.</summary>
    public double Epsilon { get; init; } = 1e-6;

    /// <summary>Weight decay; 0 is none.</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>The learning rate at the end of the warm-up.</summary>
    public double LearningRate { get; init; } = 5e-4;

    /// <summary>How the learning rate goes with the updates.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.InverseSqrt;

    /// <summary>Updates of linear warm-up; 0 is none.</summary>
    public long WarmupSteps { get; init; } = 8_000;

    /// <summary>Where <see cref="Trainer{TBatch}.TrainAsync"/> stops by default; the horizon of the linear schedule.</summary>
    public long MaxUpdates { get; init; } = 50_000;

    /// <summary>Batches in one update. Their gradients are weighted by <see cref="IBatch.Tokens"/>, so that the update is that
    /// of one big batch if the loss is a mean over tokens. At the end of an epoch the last update may have fewer.</summary>
    public int GradientAccumulation { get; init; } = 1;

    /// <summary>The gradient is scaled down to this L2 norm if its own is greater; 0 is never.</summary>
    public double ClipNorm { get; init; }

    /// <summary>Updates from one validation to the next; 0 validates only at the end of a <c>TrainAsync</c> call.</summary>
    public long ValidateEvery { get; init; } = 1_000;

    /// <summary>Whether a greater <see cref="Validation.Metric"/> is a better one (BLEU) rather than a smaller one.</summary>
    public bool HigherIsBetter { get; init; }

    /// <summary>Training stops after this many validations in a row that measured <see cref="Validation.Metric"/> and found no new best;
    /// 0 is never.</summary>
    public int Patience { get; init; }

    /// <summary>Up to this update <see cref="Patience"/> stops nothing: what is to be compared there has to be reached.</summary>
    public long PatienceFrom { get; init; }

    /// <summary>The rules by which the run's weights may be chosen; the first is the run's own. The run keeps what each of them needs, in
    /// host memory and in its checkpoints: a copy of the weights for <see cref="WeightRule.Metric"/> and one for
    /// <see cref="WeightRule.Loss"/>, <see cref="AveragedValidations"/> for <see cref="WeightRule.MeanOfLast"/>,
    /// none for <see cref="WeightRule.Last"/>.</summary>
    public IReadOnlyList<WeightRule> Rules { get; init; } = [WeightRule.Metric];

    /// <summary>After this many validations in a row without a lower loss <see cref="WeightRule.Loss"/> looks at no later one, as if
    /// training had stopped; 0 is never. 40 is the patience of the authors' script, which does stop.</summary>
    public int LossPatience { get; init; } = 40;

    /// <summary>How many validations <see cref="WeightRule.MeanOfLast"/> averages the weights of.</summary>
    public int AveragedValidations { get; init; } = 5;

    /// <summary>Seed of the random draws of training; the order of batches and the initial weights have their own.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Whether a GPU is to add up in the same order every time (torch's deterministic algorithms), so that equal seeds give equal
    /// bits, with a kill and a resume in between as well; slower. Without it a GPU's runs of one seed differ in the last digits, and then
    /// in more; the CPU's never do. An operation that has no deterministic algorithm throws; on Windows all training does.</summary>
    [ChangesNoResult("the order of sums on a GPU, which is none in particular otherwise")]
    public bool Deterministic { get; init; }

    /// <summary>Where checkpoints are written; null is nowhere. One folder a run.</summary>
    [ChangesNoResult("where files go")]
    public string? CheckpointFolder { get; init; }

    /// <summary>Updates from one checkpoint to the next; 0 writes only at the end of a <c>TrainAsync</c> call.</summary>
    [ChangesNoResult("a training that goes on from a checkpoint is bit for bit the undisturbed one")]
    public long CheckpointEvery { get; init; } = 1_000;

    /// <summary>Where TensorBoard event files are written; null is nowhere.</summary>
    [ChangesNoResult("where files go")]
    public string? TensorBoardFolder { get; init; }

    /// <summary>Throws if a setting makes no sense.</summary>
    /// <exception cref="IntraDistillException">Names the setting, its value and what was expected.</exception>
    public void Check()
    {
        Require(Enum.IsDefined(Optimizer), Optimizer, string.Join(", ", Enum.GetNames<OptimizerKind>()));
        Require(Enum.IsDefined(Schedule), Schedule, string.Join(", ", Enum.GetNames<ScheduleKind>()));
        Require(LearningRate >= 0 && double.IsFinite(LearningRate), LearningRate, "a number, 0 or more");
        Require(Betas.First is >= 0 and < 1 && Betas.Second is >= 0 and < 1, Betas, "two numbers from 0 to less than 1");
        Require(Epsilon >= 0, Epsilon, "0 or more");
        Require(WeightDecay >= 0, WeightDecay, "0 or more");
        Require(WarmupSteps >= 0, WarmupSteps, "0 or more");
        Require(MaxUpdates >= 1, MaxUpdates, "1 or more");
        Require(Schedule != ScheduleKind.Linear || WarmupSteps <= MaxUpdates, WarmupSteps, "no more than MaxUpdates");
        Require(GradientAccumulation >= 1, GradientAccumulation, "1 or more");
        Require(ClipNorm >= 0, ClipNorm, "0 (never) or more");
        Require(ValidateEvery >= 0, ValidateEvery, "0 or more");
        Require(CheckpointEvery >= 0, CheckpointEvery, "0 or more");
        Require(Patience >= 0, Patience, "0 (never) or more");
        Require(PatienceFrom >= 0, PatienceFrom, "0 or more");
        Require(LossPatience >= 0, LossPatience, "0 (never) or more");
        Require(AveragedValidations >= 1, AveragedValidations, "1 or more");
        Require(Rules.Distinct().Count() == Rules.Count && Rules.All(Enum.IsDefined), string.Join(", ", Rules),
            "different rules of " + string.Join(", ", Enum.GetNames<WeightRule>()), nameof(Rules));
    }

    /// <summary>The settings on which the weights and the choice among them depend, by name, as text. A run is resumed only with the
    /// same.</summary>
    internal Dictionary<string, string> Fingerprint()
    {
        List<(string Name, object Value)> values =
        [
            (nameof(Label), Label), (nameof(Optimizer), Optimizer), (nameof(Betas), $"({Text(Betas.First)}, {Text(Betas.Second)})"),
            (nameof(Epsilon), Epsilon), (nameof(WeightDecay), WeightDecay), (nameof(LearningRate), LearningRate),
            (nameof(Schedule), Schedule), (nameof(WarmupSteps), WarmupSteps), (nameof(GradientAccumulation), GradientAccumulation),
            (nameof(ClipNorm), ClipNorm), (nameof(HigherIsBetter), HigherIsBetter), (nameof(Rules), string.Join(", ", Rules)),
            (nameof(LossPatience), LossPatience),
            (nameof(AveragedValidations), AveragedValidations), (nameof(Seed), Seed),
        ];
        // Elsewhere MaxUpdates only says where to stop, and a finished run may be taken further.
        if (Schedule == ScheduleKind.Linear) values.Add((nameof(MaxUpdates), MaxUpdates));
        return values.ToDictionary(pair => pair.Name, pair => Text(pair.Value));
    }

    private static string Text(object value) => string.Create(CultureInfo.InvariantCulture, $"{value}");

    private static void Require(bool condition, object value, string expected, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!condition) throw new IntraDistillException($"TrainerSettings.{name} is {Text(value)}; expected {expected}.");
    }
}

using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>The names of the arms of every comparison.</summary>
public static class Arms
{
    /// <summary>One pass over the batch, no divergence.</summary>
    public const string Baseline = "Baseline";

    /// <summary>One pass, but K times the updates: as many passes in all.</summary>
    public const string EqualWork = "Equal-work baseline";

    /// <summary>K passes over the batch, no divergence: what the extra passes alone do.</summary>
    public const string Control = "Control (α = 0)";

    /// <summary>K passes and their divergence.</summary>
    public const string IntraDistillation = "Intra-distillation";
}

/// <summary>One of the trainings that a study compares: how it differs from the others.</summary>
/// <param name="Name">What tables and charts call it, and the run's config: <see cref="Arms"/> has the usual ones.</param>
/// <param name="Passes">K, the passes of a batch through the model in an update.</param>
/// <param name="Alpha">α, the weight of the divergence; 0 for none.</param>
/// <param name="Dropout">Its own dropout; null for the study's.</param>
/// <param name="LearningRate">Its own learning rate; null for the study's.</param>
/// <param name="Work">How many times the updates of the others it makes: K for a baseline of equal work.</param>
public sealed record Arm(
    string Name, int Passes, double Alpha = 0, double? Dropout = null, double? LearningRate = null, int Work = 1) : KitRecord
{
    /// <summary>The arm with what a notebook's parameters say instead; below 0 they say nothing, and an arm without α gets none.</summary>
    public Arm With(double alpha = -1, double dropout = -1, double learningRate = -1) => this with
    {
        Alpha = Alpha > 0 && alpha >= 0 ? alpha : Alpha, Dropout = dropout >= 0 ? dropout : Dropout,
        LearningRate = learningRate >= 0 ? learningRate : LearningRate,
    };

    /// <summary>Its settings in a few words, as <c>Baseline (K 1, dropout 0.2, learning rate 0.0035)</c>.</summary>
    public string InWords => $"{Name} (K {Passes}{(Alpha > 0 ? $", α {KitCell.Short(Alpha).Text}" : "")}"
        + (Dropout is { } rate ? $", dropout {KitCell.Short(rate).Text}" : "")
        + (LearningRate is { } step ? $", learning rate {KitCell.Short(step).Text}" : "") + ")";
}

/// <summary>A point of a training at which an arm is scored, such as the end of equal updates or of equal time.</summary>
/// <param name="Name">Its name, the same for all arms: letters, digits, hyphens.</param>
/// <param name="Update">After how many updates it comes for this arm.</param>
public sealed record StudyPoint(string Name, long Update)
{
    /// <summary>The name of the only point of an experiment that names none.</summary>
    public const string End = "end";
}

/// <summary>How every arm of a comparison is trained and scored: the same for all of them but for what <see cref="Arm"/> says. A
/// <see cref="Study"/> runs it.</summary>
/// <typeparam name="TModel">The model, whose <c>forward</c> nobody calls but the functions given here.</typeparam>
/// <typeparam name="TBatch">The batches.</typeparam>
public sealed record Experiment<TModel, TBatch> where TModel : nn.Module where TBatch : IBatch
{
    /// <summary>A few words that begin the names of the runs' folders, before the arm's.</summary>
    public string Label { get; init; } = "";

    /// <summary>All that the result of an arm and seed depends on besides <see cref="Training"/>, <see cref="Points"/> and the machine, as
    /// an object of settings records and plain values: <c>new { data = corpus.Fingerprint, model = shape, objective }</c>. Two runs of
    /// which all this is equal are the same run: see <see cref="RunConfig"/>.</summary>
    public required Func<Arm, int, object> Settings { get; init; }

    /// <summary>How an arm is trained; seed, label and checkpoint folder are the study's.</summary>
    public required Func<Arm, TrainerSettings> Training { get; init; }

    /// <summary>Where an arm is scored, in order. The last may be a limit that early stopping is to come before. Null for one point,
    /// <see cref="StudyPoint.End"/>, after all of the training's updates.</summary>
    public Func<Arm, IReadOnlyList<StudyPoint>>? Points { get; init; }

    /// <summary>A new model of an arm, on the CPU: the study seeds torch before, and moves it afterwards.</summary>
    public required Func<Arm, TModel> Model { get; init; }

    /// <summary>The training batches of a seed.</summary>
    public required Func<int, IBatchSource<TBatch>> Batches { get; init; }

    /// <summary>An arm's forward pass: the loss of a batch at an update. Called once a training: it can keep an objective.</summary>
    public required Func<Arm, TModel, Func<TBatch, long, IntraDistillationLoss>> Step { get; init; }

    /// <summary>A validation of a model after so many updates; null for none.</summary>
    public Func<TModel, long, Validation>? Validate { get; init; }

    /// <summary>Predicts the reported text with a model, a line each.</summary>
    public required Func<TModel, IReadOnlyList<string>> Predict { get; init; }

    /// <summary>Scores such lines, by name.</summary>
    public required Func<IReadOnlyList<string>, IEnumerable<(string Name, RunValue Value)>> Score { get; init; }

    /// <summary>What else is to be made of a model at each point, with the weights that the first rule chooses there, in evaluation mode:
    /// values, which are stored beside that rule's scores, and files in the run's folder. Begun again after an interruption.</summary>
    public Func<TModel, StoredRun, StudyPoint, IEnumerable<(string Name, RunValue Value)>>? Examine { get; init; }
}

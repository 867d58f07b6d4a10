namespace IntraDistill.Tasks;

/// <summary>The three shapes of GLUE's tasks.</summary>
public enum GlueKind
{
    /// <summary>A class of one text.</summary>
    Sentence,

    /// <summary>A class of two texts.</summary>
    SentencePair,

    /// <summary>A score of two texts, 0 to 5: a regression.</summary>
    Similarity,
}

/// <summary>The names of the columns that a task is read from: of the text, or the first of two; the second, null where there is none; and
/// the label. Where labelled files do not begin with a header, it has the names of all columns, in order (Unnamed).</summary>
public sealed record GlueColumns(string Text, string? Pair, string Label, IReadOnlyList<string>? Unnamed = null) : KitRecord;

/// <summary>A file of a task, its name without ".tsv", and the number of examples it is published with; null for a task of one's
/// own.</summary>
public sealed record GluePart(string Name, int? Rows = null);

/// <summary>A task of the GLUE benchmark (Wang et al. 2019), or one of the same shape: what is predicted from what, how it is scored, and
/// how its files look. The eight tasks of the paper are here; classes are numbered as in Hugging Face's <c>glue</c>.</summary>
/// <param name="Name">The task's name, which is also the name of its folder.</param>
/// <param name="Kind">Its shape.</param>
/// <param name="Labels">The classes as files name them, in the order of their numbers; empty for a regression.</param>
/// <param name="Metrics">How it is scored; the first is the one that the paper reports.</param>
/// <param name="Columns">Where its texts and labels stand.</param>
public sealed record GlueTask(
    string Name, GlueKind Kind, IReadOnlyList<string> Labels, IReadOnlyList<GlueMetric> Metrics, GlueColumns Columns)
{
    /// <summary>The range of <see cref="GlueKind.Similarity"/>'s scores.</summary>
    public const double LeastScore = 0, GreatestScore = 5;

    private static readonly string[] s_binary = ["0", "1"], s_entailment = ["entailment", "not_entailment"];
    private static readonly GlueMetric[] s_accuracy = [GlueMetric.Accuracy], s_f1 = [GlueMetric.F1, GlueMetric.Accuracy];

    /// <summary>The file of the training set.</summary>
    public GluePart Train { get; init; } = new("train");

    /// <summary>The files of the development sets: one, or MNLI's two (matched, mismatched).</summary>
    public IReadOnlyList<GluePart> Dev { get; init; } = [new("dev")];

    /// <summary>The files of the test sets, as many and in the same order.</summary>
    public IReadOnlyList<GluePart> Test { get; init; } = [new("test")];

    /// <summary>Whether rows with too few columns are left out, as all published readers of QQP do: some of its questions hold a line
    /// break. In every other task such a row is an error.</summary>
    public bool SkipsShortRows { get; init; }

    /// <summary>How many numbers a model puts out for an example: one a class, or the score alone.</summary>
    public int Outputs => Kind == GlueKind.Similarity ? 1 : Labels.Count;

    /// <summary>Whether a sentence is acceptable English (1) or not.</summary>
    public static GlueTask CoLA { get; } = new GlueTask("CoLA", GlueKind.Sentence, s_binary, [GlueMetric.Matthews],
        new("sentence", null, "label", ["source", "label", "mark", "sentence"])).Published(8_551, 1_043, 1_063);

    /// <summary>Whether a phrase from a film review is positive (1) or negative.</summary>
    public static GlueTask Sst2 { get; } = new GlueTask("SST-2", GlueKind.Sentence, s_binary, s_accuracy, new("sentence", null, "label"))
        .Published(67_349, 872, 1_821);

    /// <summary>Whether two sentences from the news say the same (1).</summary>
    public static GlueTask Mrpc { get; } = new GlueTask("MRPC", GlueKind.SentencePair, s_binary, s_f1,
        new("#1 String", "#2 String", "Quality")).Published(3_668, 408, 1_725);

    /// <summary>How much alike two sentences are, 0 to 5.</summary>
    public static GlueTask StsB { get; } = new GlueTask("STS-B", GlueKind.Similarity, [], [GlueMetric.Pearson, GlueMetric.Spearman],
        new("sentence1", "sentence2", "score")).Published(5_749, 1_500, 1_379);

    /// <summary>Whether two questions ask the same (1).</summary>
    public static GlueTask Qqp { get; } = new GlueTask("QQP", GlueKind.SentencePair, s_binary, s_f1,
        new("question1", "question2", "is_duplicate")) { SkipsShortRows = true }.Published(363_846, 40_430, 390_965);

    /// <summary>Whether the second sentence follows from the first, is open, or contradicts it.</summary>
    public static GlueTask Mnli { get; } = new("MNLI", GlueKind.SentencePair, ["entailment", "neutral", "contradiction"], s_accuracy,
        new("sentence1", "sentence2", "gold_label"))
    {
        Train = new("train", 392_702),
        Dev = [new("dev_matched", 9_815), new("dev_mismatched", 9_832)],
        Test = [new("test_matched", 9_796), new("test_mismatched", 9_847)],
    };

    /// <summary>Whether a sentence holds the answer to a question.</summary>
    public static GlueTask Qnli { get; } = new GlueTask("QNLI", GlueKind.SentencePair, s_entailment, s_accuracy,
        new("question", "sentence", "label")).Published(104_743, 5_463, 5_463);

    /// <summary>Whether the second sentence follows from the first.</summary>
    public static GlueTask Rte { get; } = new GlueTask("RTE", GlueKind.SentencePair, s_entailment, s_accuracy,
        new("sentence1", "sentence2", "label")).Published(2_490, 277, 3_000);

    /// <summary>The eight tasks of the paper's table.</summary>
    public static IReadOnlyList<GlueTask> All { get; } = [CoLA, Sst2, Mrpc, StsB, Qqp, Mnli, Qnli, Rte];

    /// <summary>The task of a name, whatever its case.</summary>
    /// <exception cref="IntraDistillException">There is none.</exception>
    public static GlueTask Find(string name) =>
        All.FirstOrDefault(task => task.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new IntraDistillException($"'{name}' is no task; expected one of {string.Join(", ", All.Select(task => task.Name))}");

    /// <summary>The task's name.</summary>
    public override string ToString() => Name;

    /// <summary>A predicted class, if it is one.</summary>
    internal int ClassOf(double prediction, int index) =>
        prediction >= 0 && prediction < Labels.Count && prediction == (int)prediction ? (int)prediction
        : throw new IntraDistillException(FormattableString.Invariant(
            $"{Name}: prediction {index} is {prediction}; expected a class, 0 to {Labels.Count - 1}"));

    private GlueTask Published(int train, int dev, int test) =>
        this with { Train = new("train", train), Dev = [new("dev", dev)], Test = [new("test", test)] };
}

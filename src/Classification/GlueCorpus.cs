using System.Globalization;

namespace IntraDistill.Tasks;

/// <summary>A text, or two texts, and what is to be predicted of them.</summary>
/// <param name="Text">The text, or the first of the two.</param>
/// <param name="Pair">The second text; null where the task has one text only.</param>
/// <param name="Label">The class's number, from 0, or the score; null where it is not published, as in GLUE's test sets.</param>
/// <param name="Id">What names the example in its part of the data set.</param>
public sealed record LabelledText(string Text, string? Pair, double? Label, string Id);

/// <summary>A task of GLUE with its texts.</summary>
/// <param name="Task">The task.</param>
/// <param name="Train">The texts to train on.</param>
/// <param name="Dev">The texts with published labels to score on; of MNLI the matched ones.</param>
/// <param name="Test">
/// The texts without labels (of MNLI the matched ones), empty where their file is not there; for tasks of the SDK corpus, with labels.
/// </param>
public sealed record GlueCorpus(
    GlueTask Task, IReadOnlyList<LabelledText> Train, IReadOnlyList<LabelledText> Dev, IReadOnlyList<LabelledText> Test) : KitRecord
{
    private const string AboutName = "about.json";

    /// <summary>MNLI's second development set, of genres that the training set lacks; empty for other tasks.</summary>
    public IReadOnlyList<LabelledText> DevMismatched { get; init; } = [];

    /// <summary>MNLI's second test set; empty for other tasks, and where its file is not there.</summary>
    public IReadOnlyList<LabelledText> TestMismatched { get; init; } = [];

    /// <summary>
    /// The texts that results are reported on, all of them with labels: <see cref="Test"/> where it has them, as tasks of the SDK
    /// corpus do, and <see cref="Dev"/> for GLUE's own, whose test labels only the benchmark's server has.
    /// </summary>
    public IReadOnlyList<LabelledText> Reported => Test.Count > 0 && Test.All(text => text.Label is not null) ? Test : Dev;

    /// <summary>
    /// The first 12 hexadecimal digits of a SHA-256 over all texts and labels of train, dev and test, the mismatched ones
    /// included: a run that is stored with it is not taken for one on other data.
    /// </summary>
    public string Fingerprint => DataFingerprint.Of(new[] { Train, Dev, Test, DevMismatched, TestMismatched }.Select(part =>
        part.SelectMany(text => new[]
        {
            text.Text, text.Pair is null ? "" : "\t" + text.Pair, text.Label?.ToString("R", CultureInfo.InvariantCulture) ?? "",
        })));

    /// <summary>
    /// What a run predicts: the texts that results are reported on, and after them MNLI's mismatched ones (<see cref="DevMismatched"/>).
    /// </summary>
    internal IReadOnlyList<LabelledText> Predicted => [.. Reported, .. DevMismatched];

    /// <summary>A smaller corpus for quick runs: each part thinned evenly over its whole length.</summary>
    /// <param name="train">The most texts to keep of <see cref="Train"/>.</param>
    /// <param name="dev">The most texts to keep of <see cref="Dev"/>, and of <see cref="DevMismatched"/>.</param>
    /// <param name="test">The most texts to keep of <see cref="Test"/>, and of <see cref="TestMismatched"/>.</param>
    public GlueCorpus Sample(int train = int.MaxValue, int dev = int.MaxValue, int test = int.MaxValue) => this with
    {
        Train = Thinning.Evenly(Train, train),
        Dev = Thinning.Evenly(Dev, dev),
        DevMismatched = Thinning.Evenly(DevMismatched, dev),
        Test = Thinning.Evenly(Test, test),
        TestMismatched = Thinning.Evenly(TestMismatched, test),
    };

    /// <summary>Those of some tasks that a folder has, as <see cref="Load"/> takes it.</summary>
    public static IEnumerable<GlueTask> Found(string folder, params IEnumerable<GlueTask> tasks) =>
        tasks.Where(task => Directory.Exists(Path.Combine(folder, task.Name)));

    /// <summary>
    /// Reads <c>{folder}/{task}</c>, such as <c>data/glue/CoLA</c>: the original files (<c>train.tsv</c>, <c>dev.tsv</c>,
    /// <c>test.tsv</c>; see <see cref="GlueFile"/>), as <c>data-scripts/glue.cs</c> and the well-known
    /// <c>download_glue_data.py</c> leave them.
    /// </summary>
    /// <remarks>
    /// The kit's own script writes <c>about.json</c> beside the files, last of all; where it is there, the number of rows that it
    /// states must be what the files hold.
    /// </remarks>
    /// <param name="folder">The folder that holds a folder for each task.</param>
    /// <param name="task">The task.</param>
    /// <exception cref="IntraDistillException">
    /// A file is missing or not as it should be: the message names file, line and the command that gets the task.
    /// </exception>
    public static GlueCorpus Load(string folder, GlueTask task)
    {
        string path = Path.Combine(folder, task.Name);
        string remedy = $"get it by 'dotnet run --file data-scripts/glue.cs -- --tasks {task.Name}' in the kit's folder";
        if (!Directory.Exists(path))
            throw new IntraDistillException($"{path}: there is no such folder; {remedy}");
        var counts = new List<(string Part, int Rows)>();
        GlueCorpus corpus = new(task, Labelled(task.Train), Labelled(task.Dev[0]), Unlabelled(task.Test[0]));
        if (task.Dev.Count > 1)
            corpus = corpus with { DevMismatched = Labelled(task.Dev[1]) };
        if (task.Test.Count > 1)
            corpus = corpus with { TestMismatched = Unlabelled(task.Test[1]) };
        PreparedCounts.Check(Path.Combine(path, AboutName), counts, "rows", remedy);
        return corpus;

        IReadOnlyList<LabelledText> Labelled(GluePart part)
        {
            string file = FileOf(part);
            return File.Exists(file) ? Counted(part, GlueFile.Read(file, task))
                : throw new IntraDistillException($"{file}: there is no such file; {remedy}");
        }

        IReadOnlyList<LabelledText> Unlabelled(GluePart part) =>
            File.Exists(FileOf(part)) ? Counted(part, GlueFile.ReadUnlabelled(FileOf(part), task)) : Counted(part, []);

        IReadOnlyList<LabelledText> Counted(GluePart part, IReadOnlyList<LabelledText> texts)
        {
            counts.Add((part.Name, texts.Count));
            return texts;
        }

        string FileOf(GluePart part) => Path.Combine(path, part.Name + ".tsv");
    }
}

/// <summary>
/// Reads one file of a GLUE task. The benchmark's own tables have their quirks, which are kept to here: tabs alone separate
/// columns and quotation marks are part of the text (most readers of CSV lose rows over them); CoLA's labelled files have no
/// header and no line end at the end; MRPC's begin with a byte order mark; QQP has rows that are broken in two.
/// </summary>
/// <remarks>Columns are found by the names in the header, texts are taken as they stand, spaces included.</remarks>
public static class GlueFile
{
    /// <summary>Reads a training or development set.</summary>
    /// <param name="path">The file, such as <c>data/glue/RTE/train.tsv</c>.</param>
    /// <param name="task">The task.</param>
    /// <exception cref="IntraDistillException">
    /// The file cannot be read, lacks a column, or holds a row or label that is not one of the task: the message names file and
    /// line.
    /// </exception>
    public static IReadOnlyList<LabelledText> Read(string path, GlueTask task) => ReadTable(path, task, labelled: true);

    /// <summary>Reads a test set, whose labels only the benchmark's server has.</summary>
    /// <inheritdoc cref="Read"/>
    public static IReadOnlyList<LabelledText> ReadUnlabelled(string path, GlueTask task) =>
        ReadTable(path, task, labelled: false);

    private static List<LabelledText> ReadTable(string path, GlueTask task, bool labelled)
    {
        IReadOnlyList<string>? header = labelled ? task.Columns.Unnamed : null;
        int text = 0, pair = -1, label = -1, index = -1;
        if (header is not null)
            FindColumns(1);
        var texts = new List<LabelledText>();
        foreach ((int number, string[] columns) in TsvLines.Read(path))
        {
            if (header is null)
            {
                header = columns;
                FindColumns(number);
                continue;
            }
            if (columns.Length < header.Count && task.SkipsShortRows)
                continue;
            if (columns.Length != header.Count)
                throw Bad(path, number, $"{columns.Length} columns, where {header.Count} were expected");
            texts.Add(new(columns[text], pair < 0 ? null : columns[pair],
                label < 0 ? null : LabelOf(columns[label], task, what => Bad(path, number, what)),
                index < 0 ? texts.Count.ToString(CultureInfo.InvariantCulture) : columns[index]));
        }
        return texts.Count > 0 ? texts : throw Bad(path, 1, $"no row of {task.Name}");

        void FindColumns(int line)
        {
            text = Find(task.Columns.Text, line);
            pair = task.Columns.Pair is null ? -1 : Find(task.Columns.Pair, line);
            label = labelled ? Find(task.Columns.Label, line) : -1;
            index = header!.ToList().IndexOf("index");
        }

        int Find(string name, int line)
        {
            int found = header!.ToList().IndexOf(name);
            return found >= 0 ? found
                : throw Bad(path, line, $"no column '{name}' in the header, where {task.Name} has one");
        }
    }

    private static double LabelOf(string label, GlueTask task, Func<string, IntraDistillException> bad)
    {
        if (task.Kind == GlueKind.Similarity)
            return double.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out double score)
                && score is >= GlueTask.LeastScore and <= GlueTask.GreatestScore ? score : throw bad(
                    $"score '{label}', where a number from {GlueTask.LeastScore} to {GlueTask.GreatestScore} was expected");
        for (int i = 0; i < task.Labels.Count; i++)
            if (task.Labels[i] == label)
                return i;
        throw bad($"label '{label}', where one of {string.Join(", ", task.Labels)} was expected");
    }

    private static IntraDistillException Bad(string path, int line, string what) => new($"{path}:{line}: {what}");
}

using System.Globalization;

namespace IntraDistill.Tasks;

/// <summary>A text, or two texts where the task has pairs, and what is to be predicted: the class's number, from 0, or the score; null
/// where it is not published, as in GLUE's test sets. The id names the example in its part of the data set.</summary>
public sealed record LabelledText(string Text, string? Pair, double? Label, string Id);

/// <summary>A task of GLUE with its texts, of MNLI the matched ones: to train on; with published labels to score on; and without labels,
/// empty where their file is not there (for tasks of the SDK corpus, with labels).</summary>
public sealed record GlueCorpus(
    GlueTask Task, IReadOnlyList<LabelledText> Train, IReadOnlyList<LabelledText> Dev, IReadOnlyList<LabelledText> Test) : KitRecord
{
    /// <summary>MNLI's second development set, of genres that the training set lacks; empty for other tasks.</summary>
    public IReadOnlyList<LabelledText> DevMismatched { get; init; } = [];

    /// <summary>MNLI's second test set; empty for other tasks, and where its file is not there.</summary>
    public IReadOnlyList<LabelledText> TestMismatched { get; init; } = [];

    /// <summary>The texts that results are reported on, all of them with labels: <see cref="Test"/> where it has them, as tasks of the SDK
    /// corpus do, and <see cref="Dev"/> for GLUE's own, whose test labels only the benchmark's server has.</summary>
    public IReadOnlyList<LabelledText> Reported => Test.Count > 0 && Test.All(text => text.Label is not null) ? Test : Dev;

    /// <summary>The first 12 hexadecimal digits of a SHA-256 over all texts and labels of train, dev and test, the mismatched ones
    /// included: a run that is stored with it is not taken for one on other data.</summary>
    public string Fingerprint => DataFingerprint.Of(new[] { Train, Dev, Test, DevMismatched, TestMismatched }.Select(part =>
        part.SelectMany(text => new[]
        {
            text.Text, text.Pair is null ? "" : "\t" + text.Pair, text.Label?.ToString("R", CultureInfo.InvariantCulture) ?? "",
        })));

    /// <summary>A smaller corpus for quick runs: each part thinned evenly over its whole length to so many texts, the mismatched ones as
    /// the others.</summary>
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

    /// <summary>Reads <c>{folder}/{task}</c>, such as <c>data/glue/CoLA</c>: the original files (<c>train.tsv</c>, <c>dev.tsv</c>,
    /// <c>test.tsv</c>; see <see cref="GlueFile"/>), as <c>data-scripts/glue.cs</c> and the well-known <c>download_glue_data.py</c> leave
    /// them.</summary>
    /// <exception cref="IntraDistillException">A file is missing, not as it should be, or of another length than <c>about.json</c> states,
    /// if it is there: the message names file, line and the command that gets the task.</exception>
    public static GlueCorpus Load(string folder, GlueTask task)
    {
        PreparedData data = new(Path.Combine(folder, task.Name),
            $"get it by 'dotnet run --file data-scripts/glue.cs -- --tasks {task.Name}' in the kit's folder");
        GlueCorpus corpus = new(task, Labelled(task.Train), Labelled(task.Dev[0]), Unlabelled(task.Test[0]))
        {
            DevMismatched = task.Dev.Count > 1 ? Labelled(task.Dev[1]) : [],
            TestMismatched = task.Test.Count > 1 ? Unlabelled(task.Test[1]) : [],
        };
        data.CheckCounts("rows");
        return corpus;

        IReadOnlyList<LabelledText> Labelled(GluePart part) => data.Read(part.Name, $"{part.Name}.tsv", path => GlueFile.Read(path, task));

        IReadOnlyList<LabelledText> Unlabelled(GluePart part) =>
            data.Read(part.Name, $"{part.Name}.tsv", path => GlueFile.ReadUnlabelled(path, task), mayBeMissing: true);
    }
}

/// <summary>Reads one file of a GLUE task. The benchmark's own tables have their quirks, which are kept to here: tabs alone separate
/// columns and quotation marks are part of the text (most readers of CSV lose rows over them); CoLA's labelled files have no header and no
/// line end at the end; MRPC's begin with a byte order mark; QQP has rows that are broken in two.</summary>
/// <remarks>Columns are found by the names in the header, texts are taken as they stand, spaces included.</remarks>
public static class GlueFile
{
    /// <summary>Reads a training or development set, such as <c>data/glue/RTE/train.tsv</c>.</summary>
    /// <exception cref="IntraDistillException">The file cannot be read, lacks a column, or holds a row or label that is not one of the
    /// task: the message names file and line.</exception>
    public static IReadOnlyList<LabelledText> Read(string path, GlueTask task) => ReadTable(path, task, labelled: true);

    /// <summary>Reads a test set, whose labels only the benchmark's server has.</summary>
    /// <inheritdoc cref="Read"/>
    public static IReadOnlyList<LabelledText> ReadUnlabelled(string path, GlueTask task) => ReadTable(path, task, labelled: false);

    private static List<LabelledText> ReadTable(string path, GlueTask task, bool labelled)
    {
        string?[] needed = [task.Columns.Text, task.Columns.Pair, labelled ? task.Columns.Label : null];
        List<string>? header = labelled ? task.Columns.Unnamed?.ToList() : null;
        List<LabelledText> texts = [];
        foreach ((int number, string[] columns) in TsvLines.Read(path))
        {
            if (header is null)
            {
                header = [.. columns];
                if (needed.FirstOrDefault(name => name is not null && !columns.Contains(name)) is { } missing)
                    throw Bad(number, $"no column '{missing}' in the header, where {task.Name} has one");
                continue;
            }
            if (columns.Length < header.Count && task.SkipsShortRows)
                continue;
            if (columns.Length != header.Count)
                throw Bad(number, $"{columns.Length} columns, where {header.Count} were expected");
            string?[] row = [.. needed.Append("index").Select(name => header.IndexOf(name!) is >= 0 and int at ? columns[at] : null)];
            texts.Add(new(row[0]!, row[1], labelled ? LabelOf(row[2]!, number) : null, row[3] ?? Invariant(texts.Count)));
        }
        return texts.Count > 0 ? texts : throw Bad(1, $"no row of {task.Name}");

        double LabelOf(string label, int line)
        {
            if (task.Kind != GlueKind.Similarity)
                return task.Labels.ToList().IndexOf(label) is >= 0 and int found ? found
                    : throw Bad(line, $"label '{label}', where one of {string.Join(", ", task.Labels)} was expected");
            return double.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out double score)
                && score is >= GlueTask.LeastScore and <= GlueTask.GreatestScore ? score : throw Bad(line,
                    $"score '{label}', where a number from {GlueTask.LeastScore} to {GlueTask.GreatestScore} was expected");
        }

        static string Invariant(int number) => number.ToString(CultureInfo.InvariantCulture);

        IntraDistillException Bad(int line, string what) => new($"{path}:{line}: {what}");
    }
}

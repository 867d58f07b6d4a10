using System.Globalization;

namespace IntraDistill.Tasks;

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

using System.Globalization;
using System.Text;

namespace IntraDistill.Tasks;

/// <summary>
/// Predictions for the test sets in the form that the GLUE benchmark's server takes: a file a test set with the columns
/// <c>index</c> and <c>prediction</c>, all of them in one zip archive. (The server also wants <c>WNLI.tsv</c> and <c>AX.tsv</c>,
/// whose tasks the paper leaves out.)
/// </summary>
public static class GlueSubmission
{
    /// <summary>
    /// Writes the predictions for a task's test set, whole or not at all: as <c>CoLA.tsv</c>; of MNLI as <c>MNLI-m.tsv</c> and
    /// <c>MNLI-mm.tsv</c>.
    /// </summary>
    /// <param name="folder">The folder for the files; made if it is not there.</param>
    /// <param name="task">The task.</param>
    /// <param name="predictions">
    /// The predicted class of each text, in the order of the test set, written by its name; or its score, brought within 0 to 5.
    /// </param>
    /// <param name="mismatched">Whether they are for MNLI's second test set.</param>
    /// <returns>The path of the file.</returns>
    /// <exception cref="IntraDistillException">
    /// There are more or fewer predictions than the published test set has texts, one is not a class of the task or not a number,
    /// the task has no second test set, or the file cannot be written.
    /// </exception>
    public static string Write(string folder, GlueTask task, IReadOnlyList<double> predictions, bool mismatched = false)
    {
        if (mismatched && task.Test.Count == 1)
            throw new IntraDistillException($"{task.Name} has one test set; only MNLI has a mismatched one");
        GluePart part = task.Test[mismatched ? 1 : 0];
        if (part.Rows is { } rows && rows != predictions.Count)
            throw new IntraDistillException(
                $"{task.Name}: {predictions.Count} predictions for {part.Name}, which has {rows} texts; one a text was expected");
        var lines = new StringBuilder("index\tprediction\n");
        for (int i = 0; i < predictions.Count; i++)
            lines.Append(CultureInfo.InvariantCulture, $"{i}\t{Named(task, predictions[i], i)}\n");
        string path = Path.Combine(folder, $"{task.Name}{(task.Test.Count == 1 ? "" : mismatched ? "-mm" : "-m")}.tsv");
        AtomicFile.Write(path, lines.ToString(), e => new IntraDistillException($"{path}: cannot be written: {e.Message}", e));
        return path;
    }

    private static string Named(GlueTask task, double prediction, int index)
    {
        if (task.Kind != GlueKind.Similarity)
            return task.Labels[task.ClassOf(prediction, index)];
        if (!double.IsFinite(prediction))
            throw new IntraDistillException($"{task.Name}: prediction {index} is {prediction}; expected a score");
        return Math.Clamp(prediction, GlueTask.LeastScore, GlueTask.GreatestScore).ToString("F3", CultureInfo.InvariantCulture);
    }
}

using System.Globalization;
using TorchSharp;

namespace IntraDistill.Tasks;

/// <summary>How a run of a task of GLUE is validated, predicts and is scored: what an <see cref="Experiment{TModel, TBatch}"/> asks
/// for.</summary>
public sealed class GlueEvaluation(GlueCorpus corpus, PretrainedTokenizer tokenizer, ClassificationBatchSettings batching)
{
    private readonly Lazy<IReadOnlyList<ClassificationBatch>> _dev =
        new(() => ClassificationBatches.InOrder(corpus.Dev, tokenizer, batching));

    /// <summary>Score and mean task loss of dev, in one pass over it.</summary>
    public Validation Validate(BertForSequenceClassification model)
    {
        double loss = 0;
        double[] answers = SequenceClassifier.Predict(model, _dev.Value, (batch, logits) =>
            loss += batch.Tokens * model.Loss(logits, batch.LabelsOn(logits.device, model.Problem)).ToDouble());
        return new(GlueScore.Of(corpus.Task, answers, corpus.Dev).Headline, loss / corpus.Dev.Count);
    }

    /// <summary>What is predicted of the texts that results are reported on, a line each, and after them of MNLI's mismatched
    /// ones.</summary>
    public IReadOnlyList<string> Predict(BertForSequenceClassification model) =>
        [.. Answer(model, [.. corpus.Reported, .. corpus.DevMismatched]).Select(answer => answer.ToString(CultureInfo.InvariantCulture))];

    /// <summary>What such lines score: "score", the first of the task's metrics; each metric; and "score_mismatched" of MNLI.</summary>
    public IEnumerable<(string Name, RunValue Value)> Score(IReadOnlyList<string> lines)
    {
        GlueScore reported = GlueScore.Of(corpus.Task, Reported(corpus, lines), corpus.Reported);
        yield return ("score", reported.Headline);
        foreach (var (metric, value) in corpus.Task.Metrics.Zip(reported.Values))
            yield return ($"{metric}", value);
        if (corpus.DevMismatched.Count > 0)
            yield return ("score_mismatched",
                GlueScore.Of(corpus.Task, Answers(lines.Skip(corpus.Reported.Count)), corpus.DevMismatched).Headline);
    }

    /// <summary>Such lines as <see cref="Bootstrap"/> takes them: of the texts that results are reported on.</summary>
    public static SegmentStatistics Statistics(GlueCorpus corpus, IReadOnlyList<string> lines) =>
        GlueScore.Statistics(corpus.Task, Reported(corpus, lines), corpus.Reported);

    /// <summary>Writes the files for GLUE's server, as <see cref="GlueSubmission"/> does, of the test sets that have no labels, into the
    /// folder <c>submission</c> of a run; MNLI has two.</summary>
    /// <returns>No more values.</returns>
    public IEnumerable<(string Name, RunValue Value)> WriteSubmissions(BertForSequenceClassification model, StoredRun run, StudyPoint point)
    {
        string folder = Path.Combine(run.Folder, "submission");
        if (corpus.Test.Count > 0 && corpus.Reported != corpus.Test)
            GlueSubmission.Write(folder, corpus.Task, Answer(model, corpus.Test));
        if (corpus.TestMismatched.Count > 0)
            GlueSubmission.Write(folder, corpus.Task, Answer(model, corpus.TestMismatched), mismatched: true);
        return [];
    }

    private double[] Answer(BertForSequenceClassification model, IReadOnlyList<LabelledText> texts) =>
        SequenceClassifier.Predict(model, ClassificationBatches.InOrder(texts, tokenizer, batching));

    private static double[] Reported(GlueCorpus corpus, IReadOnlyList<string> lines) => Answers(lines.Take(corpus.Reported.Count));

    private static double[] Answers(IEnumerable<string> lines) =>
        [.. lines.Select(line => double.Parse(line, CultureInfo.InvariantCulture))];
}

/// <summary>Predictions for the test sets in the form that the GLUE benchmark's server takes: a file a test set with the columns
/// <c>index</c> and <c>prediction</c>, all of them in one zip archive. (The server also wants <c>WNLI.tsv</c> and <c>AX.tsv</c>, whose
/// tasks the paper leaves out.)</summary>
public static class GlueSubmission
{
    /// <summary>Writes the predictions for a task's test set, in its order, whole or not at all: as <c>CoLA.tsv</c>; of MNLI as
    /// <c>MNLI-m.tsv</c> and <c>MNLI-mm.tsv</c>. Classes are written by name, scores brought within 0 to 5.</summary>
    /// <returns>The path of the file.</returns>
    /// <exception cref="IntraDistillException">There are more or fewer predictions than the published test set has texts, one is not a
    /// class of the task or not a number, the task has no second test set, or the file cannot be written.</exception>
    public static string Write(string folder, GlueTask task, IReadOnlyList<double> predictions, bool mismatched = false)
    {
        if (mismatched && task.Test.Count == 1)
            throw new IntraDistillException($"{task.Name} has one test set; only MNLI has a mismatched one");
        GluePart part = task.Test[mismatched ? 1 : 0];
        if (part.Rows is { } rows && rows != predictions.Count)
            throw new IntraDistillException(
                $"{task.Name}: {predictions.Count} predictions for {part.Name}, which has {rows} texts; one a text was expected");
        string text = "index\tprediction\n" + string.Concat(predictions.Select((prediction, i) => $"{i}\t{Named(task, prediction, i)}\n"));
        string path = Path.Combine(folder, $"{task.Name}{(task.Test.Count == 1 ? "" : mismatched ? "-mm" : "-m")}.tsv");
        AtomicFile.Write(path, text, e => new IntraDistillException($"{path}: cannot be written: {e.Message}", e));
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

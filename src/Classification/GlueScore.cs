using System.Globalization;

namespace IntraDistill.Tasks;

/// <summary>What GLUE's tasks are scored by.</summary>
public enum GlueMetric
{
    /// <summary><see cref="Classification.Accuracy"/>.</summary>
    Accuracy,

    /// <summary><see cref="Classification.F1"/>.</summary>
    F1,

    /// <summary><see cref="Classification.Matthews"/>.</summary>
    Matthews,

    /// <summary><see cref="Correlation.Pearson"/>.</summary>
    Pearson,

    /// <summary><see cref="Correlation.Spearman"/>.</summary>
    Spearman,
}

/// <summary>A task's scores, in percent as they are published (correlations × 100).</summary>
/// <param name="Task">The task.</param>
/// <param name="Values">The score by each of its metrics, in the same order.</param>
public sealed record GlueScore(GlueTask Task, IReadOnlyList<double> Values)
{
    /// <summary>The score that the paper reports: that of the task's first metric.</summary>
    public double Headline => Values[0];

    /// <summary>Scores predictions against labels.</summary>
    /// <param name="task">The task.</param>
    /// <param name="predictions">The predicted class of each text, or its score; scores need not lie in the scale.</param>
    /// <param name="texts">The texts with their labels.</param>
    /// <exception cref="IntraDistillException">
    /// The lists differ in length or are empty, a label is missing, or a prediction or label is not one of the task.
    /// </exception>
    public static GlueScore Of(GlueTask task, IReadOnlyList<double> predictions, IReadOnlyList<LabelledText> texts) =>
        new(task, [.. task.Metrics.Select(metric => ByMetric(task, metric, predictions, texts).Score)]);

    /// <summary>
    /// The predictions from which <see cref="Bootstrap"/> scores resamples of the texts, by the task's first metric, in percent.
    /// Where a resample holds one class only, its F1 or Matthews is what <see cref="Classification"/> makes of that: 0.
    /// </summary>
    /// <inheritdoc cref="Of"/>
    public static SegmentStatistics Statistics(
        GlueTask task, IReadOnlyList<double> predictions, IReadOnlyList<LabelledText> texts) =>
        ByMetric(task, task.Metrics[0], predictions, texts);

    private static SegmentStatistics ByMetric(
        GlueTask task, GlueMetric metric, IReadOnlyList<double> predictions, IReadOnlyList<LabelledText> texts)
    {
        Classification.CheckParallel(predictions.Count, texts.Count);
        double[] labels = [.. texts.Select(text => text.Label ?? throw new IntraDistillException(
            $"{task.Name}: text {text.Id} has no label; expected a part that is published with labels"))];
        DrawnScore score = task.Kind == GlueKind.Similarity
            ? Score<double>([.. predictions], labels, metric switch
            {
                GlueMetric.Pearson => Correlation.Pearson,
                GlueMetric.Spearman => Correlation.Spearman,
                _ => throw Unfit(),
            })
            : Score<int>([.. predictions.Select(task.ClassOf)], [.. labels.Select(label => (int)label)], metric switch
            {
                GlueMetric.Accuracy => Classification.Accuracy,
                GlueMetric.F1 => Classification.F1,
                GlueMetric.Matthews => Classification.Matthews,
                _ => throw Unfit(),
            });
        return new(labels.Length, score, $"task:{task.Name}|metric:{metric}|version:{SegmentStatistics.Version}");

        IntraDistillException Unfit() => new($"{task.Name}: {metric} does not score a task of kind {task.Kind}");
    }

    private static DrawnScore Score<T>(T[] predictions, T[] labels, Func<IReadOnlyList<T>, IReadOnlyList<T>, double> metric)
    {
        return drawn => 100 * metric(Draw(predictions, drawn), Draw(labels, drawn));

        static T[] Draw(T[] values, ReadOnlySpan<int> drawn)
        {
            var result = new T[drawn.Length];
            for (int i = 0; i < drawn.Length; i++)
                result[i] = values[drawn[i]];
            return result;
        }
    }

    /// <summary>As <c>MRPC: F1 88.90, Accuracy 84.10</c>.</summary>
    public override string ToString() => $"{Task.Name}: " + string.Join(", ", Task.Metrics.Zip(Values,
        (metric, value) => string.Create(CultureInfo.InvariantCulture, $"{metric} {value:F2}")));
}

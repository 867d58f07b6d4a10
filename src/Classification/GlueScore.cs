using System.Globalization;
using MathNetCorrelation = MathNet.Numerics.Statistics.Correlation;

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

/// <summary>
/// Scores of predicted classes against the true ones, as the GLUE benchmark computes them (scikit-learn's definitions).
/// Classes are numbers from 0; scores are fractions, not percent.
/// </summary>
public static class Classification
{
    /// <summary>The share of predictions that are right, 0–1.</summary>
    /// <param name="predictions">The predicted class of each example.</param>
    /// <param name="labels">Its true class.</param>
    /// <exception cref="IntraDistillException">The lists differ in length or are empty.</exception>
    public static double Accuracy(IReadOnlyList<int> predictions, IReadOnlyList<int> labels)
    {
        CheckParallel(predictions.Count, labels.Count);
        int right = 0;
        for (int i = 0; i < labels.Count; i++)
            if (predictions[i] == labels[i])
                right++;
        return (double)right / labels.Count;
    }

    /// <summary>
    /// F1 of class 1, 0–1: the harmonic mean of its precision and recall, 2·tp / (2·tp + fp + fn). Where class 1 is neither
    /// predicted nor true, it is 0.
    /// </summary>
    /// <inheritdoc cref="Matthews"/>
    public static double F1(IReadOnlyList<int> predictions, IReadOnlyList<int> labels)
    {
        Counts counts = Count(predictions, labels);
        long all = 2 * counts.TruePositive + counts.FalsePositive + counts.FalseNegative;
        return all == 0 ? 0 : 2.0 * counts.TruePositive / all;
    }

    /// <summary>
    /// Matthews' correlation of two classes, −1 to 1: (tp·tn − fp·fn) / √((tp+fp)(tp+fn)(tn+fp)(tn+fn)), which is Pearson's of
    /// the 0s and 1s. Where one class is all that is predicted, or all that is true, it is 0.
    /// </summary>
    /// <param name="predictions">The predicted class of each example, 0 or 1.</param>
    /// <param name="labels">Its true class, 0 or 1.</param>
    /// <exception cref="IntraDistillException">The lists differ in length or are empty, or a class is not 0 or 1.</exception>
    public static double Matthews(IReadOnlyList<int> predictions, IReadOnlyList<int> labels)
    {
        (long tp, long fp, long fn, long tn) = Count(predictions, labels);
        // Two roots, since the product of all four sums could leave the range in which a double is exact.
        double scale = Math.Sqrt((double)(tp + fp) * (tp + fn)) * Math.Sqrt((double)(tn + fp) * (tn + fn));
        // Rounding of the roots may lead just out of the range.
        return scale == 0 ? 0 : Math.Clamp(((double)tp * tn - (double)fp * fn) / scale, -1, 1);
    }

    private static Counts Count(IReadOnlyList<int> predictions, IReadOnlyList<int> labels)
    {
        CheckParallel(predictions.Count, labels.Count);
        // [true class, predicted class]
        var counts = new long[2, 2];
        for (int i = 0; i < labels.Count; i++)
        {
            if (predictions[i] is not (0 or 1))
                throw new IntraDistillException($"prediction {i} is class {predictions[i]}; expected 0 or 1");
            if (labels[i] is not (0 or 1))
                throw new IntraDistillException($"label {i} is class {labels[i]}; expected 0 or 1");
            counts[labels[i], predictions[i]]++;
        }
        return new(counts[1, 1], counts[0, 1], counts[1, 0], counts[0, 0]);
    }

    internal static void CheckParallel(int predictions, int labels)
    {
        if (predictions != labels)
            throw new IntraDistillException($"{predictions} predictions and {labels} labels; expected one label a prediction");
        if (labels == 0)
            throw new IntraDistillException("no prediction to score; expected at least one with its label");
    }

    private readonly record struct Counts(long TruePositive, long FalsePositive, long FalseNegative, long TrueNegative);
}

/// <summary>
/// How well predicted scores follow the true ones, −1 to 1, as the GLUE benchmark computes it for STS-B (SciPy's
/// <c>pearsonr</c> and <c>spearmanr</c>).
/// </summary>
/// <remarks>
/// Where one side is constant there is no correlation to speak of (SciPy returns NaN): here it is 0, so that a model that has
/// collapsed to one answer counts as one that knows nothing, also in a mean over seeds.
/// </remarks>
public static class Correlation
{
    /// <summary>Pearson's correlation: of the values themselves.</summary>
    /// <param name="predictions">The predicted score of each example.</param>
    /// <param name="labels">Its true score.</param>
    /// <exception cref="IntraDistillException">
    /// The lists differ in length or hold fewer than two values, or a value is not finite.
    /// </exception>
    public static double Pearson(IReadOnlyList<double> predictions, IReadOnlyList<double> labels) =>
        Defined(predictions, labels, MathNetCorrelation.Pearson);

    /// <summary>Spearman's correlation: Pearson's of the ranks, equal values sharing the mean of theirs.</summary>
    /// <inheritdoc cref="Pearson"/>
    public static double Spearman(IReadOnlyList<double> predictions, IReadOnlyList<double> labels) =>
        Defined(predictions, labels, MathNetCorrelation.Spearman);

    private static double Defined(IReadOnlyList<double> predictions, IReadOnlyList<double> labels,
        Func<IEnumerable<double>, IEnumerable<double>, double> correlation)
    {
        Classification.CheckParallel(predictions.Count, labels.Count);
        if (labels.Count < 2)
            throw new IntraDistillException("one prediction to correlate; expected at least two");
        bool predictionsVary = Vary(predictions, "prediction"), labelsVary = Vary(labels, "label");
        return predictionsVary && labelsVary ? Math.Clamp(correlation(predictions, labels), -1, 1) : 0;
    }

    private static bool Vary(IReadOnlyList<double> values, string name)
    {
        bool vary = false;
        for (int i = 0; i < values.Count; i++)
        {
            if (!double.IsFinite(values[i]))
                throw new IntraDistillException($"{name} {i} is {values[i]}; expected a finite number");
            vary |= values[i] != values[0];
        }
        return vary;
    }
}

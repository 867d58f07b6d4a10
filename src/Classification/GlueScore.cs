using System.Globalization;
using MathNetCorrelation = MathNet.Numerics.Statistics.Correlation;

namespace IntraDistill.Tasks;

/// <summary>What GLUE's tasks are scored by, as the benchmark does (scikit-learn's and SciPy's definitions).</summary>
public enum GlueMetric
{
    /// <summary>The share of predictions that are right.</summary>
    Accuracy,

    /// <summary>F1 of class 1, 2·tp / (2·tp + fp + fn); 0 where class 1 is neither predicted nor true.</summary>
    F1,

    /// <summary>Matthews' correlation of two classes, −1 to 1; 0 where one class is all that is predicted, or all that is true.</summary>
    Matthews,

    /// <summary>Pearson's correlation of scores. Where one side is constant there is none to speak of (SciPy returns NaN): here it is 0, so
    /// that a model that has collapsed to one answer counts as one that knows nothing, also in a mean over seeds.</summary>
    Pearson,

    /// <summary>Spearman's correlation: Pearson's of the ranks, equal values sharing the mean of theirs; else as it.</summary>
    Spearman,
}

/// <summary>A task's scores by each of its metrics, in the same order, in percent as they are published (correlations × 100).</summary>
public sealed record GlueScore(GlueTask Task, IReadOnlyList<double> Values)
{
    /// <summary>The score that the paper reports: that of the task's first metric.</summary>
    public double Headline => Values[0];

    /// <summary>Scores predictions against labels.</summary>
    /// <param name="task">The task.</param>
    /// <param name="predictions">The predicted class of each text, or its score; scores need not lie in the scale.</param>
    /// <param name="texts">The texts with their labels.</param>
    /// <exception cref="IntraDistillException">The lists differ in length or are empty, a label is missing, or a prediction or label is not
    /// one of the task.</exception>
    public static GlueScore Of(GlueTask task, IReadOnlyList<double> predictions, IReadOnlyList<LabelledText> texts) =>
        new(task, [.. task.Metrics.Select(metric => ByMetric(task, metric, predictions, texts).Score)]);

    /// <summary>The predictions from which <see cref="Bootstrap"/> scores resamples of the texts, by the task's first metric, in
    /// percent.</summary>
    /// <inheritdoc cref="Of"/>
    public static SegmentStatistics Statistics(GlueTask task, IReadOnlyList<double> predictions, IReadOnlyList<LabelledText> texts) =>
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

/// <summary>Scores of predicted classes, numbers from 0, against the true ones: fractions, not percent.</summary>
internal static class Classification
{
    public static double Accuracy(IReadOnlyList<int> predictions, IReadOnlyList<int> labels)
    {
        CheckParallel(predictions.Count, labels.Count);
        int right = 0;
        for (int i = 0; i < labels.Count; i++)
            if (predictions[i] == labels[i])
                right++;
        return (double)right / labels.Count;
    }

    public static double F1(IReadOnlyList<int> predictions, IReadOnlyList<int> labels)
    {
        (long tp, long fp, long fn, _) = Count(predictions, labels);
        return tp + fp + fn == 0 ? 0 : 2.0 * tp / (2 * tp + fp + fn);
    }

    /// <summary>(tp·tn − fp·fn) / √((tp+fp)(tp+fn)(tn+fp)(tn+fn)), which is Pearson's correlation of the 0s and 1s.</summary>
    public static double Matthews(IReadOnlyList<int> predictions, IReadOnlyList<int> labels)
    {
        (long tp, long fp, long fn, long tn) = Count(predictions, labels);
        // Two roots, since the product of all four sums could leave the range in which a double is exact.
        double scale = Math.Sqrt((double)(tp + fp) * (tp + fn)) * Math.Sqrt((double)(tn + fp) * (tn + fn));
        // Rounding of the roots may lead just out of the range.
        return scale == 0 ? 0 : Math.Clamp(((double)tp * tn - (double)fp * fn) / scale, -1, 1);
    }

    internal static void CheckParallel(int predictions, int labels)
    {
        if (predictions != labels)
            throw new IntraDistillException($"{predictions} predictions and {labels} labels; expected one label a prediction");
        if (labels == 0)
            throw new IntraDistillException("no prediction to score; expected at least one with its label");
    }

    private static (long TruePositive, long FalsePositive, long FalseNegative, long TrueNegative) Count(
        IReadOnlyList<int> predictions, IReadOnlyList<int> labels)
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
        return (counts[1, 1], counts[0, 1], counts[1, 0], counts[0, 0]);
    }
}

/// <summary>How well predicted scores follow the true ones, −1 to 1: 0 where one side is constant.</summary>
internal static class Correlation
{
    public static double Pearson(IReadOnlyList<double> predictions, IReadOnlyList<double> labels) =>
        Defined(predictions, labels, MathNetCorrelation.Pearson);

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
        for (int i = 0; i < values.Count; i++)
            if (!double.IsFinite(values[i]))
                throw new IntraDistillException($"{name} {i} is {values[i]}; expected a finite number");
        return values.Any(value => value != values[0]);
    }
}

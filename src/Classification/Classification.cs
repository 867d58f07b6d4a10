namespace IntraDistill.Tasks;

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

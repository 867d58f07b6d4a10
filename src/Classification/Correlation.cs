using MathNetCorrelation = MathNet.Numerics.Statistics.Correlation;

namespace IntraDistill.Tasks;

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

using MathNet.Numerics.Statistics;

namespace IntraDistill;

/// <summary>How sensitivity is spread over parameters: what the paper calls the sensitivity gap, in several measures.</summary>
/// <remarks>
/// Every measure is over the <see cref="Reached"/> parameters, those whose sensitivity is above 0; each is then a finite
/// number. Sensitivities of exactly 0 belong to parameters that no gradient of the probe reached, mostly embeddings of
/// subwords it never met, or that are 0 themselves. Among the least sensitive they would make every ratio infinite, and
/// the measures would tell how much of the vocabulary a text uses. They are counted apart (<see cref="Zeros"/>), a number
/// to be given beside any of the measures: a model can narrow its spread by having more of them. Where nothing is reached
/// there is no spread: the measures are NaN, which a table shows as not measured, and not 0, which would be perfect balance.
/// </remarks>
public sealed class SensitivityDistribution
{
    private readonly float[] _sorted;   // those above 0

    /// <summary>Takes the sensitivities, in any order.</summary>
    /// <param name="values">Finite numbers, 0 or larger; at least one. All may be 0.</param>
    /// <exception cref="IntraDistillException">There is none, or one is negative or not finite.</exception>
    public SensitivityDistribution(IEnumerable<float> values)
    {
        List<float> reached = [];
        foreach (float value in values)
        {
            if (!(value >= 0 && float.IsFinite(value)))
                throw new IntraDistillException($"a sensitivity is {value}: a finite number, 0 or larger, was expected");
            if (value > 0)
                reached.Add(value);
            else
                Zeros++;
        }
        _sorted = [.. reached];
        if (Count == 0)
            throw new IntraDistillException("a distribution of at least one sensitivity was expected");
        Array.Sort(_sorted);

        double n = _sorted.Length, sum = 0, ranked = 0;
        for (int i = 0; i < _sorted.Length; i++)
        {
            sum += _sorted[i];
            ranked += (i + 1.0) * _sorted[i];
        }
        Mean = sum / n;
        double squares = 0;
        foreach (float value in _sorted)
            squares += (value - Mean) * (value - Mean);
        StandardDeviation = Math.Sqrt(squares / n);
        Gini = 2 * ranked / (n * sum) - (n + 1) / n;

        int decile = Math.Min(_sorted.Length, Math.Max(1, _sorted.Length / 10));
        TopBottomRatio = _sorted.TakeLast(decile).Sum(v => (double)v) / _sorted.Take(decile).Sum(v => (double)v);
        LogStandardDeviation = _sorted.Select(v => Math.Log10(v)).PopulationStandardDeviation();
    }

    /// <summary>How many parameters there are: <see cref="Reached"/> and <see cref="Zeros"/>.</summary>
    public int Count => Reached + Zeros;

    /// <summary>How many parameters have a sensitivity above 0: what every measure here is over.</summary>
    public int Reached => _sorted.Length;

    /// <summary>
    /// How many parameters have a sensitivity of exactly 0; in no measure. Where they lie:
    /// <see cref="ParameterSensitivity.Zeros"/>.
    /// </summary>
    public int Zeros { get; }

    /// <summary><see cref="Zeros"/> as a part of <see cref="Count"/>, 0–1.</summary>
    public double ZeroFraction => (double)Zeros / Count;

    /// <summary>The mean over the reached parameters, in units of loss.</summary>
    public double Mean { get; }

    /// <summary>
    /// The standard deviation over the reached parameters, in units of loss: the paper's measure of the gap, which it takes
    /// over all parameters.
    /// </summary>
    public double StandardDeviation { get; }

    /// <summary>The standard deviation relative to the mean, both over the reached; does not change with the scale of the loss.</summary>
    public double CoefficientOfVariation => StandardDeviation / Mean;

    /// <summary>
    /// The Gini coefficient over the reached parameters: 0 where all are equally sensitive, towards 1 where few carry everything.
    /// </summary>
    public double Gini { get; }

    /// <summary>The mean of the most sensitive 10 % of the reached parameters over the mean of their least sensitive 10 %.</summary>
    public double TopBottomRatio { get; }

    /// <summary>The standard deviation of log10 of the sensitivities of the reached parameters, in decades.</summary>
    public double LogStandardDeviation { get; }

    /// <summary>The ratio of the 90 % quantile to the 10 % quantile of the reached parameters.</summary>
    public double QuantileRatio => Quantile(0.9) / Quantile(0.1);

    /// <summary>The value below which a part of the reached parameters lies, interpolated linearly between neighbours.</summary>
    /// <param name="part">From 0 (the least sensitive one reached) to 1 (the most sensitive).</param>
    /// <returns>In units of loss, above 0; NaN where nothing is reached.</returns>
    public double Quantile(double part)
    {
        if (!(part >= 0 && part <= 1))
            throw new ArgumentOutOfRangeException(nameof(part), part, "a part from 0 to 1 was expected");
        if (Reached == 0)
            return double.NaN;
        double position = part * (_sorted.Length - 1);
        int below = (int)position;
        return below + 1 < _sorted.Length
            ? _sorted[below] + (position - below) * ((double)_sorted[below + 1] - _sorted[below])
            : _sorted[^1];
    }

    /// <summary>The Lorenz curve: the part of all sensitivity that the least sensitive of the reached parameters hold.</summary>
    /// <param name="points">How many steps the curve has.</param>
    /// <returns>
    /// From (0, 0) to (1, 1): parts of the reached parameters, and of the sensitivity; the latter NaN where nothing is reached.
    /// </returns>
    public (double[] Parameters, double[] Sensitivity) Lorenz(int points = 100)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(points, 1);
        double[] x = new double[points + 1], y = new double[points + 1];
        double sum = 0, total = Mean * _sorted.Length;
        for (int i = 0, k = 0; k <= points; k++)
        {
            for (long end = (long)_sorted.Length * k / points; i < end; i++)
                sum += _sorted[i];
            (x[k], y[k]) = ((double)k / points, sum / total);
        }
        return (x, y);
    }

    /// <summary>The histogram of the reached parameters on a log axis. Sensitivities of 0 are in no bin.</summary>
    /// <param name="decadeFrom">The lower end of the axis as a power of ten; smaller values above 0 fall into the first bin.</param>
    /// <param name="decadeTo">The upper end; larger values fall into the last bin.</param>
    /// <param name="binsPerDecade">How many bins a decade has.</param>
    /// <returns>
    /// The bins' edges as log10 (one more than there are bins) and the part of the reached parameters in each bin. The parts
    /// add up to 1 where anything is reached, and are 0 where nothing is.
    /// </returns>
    public (double[] LogEdges, double[] Parts) Histogram(int decadeFrom, int decadeTo, int binsPerDecade = 10)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(decadeFrom, decadeTo);
        ArgumentOutOfRangeException.ThrowIfLessThan(binsPerDecade, 1);
        int bins = (decadeTo - decadeFrom) * binsPerDecade;
        double[] edges = [.. Enumerable.Range(0, bins + 1).Select(i => decadeFrom + (double)i / binsPerDecade)];
        double[] parts = new double[bins];
        foreach (float value in _sorted)
        {
            double bin = Math.Floor((Math.Log10(value) - decadeFrom) * binsPerDecade);
            parts[(int)Math.Clamp(bin, 0, bins - 1)] += 1.0 / _sorted.Length;
        }
        return (edges, parts);
    }
}

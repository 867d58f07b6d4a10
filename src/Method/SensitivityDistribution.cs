using MathNet.Numerics.Statistics;

namespace IntraDistill;

/// <summary>How sensitivity is spread over parameters: what the paper calls the sensitivity gap, in several measures.</summary>
/// <remarks>Every measure is over the <see cref="Reached"/> parameters, those whose sensitivity is above 0; each is then a finite number.
/// Sensitivities of exactly 0 belong to parameters that no gradient of the probe reached, mostly embeddings of subwords it never met, or
/// that are 0 themselves. Among the least sensitive they would make every ratio infinite, and the measures would tell how much of the
/// vocabulary a text uses. They are counted apart (<see cref="Zeros"/>), a number to be given beside any of the measures: a model can
/// narrow its spread by having more of them. Where nothing is reached there is no spread: the measures are NaN, which a table shows as not
/// measured, and not 0, which would be perfect balance.</remarks>
public sealed class SensitivityDistribution
{
    private readonly float[] _sorted;   // those above 0

    internal SensitivityDistribution(IEnumerable<float> values)
    {
        List<float> reached = [];
        foreach (float value in values)
            if (value > 0)
                reached.Add(value);
            else
                Zeros++;
        _sorted = [.. reached];
        Array.Sort(_sorted);

        double n = _sorted.Length, sum = Sum(_sorted);
        Mean = sum / n;
        StandardDeviation = Math.Sqrt(_sorted.Sum(v => (v - Mean) * (v - Mean)) / n);
        Gini = 2 * _sorted.Select((v, i) => (i + 1.0) * v).Sum() / (n * sum) - (n + 1) / n;
        int decile = Math.Max(1, _sorted.Length / 10);
        TopBottomRatio = Sum(_sorted.TakeLast(decile)) / Sum(_sorted.Take(decile));
        LogStandardDeviation = _sorted.Select(v => Math.Log10(v)).PopulationStandardDeviation();

        static double Sum(IEnumerable<float> values) => values.Sum(v => (double)v);
    }

    /// <summary>How many parameters there are: <see cref="Reached"/> and <see cref="Zeros"/>.</summary>
    public int Count => Reached + Zeros;

    /// <summary>How many parameters have a sensitivity above 0: what every measure here is over.</summary>
    public int Reached => _sorted.Length;

    /// <summary>How many have a sensitivity of exactly 0; where they lie: <see cref="ParameterSensitivity.Zeros"/>.</summary>
    public int Zeros { get; }

    /// <summary><see cref="Zeros"/> as a part of <see cref="Count"/>, 0–1.</summary>
    public double ZeroFraction => (double)Zeros / Count;

    /// <summary>The mean, in units of loss.</summary>
    public double Mean { get; }

    /// <summary>The standard deviation, in units of loss: the paper's measure of the gap, which it takes over all parameters.</summary>
    public double StandardDeviation { get; }

    /// <summary>The standard deviation relative to the mean; does not change with the scale of the loss.</summary>
    public double CoefficientOfVariation => StandardDeviation / Mean;

    /// <summary>The Gini coefficient: 0 where all are equally sensitive, towards 1 where few carry everything.</summary>
    public double Gini { get; }

    /// <summary>The mean of the most sensitive 10 % over the mean of the least sensitive 10 %.</summary>
    public double TopBottomRatio { get; }

    /// <summary>The standard deviation of log10 of the sensitivities, in decades.</summary>
    public double LogStandardDeviation { get; }

    /// <summary>The ratio of the 90 % quantile to the 10 % quantile.</summary>
    public double QuantileRatio => Quantile(0.9) / Quantile(0.1);

    /// <summary>The value below which a part of the parameters lies, interpolated linearly between neighbours; in units of loss.</summary>
    /// <param name="part">From 0 (the least sensitive one reached) to 1 (the most sensitive).</param>
    public double Quantile(double part)
    {
        if (!(part >= 0 && part <= 1))
            throw new ArgumentOutOfRangeException(nameof(part), part, "a part from 0 to 1 was expected");
        if (Reached == 0)
            return double.NaN;
        double position = part * (_sorted.Length - 1);
        int below = (int)position;
        double low = _sorted[below], high = _sorted[Math.Min(below + 1, _sorted.Length - 1)];
        return low + (position - below) * (high - low);
    }

    /// <summary>The Lorenz curve, from (0, 0) to (1, 1): the part of all sensitivity that the least sensitive of the parameters
    /// hold.</summary>
    public (double[] Parameters, double[] Sensitivity) Lorenz(int points = 100)
    {
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

    /// <summary>The histogram on a log axis between two powers of ten: the bins' edges as log10 (one more than there are bins) and the part
    /// of the parameters reached in each bin. What is beyond the axis is in the first or the last bin.</summary>
    public (double[] LogEdges, double[] Parts) Histogram(int decadeFrom, int decadeTo, int binsPerDecade = 10)
    {
        int bins = (decadeTo - decadeFrom) * binsPerDecade;
        double[] edges = [.. Enumerable.Range(0, bins + 1).Select(i => decadeFrom + (double)i / binsPerDecade)];
        double[] parts = new double[bins];
        foreach (float value in _sorted)
            parts[(int)Math.Clamp(Math.Floor((Math.Log10(value) - decadeFrom) * binsPerDecade), 0, bins - 1)] += 1.0 / _sorted.Length;
        return (edges, parts);
    }
}

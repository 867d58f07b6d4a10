using MathNet.Numerics.Statistics;

namespace IntraDistill.Sensitivity;

/// <summary>How sensitivity is spread over parameters: what the paper calls the sensitivity gap, in several measures.</summary>
public sealed class SensitivityDistribution
{
    private readonly float[] _sorted;

    /// <summary>Takes the sensitivities, in any order.</summary>
    /// <param name="values">Finite numbers, 0 or larger; at least one.</param>
    public SensitivityDistribution(IEnumerable<float> values)
    {
        _sorted = [.. values];
        if (_sorted.Length == 0)
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
        Gini = sum > 0 ? 2 * ranked / (n * sum) - (n + 1) / n : 0;

        int decile = Math.Max(1, _sorted.Length / 10);
        TopBottomRatio = _sorted[^decile..].Average(v => (double)v) / _sorted[..decile].Average(v => (double)v);

        float[] positive = _sorted[Array.FindIndex(_sorted, v => v > 0) is >= 0 and int first ? first.. : ^0..];
        ZeroFraction = 1 - positive.Length / n;
        LogStandardDeviation = positive.Length > 0 ? positive.Select(v => Math.Log10(v)).PopulationStandardDeviation() : double.NaN;
    }

    /// <summary>How many parameters there are.</summary>
    public int Count => _sorted.Length;

    /// <summary>The mean, in units of loss.</summary>
    public double Mean { get; }

    /// <summary>The standard deviation over all parameters, in units of loss: the paper's measure of the gap.</summary>
    public double StandardDeviation { get; }

    /// <summary>The standard deviation relative to the mean, which does not change with the scale of the loss.</summary>
    public double CoefficientOfVariation => StandardDeviation / Mean;

    /// <summary>The Gini coefficient: 0 where all parameters are equally sensitive, towards 1 where few carry everything.</summary>
    public double Gini { get; }

    /// <summary>The mean of the most sensitive 10 % over the mean of the least sensitive 10 %.</summary>
    public double TopBottomRatio { get; }

    /// <summary>The standard deviation of log10 of the sensitivities above 0, in decades.</summary>
    public double LogStandardDeviation { get; }

    /// <summary>
    /// The part of the parameters whose sensitivity is exactly 0: those of ReLU units that are never active, or embeddings of
    /// words that the probe never met.
    /// </summary>
    public double ZeroFraction { get; }

    /// <summary>The ratio of the 90 % quantile to the 10 % quantile.</summary>
    public double QuantileRatio => Quantile(0.9) / Quantile(0.1);

    /// <summary>The value below which a part of the parameters lies, interpolated linearly between neighbours.</summary>
    /// <param name="part">From 0 (the least sensitive parameter) to 1 (the most).</param>
    public double Quantile(double part)
    {
        if (!(part >= 0 && part <= 1))
            throw new ArgumentOutOfRangeException(nameof(part), part, "a part from 0 to 1 was expected");
        double position = part * (_sorted.Length - 1);
        int below = (int)position;
        return below + 1 < _sorted.Length
            ? _sorted[below] + (position - below) * ((double)_sorted[below + 1] - _sorted[below])
            : _sorted[^1];
    }

    /// <summary>The Lorenz curve: the part of all sensitivity that the least sensitive parameters hold.</summary>
    /// <param name="points">How many steps the curve has.</param>
    /// <returns>From (0, 0) to (1, 1): parts of the parameters, and of the sensitivity.</returns>
    public (double[] Parameters, double[] Sensitivity) Lorenz(int points = 100)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(points, 1);
        double[] x = new double[points + 1], y = new double[points + 1];
        double sum = 0, total = Mean * _sorted.Length;
        for (int i = 0, k = 0; k <= points; k++)
        {
            for (long end = (long)_sorted.Length * k / points; i < end; i++)
                sum += _sorted[i];
            (x[k], y[k]) = ((double)k / points, total > 0 ? sum / total : (double)k / points);
        }
        return (x, y);
    }

    /// <summary>The histogram on a log axis.</summary>
    /// <param name="decadeFrom">
    /// The lower end of the axis as a power of ten; smaller values, 0 among them, fall into the first bin.
    /// </param>
    /// <param name="decadeTo">The upper end; larger values fall into the last bin.</param>
    /// <param name="binsPerDecade">How many bins a decade has.</param>
    /// <returns>The bins' edges as log10 (one more than there are bins) and the part of the parameters in each bin.</returns>
    public (double[] LogEdges, double[] Parts) Histogram(int decadeFrom, int decadeTo, int binsPerDecade = 10)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(decadeFrom, decadeTo);
        ArgumentOutOfRangeException.ThrowIfLessThan(binsPerDecade, 1);
        int bins = (decadeTo - decadeFrom) * binsPerDecade;
        double[] edges = [.. Enumerable.Range(0, bins + 1).Select(i => decadeFrom + (double)i / binsPerDecade)];
        double[] parts = new double[bins];
        foreach (float value in _sorted)
        {
            double bin = value > 0 ? Math.Floor((Math.Log10(value) - decadeFrom) * binsPerDecade) : 0;
            parts[(int)Math.Clamp(bin, 0, bins - 1)] += 1.0 / _sorted.Length;
        }
        return (edges, parts);
    }
}

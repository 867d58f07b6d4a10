using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class CorrelationTests
{
    [Fact]
    public void Values_are_SciPys()
    {
        // scipy.stats 1.10.1
        double[] scores = [0.5, 2.25, 3.0, 4.75, 4.75, 1.0, 3.5, 0.0], gold = [0.0, 2.5, 3.0, 5.0, 4.2, 1.4, 3.0, 0.2];
        Assert.Equal(0.9767583980219956, Correlation.Pearson(scores, gold), 1e-14);
        Assert.Equal(0.9638554216867469, Correlation.Spearman(scores, gold), 1e-14);

        double[] rising = [1, 2, 3, 4, 5], almost = [5, 6, 7, 8, 7];
        Assert.Equal(0.8320502943378438, Correlation.Pearson(rising, almost), 1e-14);
        Assert.Equal(0.8207826816681233, Correlation.Spearman(rising, almost), 1e-14);

        double[] x = [.. Enumerable.Range(0, 40).Select(i => i * 37 % 11 / 2.0)];
        double[] y = [.. Enumerable.Range(0, 40).Select(i => (i * 53 + 7) % 13 * 0.4 + x[i] * 0.3)];
        Assert.Equal(0.3560616697777968, Correlation.Pearson(x, y), 1e-14);
        Assert.Equal(0.33974094224875756, Correlation.Spearman(x, y), 1e-14);
    }

    [Fact]
    public void A_large_mean_does_not_drown_the_differences() =>
        Assert.Equal(0.8, Correlation.Pearson([1e8, 1e8 + 1, 1e8 + 2, 1e8 + 3, 1e8 + 4], [2, 1, 4, 3, 5]), 1e-14);

    [Fact]
    public void Equal_values_share_the_mean_of_their_ranks()
    {
        // By hand: ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4; covariance 4.5, variances 4.5 and 5.
        Assert.Equal(4.5 / Math.Sqrt(4.5 * 5), Correlation.Spearman([1, 2, 2, 3], [10, 20, 30, 40]), 1e-15);
        Assert.Equal(1, Correlation.Spearman([1, 2, 3, 1e6], [-5, 0, 0.1, 0.2]), 1e-15);
    }

    [Fact]
    public void A_side_that_does_not_vary_gives_0()
    {
        Assert.Equal(0, Correlation.Pearson([0.1, 0.1, 0.1], [1, 2, 3]));
        Assert.Equal(0, Correlation.Spearman([1, 2, 3], [0.1, 0.1, 0.1]));
        Assert.Equal(0, Correlation.Pearson([0.1, 0.1], [0.3, 0.3]));
    }

    [Fact]
    public void Neither_depends_on_scale_and_Spearman_on_no_rising_function()
    {
        Gen<(double, double)[]> pairs = Gen.ArrayOf(
            from x in Gen.Choose(-50, 50) from y in Gen.Choose(-50, 50) select (x / 8.0, y / 8.0));
        Prop.ForAll(pairs.Where(pairs => pairs.Length >= 2).ToArbitrary(), pairs =>
        {
            double[] x = [.. pairs.Select(pair => pair.Item1)], y = [.. pairs.Select(pair => pair.Item2)];
            double pearson = Correlation.Pearson(x, y), spearman = Correlation.Spearman(x, y);
            Assert.InRange(pearson, -1, 1);
            Assert.InRange(spearman, -1, 1);
            Assert.Equal(pearson, Correlation.Pearson(y, x), 1e-12);
            Assert.Equal(-pearson, Correlation.Pearson([.. x.Select(value => 3 - 2 * value)], y), 1e-12);
            Assert.Equal(spearman, Correlation.Spearman([.. x.Select(Math.Exp)], y), 1e-12);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(new double[0], new double[0], "no prediction to score")]
    [InlineData(new[] { 1.0 }, new[] { 1.0 }, "one prediction to correlate; expected at least two")]
    [InlineData(new[] { 1.0 }, new[] { 1.0, 2 }, "1 predictions and 2 labels")]
    [InlineData(new[] { 1.0, double.NaN }, new[] { 1.0, 2 }, "prediction 1 is NaN; expected a finite number")]
    [InlineData(new[] { 1.0, 2 }, new[] { double.PositiveInfinity, 2 }, "label 0 is Infinity; expected a finite number")]
    public void What_cannot_be_correlated_is_refused(double[] predictions, double[] labels, string message)
    {
        foreach (Func<IReadOnlyList<double>, IReadOnlyList<double>, double> score in
            new[] { Correlation.Pearson, Correlation.Spearman })
            Assert.Contains(message, Assert.Throws<IntraDistillException>(() => score(predictions, labels)).Message);
    }
}

using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class PairedDifferenceTests
{
    [Fact]
    public void Values_are_SciPys()
    {
        // scipy.stats 1.10.1: ttest_rel and t.interval
        AssertDifference([60.1, 61.4, 59.2, 62.0, 60.8], [61.0, 61.9, 60.9, 62.3, 61.1],
            0.7399999999999991, 0.589915248150103, 0.0075234743805752125, 1.472476525619423, 0.04856535398547191);
        AssertDifference([81.2, 80.4, 82.9, 81.0, 80.0, 83.1, 79.5, 82.2], [80.9, 81.0, 82.4, 81.7, 79.2, 83.0, 80.1, 82.0],
            0, 0.565685424949236, -0.47292485020205816, 0.47292485020205816, 1);
        AssertDifference([10, 20, 30], [20, 30.001, 40],
            10.000333333333334, 0.0005773502691903314, 9.998899115756695, 10.001767550909973, 1.1110370388916867e-09);
    }

    [Fact]
    public void The_interval_holds_0_just_when_p_is_above_a_twentieth_and_the_sides_mirror_each_other()
    {
        Gen<(double, double)[]> pairs = Gen.ArrayOf(
            from a in Gen.Choose(0, 400) from b in Gen.Choose(0, 400) select (a / 4.0, b / 4.0));
        pairs = pairs.Where(pairs => pairs.Length >= PairedDifference.FewestPairs
            && pairs.Select(pair => pair.Item2 - pair.Item1).Distinct().Count() > 1);
        Prop.ForAll(pairs.ToArbitrary(), pairs =>
        {
            double[] a = [.. pairs.Select(pair => pair.Item1)], b = [.. pairs.Select(pair => pair.Item2)];
            PairedDifference there = PairedDifference.Of(a, b), back = PairedDifference.Of(b, a);
            Assert.InRange(there.PValue, 0, 1);
            if (Math.Abs(there.PValue - 0.05) > 1e-9)
                Assert.Equal(there.PValue > 0.05, there.Low < 0 && there.High > 0);
            Assert.Equal(-there.Mean, back.Mean, 1e-9);
            Assert.Equal(-there.Low, back.High, 1e-9);
            Assert.Equal(there.PValue, back.PValue, 1e-9);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_single_pair_has_a_difference_and_no_test()
    {
        PairedDifference one = PairedDifference.Of([60], [61.25]);
        Assert.Equal((1, 1.25), (one.Count, one.Mean));
        Assert.All([one.StandardDeviation, one.Low, one.High, one.PValue], value => Assert.Equal(double.NaN, value));
        Assert.Equal("+1.25 (n = 1: no test)", one.ToString());
    }

    [Fact]
    public void Two_pairs_have_a_spread_and_no_test()
    {
        // With one degree of freedom the second would have p = 0.0003.
        PairedDifference two = PairedDifference.Of([50.5, 52.25], [53.0, 53.5]), near = PairedDifference.Of([50, 60], [55, 65.005]);
        Assert.Equal((2, 1.875), (two.Count, two.Mean));
        Assert.Equal(0.8838834764831844, two.StandardDeviation, 1e-12);
        Assert.Equal("+1.88 ± 0.88 (n = 2: no test)", two.ToString());
        PairedDifference equal = PairedDifference.Of([50, 60], [50, 60]);
        Assert.Equal((0.0, 0.0), (equal.Mean, equal.StandardDeviation));
        Assert.Equal("0.00 ± 0.00 (n = 2: no test)", equal.ToString());
        Assert.All([two, near, equal],
            none => Assert.All([none.Low, none.High, none.PValue], value => Assert.Equal(double.NaN, value)));
        Assert.False(double.IsNaN(PairedDifference.Of([50, 60, 70], [55, 65, 75.1]).PValue));
    }

    [Fact]
    public void Equal_differences_are_no_evidence_and_no_difference_is_p_of_1()
    {
        // 70.3 − 70.1, 80.3 − 80.1, 90.4 − 90.2 differ in their last bits.
        PairedDifference equal = PairedDifference.Of([70.1, 80.1, 90.2], [70.3, 80.3, 90.4]);
        Assert.Equal(0.2, equal.Mean, 1e-12);
        Assert.Equal(0, equal.StandardDeviation);
        Assert.All([equal.Low, equal.High, equal.PValue], value => Assert.Equal(double.NaN, value));
        Assert.Equal("+0.20 (n = 3, all differences equal: no test)", equal.ToString());

        PairedDifference none = PairedDifference.Of([0, 56.2, 57], [0, 56.2, 57]);
        Assert.Equal((0.0, 0.0, 1.0), (none.Mean, none.StandardDeviation, none.PValue));
        Assert.Equal(double.NaN, none.Low);
        Assert.Equal("0.00 (n = 3, all differences equal: p = 1)", none.ToString());
    }

    [Theory]
    [InlineData(0.04996, "p = 0.04996")]
    [InlineData(0.0492, "p = 0.049")]
    [InlineData(0.05, "p = 0.050")]
    [InlineData(0.0009, "p < 0.001")]
    [InlineData(1, "p = 1.000")]
    public void A_p_below_a_twentieth_does_not_read_as_one(double pValue, string text) => Assert.Equal(text, PText.Of(pValue));

    [Fact]
    public void It_reads_as_a_line_of_a_table()
    {
        Assert.Equal("+0.74 ± 0.59 [0.01, 1.47], p = 0.049 (n = 5)",
            PairedDifference.Of([60.1, 61.4, 59.2, 62.0, 60.8], [61.0, 61.9, 60.9, 62.3, 61.1]).ToString());
        Assert.Equal("-10.00 ± 0.00 [-10.00, -10.00], p < 0.001 (n = 3)",
            PairedDifference.Of([20, 30.001, 40], [10, 20, 30]).ToString());
    }

    [Theory]
    [InlineData(new double[0], new double[0], "no scores to compare")]
    [InlineData(new[] { 1.0 }, new[] { 1.0, 2 }, "1 scores of the baseline and 2 of the system")]
    [InlineData(new[] { 1.0, double.NaN }, new[] { 1.0, 2 }, "score 1 of the baseline is NaN; expected a finite number")]
    [InlineData(new[] { 1.0, 2 }, new[] { double.NegativeInfinity, 2 }, "score 0 of the system is -Infinity")]
    public void What_cannot_be_compared_is_refused(double[] baseline, double[] system, string message) =>
        Assert.Contains(message, Assert.Throws<IntraDistillException>(() => PairedDifference.Of(baseline, system)).Message);

    private static void AssertDifference(double[] baseline, double[] system,
        double mean, double deviation, double low, double high, double pValue)
    {
        PairedDifference actual = PairedDifference.Of(baseline, system);
        Assert.Equal(baseline.Length, actual.Count);
        Assert.Equal(mean, actual.Mean, 1e-12);
        Assert.Equal(deviation, actual.StandardDeviation, 1e-12);
        Assert.Equal(low, actual.Low, 1e-9);
        Assert.Equal(high, actual.High, 1e-9);
        Assert.Equal(pValue, actual.PValue, 1e-6 * pValue);
    }
}


namespace IntraDistill.Tests;

public sealed class BudgetCurveTests
{
    private static BudgetCurve Curve(params (double, double)[] points) => BudgetCurve.Of([points]);

    [Fact]
    public void The_mean_is_over_the_budgets_that_all_seeds_have_reached()
    {
        var curve = BudgetCurve.Of([[(1, 10), (2, 20), (3, 30)], [(1, 14), (2, 16)]]);
        Assert.Equal([1, 2], curve.Budget);
        Assert.Equal([12, 18], curve.Mean);
        Assert.Equal([10, 16], curve.Low);
        Assert.Equal([14, 20], curve.High);
    }

    [Fact]
    public void Between_two_points_it_is_straight_and_outside_not_a_number()
    {
        var curve = Curve((10, 1), (20, 3));
        Assert.Equal([1, 2, 3], new double[] { 10, 15, 20 }.Select(curve.At));
        Assert.True(double.IsNaN(curve.At(9)) && double.IsNaN(curve.At(21)));
    }

    [Fact]
    public void Crossings_say_where_and_which_way()
    {
        var flat = Curve((0, 2), (40, 2));
        var wave = Curve((0, 1), (10, 3), (20, 3), (30, 1));
        var crossings = wave.Crossings(flat);
        Assert.Equal([(5, true), (25, false)], crossings.Select(one => (Math.Round(one.Budget, 9), one.Above)));
        Assert.Equal([(5, false), (25, true)], flat.Crossings(wave).Select(one => (Math.Round(one.Budget, 9), one.Above)));
    }

    [Fact]
    public void Curves_that_touch_or_begin_together_do_not_cross()
    {
        var flat = Curve((0, 2), (10, 2), (20, 2));
        Assert.Empty(flat.Crossings(Curve((0, 2), (10, 3), (20, 2))));
        Assert.Empty(flat.Crossings(Curve((0, 1), (10, 2), (20, 1))));
        Assert.Empty(flat.Crossings(flat));
        Assert.Empty(flat.Crossings(Curve((30, 1), (40, 3))));
    }

    [Fact]
    public void It_levels_off_where_what_comes_later_brings_less_than_the_margin()
    {
        var rising = Curve((1, 10), (2, 20), (3, 20.6), (4, 21));
        Assert.Equal(3, rising.LevelsOff(0.5));
        Assert.Equal(2, rising.LevelsOff(1));
        Assert.Equal(4, rising.LevelsOff(0));
    }

    [Fact]
    public void No_common_budget_is_an_error_that_says_so()
    {
        Assert.Contains("2 seeds have no budget in common",
            Assert.Throws<IntraDistillException>(() => BudgetCurve.Of([[(1, 1)], [(2, 1)]])).Message, StringComparison.Ordinal);
        Assert.Throws<IntraDistillException>(() => BudgetCurve.Of([]));
    }
}

using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class ExpectedBestTests
{
    [Fact]
    public void Values_are_those_reckoned_by_hand()
    {
        // 3, 1, 2 of two tries: 1 · 1/9 + 2 · 3/9 + 3 · 5/9 = 22/9; the lowest, mirrored, 14/9.
        Assert.Equal(22.0 / 9, ExpectedBest.Of([3, 1, 2], 2), 1e-12);
        Assert.Equal(14.0 / 9, ExpectedBest.Of([3, 1, 2], 2, higherIsBetter: false), 1e-12);
        Assert.Equal(7, ExpectedBest.Of([7], 1), 1e-12);
        Assert.Equal(-4, ExpectedBest.Of([-4, -4, -4, -4], 3), 1e-12);
    }

    [Fact]
    public void One_try_is_the_mean_and_many_come_near_the_best()
    {
        double[] scores = [.. Enumerable.Range(1, 100).Select(i => (double)i)];
        Assert.Equal(50.5, ExpectedBest.Of(scores, 1), 1e-9);
        Assert.InRange(ExpectedBest.Of(scores, 100), 99, 100);
        Assert.InRange(ExpectedBest.Of(scores, 100, higherIsBetter: false), 1, 2);
        // Nine of ten scores are the best: 1 − 0.1ⁿ.
        Assert.Equal(1 - 1e-10, ExpectedBest.Of([0, 1, 1, 1, 1, 1, 1, 1, 1, 1], 10), 1e-12);
    }

    [Fact]
    public void It_is_the_mean_over_all_draws_with_replacement()
    {
        double[] scores = [27.5, -3, 28.1, 27.5, 29.9];
        for (int tries = 1; tries <= scores.Length; tries++)
        {
            int draws = (int)Math.Pow(scores.Length, tries);
            double[][] drawn = [.. Enumerable.Range(0, draws).Select(draw =>
                Enumerable.Range(0, tries).Select(t => scores[draw / (int)Math.Pow(scores.Length, t) % scores.Length]).ToArray())];
            Assert.Equal(drawn.Average(d => d.Max()), ExpectedBest.Of(scores, tries), 1e-9);
            Assert.Equal(drawn.Average(d => d.Min()), ExpectedBest.Of(scores, tries, higherIsBetter: false), 1e-9);
        }
    }

    [Fact]
    public void A_curve_has_each_number_of_tries()
    {
        double[] scores = [27.5, 26, 28.1, 29.9], curve = ExpectedBest.Curve(scores), lowest = ExpectedBest.Curve(scores, false);
        Assert.Equal(Enumerable.Range(1, 4).Select(n => ExpectedBest.Of(scores, n)), curve);
        Assert.Equal(Enumerable.Range(1, 4).Select(n => ExpectedBest.Of(scores, n, higherIsBetter: false)), lowest);
        Assert.Equal(curve.Order(), curve);
        Assert.Equal(lowest.OrderDescending(), lowest);
    }

    [Theory]
    [InlineData(new double[0], 1, "no score of any try; expected at least one")]
    [InlineData(new[] { 1, double.NaN }, 1, "score 1 is NaN; expected a finite number")]
    [InlineData(new[] { double.NegativeInfinity }, 1, "score 0 is -Infinity; expected a finite number")]
    [InlineData(new[] { 1.0, 2 }, 0, "0 tries; expected 1 to 2, the number of the scores")]
    [InlineData(new[] { 1.0, 2 }, 3, "3 tries; expected 1 to 2, the number of the scores")]
    public void What_has_no_expected_best_is_refused(double[] scores, int tries, string message)
    {
        Assert.Equal(message, Assert.Throws<IntraDistillException>(() => ExpectedBest.Of(scores, tries)).Message);
        if (tries == 1)
            Assert.Equal(message, Assert.Throws<IntraDistillException>(() => ExpectedBest.Curve(scores)).Message);
    }
}

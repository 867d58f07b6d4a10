using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class ExpectedBestTests
{
    [Fact]
    public void Values_are_those_reckoned_by_hand()
    {
        // 3, 1, 2 of two tries: 1 · 1/9 + 2 · 3/9 + 3 · 5/9 = 22/9.
        Assert.Equal(22.0 / 9, Of([3, 1, 2], 2), 1e-12);
        Assert.Equal(7, Of([7], 1), 1e-12);
        Assert.Equal(-4, Of([-4, -4, -4, -4], 3), 1e-12);
    }

    [Fact]
    public void One_try_is_the_mean_and_many_come_near_the_best()
    {
        double[] scores = [.. Enumerable.Range(1, 100).Select(i => (double)i)];
        Assert.Equal(50.5, Of(scores, 1), 1e-9);
        Assert.InRange(Of(scores, 100), 99, 100);
        // Nine of ten scores are the best: 1 − 0.1ⁿ.
        Assert.Equal(1 - 1e-10, Of([0, 1, 1, 1, 1, 1, 1, 1, 1, 1], 10), 1e-12);
    }

    [Fact]
    public void It_is_the_mean_over_all_draws_with_replacement()
    {
        double[] scores = [27.5, -3, 28.1, 27.5, 29.9], curve = ExpectedBest.Curve(scores);
        Assert.Equal(scores.Length, curve.Length);
        Assert.Equal(curve.Order(), curve);
        for (int tries = 1; tries <= scores.Length; tries++)
        {
            int draws = (int)Math.Pow(scores.Length, tries);
            double[][] drawn = [.. Enumerable.Range(0, draws).Select(draw =>
                Enumerable.Range(0, tries).Select(t => scores[draw / (int)Math.Pow(scores.Length, t) % scores.Length]).ToArray())];
            Assert.Equal(drawn.Average(d => d.Max()), Of(scores, tries), 1e-9);
        }
    }

    [Theory]
    [InlineData(new double[0], "no score of any try; expected at least one")]
    [InlineData(new[] { 1, double.NaN }, "score 1 is NaN; expected a finite number")]
    [InlineData(new[] { double.NegativeInfinity }, "score 0 is -Infinity; expected a finite number")]
    public void What_has_no_expected_best_is_refused(double[] scores, string message) =>
        Assert.Equal(message, Assert.Throws<IntraDistillException>(() => ExpectedBest.Curve(scores)).Message);

    private static double Of(double[] scores, int tries) => ExpectedBest.Curve(scores)[tries - 1];
}

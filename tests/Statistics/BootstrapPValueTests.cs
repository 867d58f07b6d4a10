using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>The p-values of two systems, held against resamples drawn and counted here.</summary>
public class BootstrapPValueTests
{
    [Fact]
    public void P_is_below_a_twentieth_exactly_when_the_interval_excludes_0()
    {
        // Few segments with small whole scores: many resamples of a difference of just 0.
        Random random = new(3);
        int atTheEdge = 0, excluded = 0, held = 0;
        for (int trial = 0; trial < 3000; trial++)
        {
            int resamples = 40 + trial % 121, tail = resamples / 40;
            int[] differences = [.. Enumerable.Range(0, 4 + trial % 9).Select(_ => random.Next(-2, 4))];
            if (trial % 2 == 0)
                differences = [.. differences.Select(d => -d)];
            BootstrapSettings settings = new() { Resamples = resamples, Seed = trial };
            BootstrapComparison comparison = Compare(differences, settings);

            double[] drawn = Drawn(differences, settings);
            Assert.Equal(drawn.Order().ElementAt(tail), comparison.Difference.Low, 1e-12);
            Assert.Equal(drawn.Order().ElementAt(resamples - 1 - tail), comparison.Difference.High, 1e-12);
            bool excludes = comparison.Difference.Low > 0 || comparison.Difference.High < 0;
            Assert.True(excludes == comparison.PValue < 0.05, $"{resamples} resamples: {comparison}");
            Assert.InRange(comparison.PValue, 2.0 / (resamples + 1), 1);
            Assert.Equal(resamples, comparison.Resamples);

            int beyond = Math.Min(drawn.Count(d => d <= 0), drawn.Count(d => d >= 0));
            if (beyond == tail)
                atTheEdge++;
            else
                Assert.Equal(Math.Min(1, 2.0 * (beyond + 1) / (resamples + 1)), comparison.PValue, 1e-12);
            _ = excludes ? excluded++ : held++;
        }
        // The trials would show nothing if they never came near the edge.
        Assert.True(atTheEdge > 50 && excluded > 500 && held > 500, $"{atTheEdge} at the edge, {excluded} and {held}");
    }

    private static BootstrapComparison Compare(int[] differences, BootstrapSettings settings) => Bootstrap.Compare(
        SegmentStatistics.OfSums(new int[differences.Length], 1, sums => 0, "whole numbers"),
        SegmentStatistics.OfSums(differences, 1, sums => (double)sums[0] / differences.Length, "whole numbers"), settings);

    private static double[] Drawn(int[] differences, BootstrapSettings settings)
    {
        Random random = new(settings.Seed);
        return [.. Enumerable.Range(0, settings.Resamples).Select(_ =>
            (double)Enumerable.Range(0, differences.Length).Sum(_ => differences[random.Next(differences.Length)]) / differences.Length)];
    }
}

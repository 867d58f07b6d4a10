using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>Two systems by their average over several test sets.</summary>
public class BootstrapAverageTests
{
    [Fact]
    public void One_test_set_is_compared_as_ever()
    {
        SegmentStatistics a = Answers(0.5, seed: 1), b = Answers(0.6, seed: 2), c = Answers(0.6, seed: 3);
        BootstrapComparison expected = Bootstrap.Compare([a], [b, c]);
        Assert.Equal(expected, Bootstrap.CompareAverages([[a]], [[b, c]], aligned: false));
        Assert.Equal(expected, Bootstrap.CompareAverages([[a]], [[b, c]], aligned: true));
    }

    [Fact]
    public void Each_test_set_counts_the_same_and_each_run_in_its_own()
    {
        SegmentStatistics few = Answers(0.5, 20, seed: 1), many = Answers(0.5, 300, seed: 2), better = Answers(0.9, 20, seed: 3);
        BootstrapComparison comparison =
            Bootstrap.CompareAverages([[few, better, better], [many]], [[better], [many, many]], aligned: false);
        Assert.Equal(((few.Score + 2 * better.Score) / 3 + many.Score) / 2, comparison.Baseline.Score, 1e-12);
        Assert.Equal((better.Score + many.Score) / 2, comparison.System.Score, 1e-12);
        Assert.Equal(comparison.System.Score - comparison.Baseline.Score, comparison.Difference.Score, 1e-12);
    }

    [Fact]
    public void Draws_are_the_same_in_aligned_sets_and_each_ones_own_otherwise()
    {
        // By its own reckoning: the draws of a resample, one test set after the other.
        SegmentStatistics[] baseline = [Answers(0.5, 40, seed: 1), Answers(0.5, 40, seed: 2)];
        SegmentStatistics[] system = [Answers(0.7, 40, seed: 3), Answers(0.7, 40, seed: 4)];
        foreach (bool aligned in new[] { true, false })
        {
            Random random = new(9);
            double[] differences = new double[50];
            for (int r = 0; r < differences.Length; r++)
            {
                int[] first = Draw(), second = aligned ? first : Draw();
                differences[r] = (system[0].ScoreOf(first) + system[1].ScoreOf(second)) / 2
                    - (baseline[0].ScoreOf(first) + baseline[1].ScoreOf(second)) / 2;
            }
            BootstrapInterval interval = Bootstrap.CompareAverages([[baseline[0]], [baseline[1]]], [[system[0]], [system[1]]],
                aligned, new() { Resamples = 50, Seed = 9 }).Difference;
            Assert.Equal(differences.Average(), interval.Mean, 1e-9);
            Assert.Equal(differences.Order().ElementAt(1), interval.Low, 1e-9);
            Assert.Equal(differences.Order().ElementAt(48), interval.High, 1e-9);

            int[] Draw() => [.. Enumerable.Range(0, 40).Select(_ => random.Next(40))];
        }
    }

    [Fact]
    public void Sets_that_are_right_and_wrong_together_have_a_wider_interval_aligned()
    {
        // Nine languages in which the same questions are answered right: nine times the same evidence, or once.
        SegmentStatistics a = Answers(0.5, seed: 1), b = Answers(0.6, seed: 2);
        SegmentStatistics[][] baseline = [.. Enumerable.Repeat<SegmentStatistics[]>([a], 9)];
        SegmentStatistics[][] system = [.. Enumerable.Repeat<SegmentStatistics[]>([b], 9)];
        double one = Bootstrap.Compare(a, b).Difference.HalfWidth;
        Assert.Equal(one, Bootstrap.CompareAverages(baseline, system, aligned: true).Difference.HalfWidth, 1e-9);
        Assert.Equal(one / 3, Bootstrap.CompareAverages(baseline, system, aligned: false).Difference.HalfWidth, 0.15 * one / 3);
    }

    [Fact]
    public void Test_sets_of_any_size_may_be_averaged_but_not_aligned()
    {
        SegmentStatistics few = Answers(0.5, 20, seed: 1), many = Answers(0.5, 300, seed: 2);
        Assert.Equal(1, Bootstrap.CompareAverages([[few], [many]], [[few], [many]], aligned: false).PValue);
        Refused("test sets of 20, 300 segments are not the same segments in several languages",
            [[few], [many]], [[few], [many]], aligned: true);
    }

    [Fact]
    public void What_cannot_be_compared_is_named()
    {
        SegmentStatistics a = Answers(0.5, seed: 1), b = Answers(0.5, 100, seed: 2);
        SegmentStatistics bleu = Bleu.Statistics([.. Enumerable.Repeat("a b c d", 200)], [.. Enumerable.Repeat("a b c d", 200)]);
        Refused("no test set to resample; expected at least one", [], []);
        Refused("2 and 1 test sets; expected the same ones", [[a], [a]], [[a]]);
        Refused("1 and 2 test sets; expected the same ones", [[a]], [[a], [a]]);
        Refused("no run to resample; expected at least one for each system", [[a], [a]], [[a], []]);
        Refused("runs over 200 and 100 segments; expected one test set", [[a], [a]], [[a], [b]]);
        Refused($"runs scored with {a.Signature} and {bleu.Signature}; expected one metric", [[a], [a]], [[a], [bleu]]);
    }

    private static void Refused(
        string message, SegmentStatistics[][] baseline, SegmentStatistics[][] system, bool aligned = false) =>
        Assert.Equal(message, Assert.Throws<IntraDistillException>(
            () => Bootstrap.CompareAverages(baseline, system, aligned)).Message);

    // Questions of which about such a share is answered right.
    private static SegmentStatistics Answers(double right, int questions = 200, int seed = 0)
    {
        Random random = new(seed);
        return SquadScore.Statistics([.. Enumerable.Range(0, questions).Select(_ => random.NextDouble() < right ? "so" : "else")],
            [.. Enumerable.Range(0, questions).Select(i => new QuestionExample($"{i}", "?", "so", [new("so", 0)]))]);
    }
}

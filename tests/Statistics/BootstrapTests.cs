using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class BootstrapTests
{
    private static readonly string[] s_words = ["the", "cat", "sat", "on", "a", "mat", "and", "dog", "ran", "far"];

    // A corpus and a system that gets a share of its words wrong.
    private static (string[] References, string[] System) Corpus(double errors, int segments = 200, int seed = 1)
    {
        Random text = new(7), noise = new(seed);
        string[] references = [.. Enumerable.Range(0, segments).Select(_ =>
            string.Join(' ', text.GetItems(s_words, text.Next(4, 15))))];
        string[] system = [.. references.Select(line => string.Join(' ', line.Split(' ')
            .Select(word => noise.NextDouble() < errors ? "wrong" : word)))];
        return (references, system);
    }

    private static SegmentStatistics Statistics(double errors, int segments = 200, int seed = 1)
    {
        (string[] references, string[] system) = Corpus(errors, segments, seed);
        return Bleu.Statistics(system, references);
    }

    [Fact]
    public void Statistics_score_as_the_corpus_does()
    {
        (string[] references, string[] system) = Corpus(0.2);
        SegmentStatistics bleu = Bleu.Statistics(system, references), chrf = Chrf.Statistics(system, references);
        Assert.Equal(Bleu.Corpus(system, references).Score, bleu.Score, 1e-12);
        int[] drawn = [3, 3, 17, 0];
        string[] drawnSystem = [.. drawn.Select(i => system[i])], drawnReferences = [.. drawn.Select(i => references[i])];
        Assert.Equal(Bleu.Corpus(drawnSystem, drawnReferences).Score, bleu.ScoreOf(drawn), 1e-12);
        Assert.Equal(Chrf.Statistics(drawnSystem, drawnReferences).Score, chrf.ScoreOf(drawn), 1e-12);
    }

    [Fact]
    public void The_interval_holds_the_score_and_narrows_with_more_segments()
    {
        BootstrapInterval few = Bootstrap.Interval(Statistics(0.2, 50)), many = Bootstrap.Interval(Statistics(0.2, 1000));
        Assert.InRange(few.Score, few.Low, few.High);
        Assert.InRange(many.Score, many.Low, many.High);
        Assert.True(many.HalfWidth < few.HalfWidth / 2, $"{many} against {few}");
    }

    [Fact]
    public void The_interval_is_as_wide_as_the_theory_says()
    {
        // 400 segments, each all right or all wrong: their chrF is the share of right ones, whose standard error is
        // sqrt(p (1 − p) / n).
        string[] references = [.. Enumerable.Repeat("abcdef", 400)];
        string[] system = [.. Enumerable.Range(0, 400).Select(i => i % 4 == 0 ? "uvwxyz" : "abcdef")];
        BootstrapInterval interval = Bootstrap.Interval(Chrf.Statistics(system, references), new() { Resamples = 4000 });
        double standardError = 100 * Math.Sqrt(0.75 * 0.25 / 400);
        Assert.Equal(75, interval.Score, 1e-9);
        Assert.Equal(1.96 * standardError, interval.HalfWidth, 0.08 * 1.96 * standardError);
    }

    [Fact]
    public void A_better_system_is_significant_and_a_rerun_of_the_same_is_not()
    {
        SegmentStatistics baseline = Statistics(0.30), better = Statistics(0.15), similar = Statistics(0.30, seed: 2);
        BootstrapComparison clear = Bootstrap.Compare(baseline, better);
        Assert.True(clear.PValue < 0.01, clear.ToString());
        Assert.True(clear.Difference.Low > 0, clear.ToString());
        Assert.Equal(better.Score - baseline.Score, clear.Difference.Score, 1e-12);
        Assert.True(Bootstrap.Compare(baseline, similar).PValue > 0.05);
    }

    [Fact]
    public void A_system_against_itself_has_no_difference_and_p_of_one()
    {
        SegmentStatistics system = Statistics(0.2);
        BootstrapComparison itself = Bootstrap.Compare(system, system);
        Assert.Equal((0.0, 0.0, 0.0), (itself.Difference.Score, itself.Difference.Low, itself.Difference.High));
        Assert.Equal(1.0, itself.PValue);
    }

    [Fact]
    public void The_same_runs_in_another_order_have_no_difference()
    {
        // Their means differ in the last bits, most of them to one side.
        SegmentStatistics[] runs = [.. new[] { 0.2, 0.23, 0.31, 0.37, 0.4 }.Select((errors, i) => Statistics(errors, seed: i))];
        BootstrapComparison itself = Bootstrap.Compare(runs, [.. runs.Reverse()]);
        Assert.Equal((0.0, 0.0, 0.0), (itself.Difference.Score, itself.Difference.Low, itself.Difference.High));
        Assert.Equal(1.0, itself.PValue);
    }

    [Fact]
    public void A_seed_makes_the_draws_reproducible()
    {
        SegmentStatistics system = Statistics(0.2);
        Assert.Equal(Bootstrap.Interval(system), Bootstrap.Interval(system));
        Assert.NotEqual(Bootstrap.Interval(system), Bootstrap.Interval(system, new() { Seed = 1 }));
    }

    [Fact]
    public void Several_runs_are_scored_on_the_same_segments_and_averaged()
    {
        SegmentStatistics a = Statistics(0.2, seed: 1), b = Statistics(0.2, seed: 2);
        Assert.Equal((a.Score + b.Score) / 2, Bootstrap.Interval([a, b]).Score, 1e-12);
        Assert.Equal(Bootstrap.Interval(a), Bootstrap.Interval([a, a]));
        Assert.True(Bootstrap.Compare([a, b], [Statistics(0.1)]).PValue < 0.01);
    }

    [Fact]
    public void What_cannot_be_compared_is_an_error()
    {
        (string[] references, string[] system) = Corpus(0.2);
        SegmentStatistics bleu = Bleu.Statistics(system, references);
        Assert.Throws<IntraDistillException>(() => Bootstrap.Compare(bleu, Chrf.Statistics(system, references)));
        Assert.Throws<IntraDistillException>(() => Bootstrap.Compare(bleu, Statistics(0.2, 100)));
        Assert.Equal("Resamples is 39; expected at least 40",
            Assert.Throws<IntraDistillException>(() => Bootstrap.Interval(bleu, new() { Resamples = 39 })).Message);
        Assert.Throws<IntraDistillException>(() => Bootstrap.Interval(Array.Empty<SegmentStatistics>()));
    }

    [Fact]
    public void A_summary_has_the_sample_standard_deviation()
    {
        SampleSummary summary = SampleSummary.Of([1, 2, 4]);
        Assert.Equal(7.0 / 3, summary.Mean, 1e-12);
        Assert.Equal(Math.Sqrt(7.0 / 3), summary.StandardDeviation, 1e-12);
        Assert.Equal("2.33 ± 1.53 (n = 3)", summary.ToString());
        Assert.Equal("5.0", SampleSummary.Of([5]).Format(1));
        Assert.Throws<IntraDistillException>(() => SampleSummary.Of([]));
    }
}

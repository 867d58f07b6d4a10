using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class GlueScoreTests
{
    [Fact]
    public void A_task_is_scored_by_its_own_metrics_in_percent()
    {
        // tp 1, fp 1, fn 0, tn 2
        GlueScore score = GlueScore.Of(GlueTask.Mrpc, [1, 1, 0, 0], Texts(1, 0, 0, 0));
        Assert.Equal(100 * 2.0 / 3, score.Headline, 1e-12);
        Assert.Equal(75, score.Values[1]);
        Assert.Equal("MRPC: F1 66.67, Accuracy 75.00", score.ToString());
        Assert.Equal("MNLI: Accuracy 66.67", GlueScore.Of(GlueTask.Mnli, [2, 1, 0], Texts(2, 1, 1)).ToString());
    }

    [Fact]
    public void Every_task_gives_100_for_its_own_labels()
    {
        foreach (GlueTask task in GlueTask.All)
        {
            double[] labels = task.Kind == GlueKind.Similarity ? [0, 2.5, 5, 5] : [0, 1, 1, task.Labels.Count - 1];
            GlueScore score = GlueScore.Of(task, labels, Texts([.. labels]));
            Assert.All(score.Values, value => Assert.Equal(100, value, 1e-12));
            Assert.Equal(task.Metrics.Count, score.Values.Count);
        }
    }

    [Fact]
    public void The_papers_headlines_are_first()
    {
        Assert.Equal(
            [GlueMetric.Matthews, GlueMetric.Accuracy, GlueMetric.F1, GlueMetric.Pearson, GlueMetric.F1, GlueMetric.Accuracy,
                GlueMetric.Accuracy, GlueMetric.Accuracy],
            GlueTask.All.Select(task => task.Metrics[0]));
    }

    [Fact]
    public void What_cannot_be_scored_is_refused()
    {
        AssertRefused("RTE: text 1 has no label", () => GlueScore.Of(GlueTask.Rte, [0, 1], Texts(0, null)));
        AssertRefused("1 predictions and 2 labels", () => GlueScore.Of(GlueTask.Rte, [0], Texts(0, 1)));
        AssertRefused("RTE: prediction 1 is 2; expected a class, 0 to 1", () => GlueScore.Of(GlueTask.Rte, [0, 2], Texts(0, 1)));
        AssertRefused("RTE: prediction 0 is -1", () => GlueScore.Of(GlueTask.Rte, [-1, 0], Texts(0, 1)));
        AssertRefused("RTE: prediction 0 is 0.5", () => GlueScore.Of(GlueTask.Rte, [0.5, 0], Texts(0, 1)));
        AssertRefused("RTE: Pearson does not score a task of kind SentencePair",
            () => GlueScore.Of(GlueTask.Rte with { Metrics = [GlueMetric.Pearson] }, [0, 1], Texts(0, 1)));
        AssertRefused("STS-B: F1 does not score a task of kind Similarity",
            () => GlueScore.Of(GlueTask.StsB with { Metrics = [GlueMetric.F1] }, [0, 1], Texts(0, 1)));
    }

    [Fact]
    public void Statistics_score_as_the_task_does_on_all_texts_and_on_drawn_ones()
    {
        int[] drawn = [5, 5, 2, 0, 7, 5, 3];
        Assert.All(GlueTask.All, task =>
        {
            (double[] predictions, LabelledText[] texts) = Example(task, 8, seed: 3);
            SegmentStatistics statistics = GlueScore.Statistics(task, predictions, texts);
            Assert.Equal(8, statistics.Count);
            Assert.Equal(GlueScore.Of(task, predictions, texts).Headline, statistics.Score);
            double[] drawnPredictions = [.. drawn.Select(i => predictions[i])];
            LabelledText[] drawnTexts = [.. drawn.Select(i => texts[i])];
            Assert.Equal(GlueScore.Of(task, drawnPredictions, drawnTexts).Headline, statistics.ScoreOf(drawn));
        });
    }

    [Fact]
    public void Statistics_keep_what_they_were_made_from()
    {
        double[] predictions = [1, 1, 0, 0];
        SegmentStatistics statistics = GlueScore.Statistics(GlueTask.Rte, predictions, Texts(1, 0, 0, 0));
        predictions[0] = 0;
        Assert.Equal(75, statistics.ScoreOf([0, 1, 2, 3]));
    }

    [Fact]
    public void Resamples_of_any_few_texts_have_scores()
    {
        Gen<(GlueTask, int, int)> cases = from task in Gen.Elements(GlueTask.All.AsEnumerable())
            from count in Gen.Choose(2, 5) from seed in Gen.Choose(0, 1_000_000) select (task, count, seed);
        Prop.ForAll(cases.ToArbitrary(), given =>
        {
            (GlueTask task, int count, int seed) = given;
            // Of two to five texts, resamples with one class, or with one score for all, are many.
            (double[] predictions, LabelledText[] texts) = Example(task, count, seed);
            SegmentStatistics statistics = GlueScore.Statistics(task, predictions, texts);
            BootstrapInterval interval = Bootstrap.Interval(statistics, new() { Resamples = 50 });
            Assert.InRange(interval.Low, -100, interval.High);
            Assert.InRange(interval.High, interval.Low, 100);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Intervals_are_as_wide_as_the_theory_says()
    {
        // Accuracy is a share: sqrt(p (1 − p) / n). Pearson's r of a normal sample: (1 − r²) / sqrt(n − 1).
        const int count = 400;
        BootstrapSettings settings = new() { Resamples = 2000 };
        LabelledText[] texts = Texts([.. Enumerable.Repeat<double?>(1, count)]);
        double[] classes = [.. Enumerable.Range(0, count).Select(i => i % 5 == 0 ? 0.0 : 1)];
        BootstrapInterval accuracy = Bootstrap.Interval(GlueScore.Statistics(GlueTask.Rte, classes, texts), settings);
        Assert.Equal(80, accuracy.Score, 1e-9);
        Assert.Equal(1.96 * 100 * Math.Sqrt(0.8 * 0.2 / count), accuracy.HalfWidth, 0.4);

        Random random = new(11);
        double[] gold = [.. Normal(random, count)], noise = [.. Normal(random, count)];
        double[] scores = [.. gold.Zip(noise, (g, n) => g + n)];
        BootstrapInterval pearson = Bootstrap.Interval(
            GlueScore.Statistics(GlueTask.StsB, scores, Texts([.. gold.Select(g => (double?)g)])), settings);
        double r = pearson.Score / 100;
        Assert.Equal(1.96 * 100 * (1 - r * r) / Math.Sqrt(count - 1), pearson.HalfWidth, 0.8);
    }

    [Fact]
    public void Systems_of_several_seeds_are_compared_on_one_test_set()
    {
        Assert.All([GlueTask.CoLA, GlueTask.Mrpc, GlueTask.Mnli, GlueTask.StsB], task =>
        {
            SegmentStatistics[] weak = [.. Enumerable.Range(0, 3).Select(seed => Run(task, 0.4, seed))];
            SegmentStatistics[] strong = [.. Enumerable.Range(0, 3).Select(seed => Run(task, 0.2, seed))];
            BootstrapComparison clear = Bootstrap.Compare(weak, strong), same = Bootstrap.Compare(weak, weak);
            Assert.True(clear.PValue < 0.01, $"{task}: {clear}");
            Assert.True(clear.Difference.Low > 0, $"{task}: {clear}");
            Assert.Equal(strong.Average(run => run.Score) - weak.Average(run => run.Score), clear.Difference.Score, 1e-9);
            Assert.Equal(1, same.PValue);
        });

        static SegmentStatistics Run(GlueTask task, double errors, int seed)
        {
            // The texts are the same for every run; the errors are the run's own.
            (_, LabelledText[] texts) = Example(task, 300, seed: 7);
            Random random = new(seed);
            int classes = Math.Max(2, task.Labels.Count);
            return GlueScore.Statistics(task, [.. texts.Select(text => random.NextDouble() >= errors ? text.Label!.Value
                : task.Kind == GlueKind.Similarity ? 5 * random.NextDouble()
                : (text.Label!.Value + random.Next(1, classes)) % classes)], texts);
        }
    }

    [Fact]
    public void Statistics_of_another_task_or_of_unlabelled_texts_are_refused()
    {
        SegmentStatistics Of(GlueTask task) => GlueScore.Statistics(task, [0, 1], Texts(0, 1));
        AssertRefused("task:MRPC|metric:F1", () => Bootstrap.Compare(Of(GlueTask.Mrpc), Of(GlueTask.Qqp)));
        AssertRefused("metric:Accuracy", () => Bootstrap.Compare(Of(GlueTask.Mrpc),
            Of(GlueTask.Mrpc with { Metrics = [GlueMetric.Accuracy] })));
        AssertRefused("RTE: text 1 has no label", () => GlueScore.Statistics(GlueTask.Rte, [0, 1], Texts(0, null)));
        AssertRefused("no prediction to score", () => GlueScore.Statistics(GlueTask.Rte, [], []));
    }

    // Labels and predictions drawn from few values.
    private static (double[] Predictions, LabelledText[] Texts) Example(GlueTask task, int count, int seed)
    {
        Random random = new(seed);
        double Draw() => task.Kind == GlueKind.Similarity ? random.Next(11) / 2.0 : random.Next(task.Labels.Count);
        double[] predictions = [.. Enumerable.Range(0, count).Select(_ => Draw())];
        return (predictions, Texts([.. Enumerable.Range(0, count).Select(_ => (double?)Draw())]));
    }

    private static IEnumerable<double> Normal(Random random, int count) => Enumerable.Range(0, count).Select(_ =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    private static LabelledText[] Texts(params double?[] labels) =>
        [.. labels.Select((label, i) => new LabelledText("a", "b", label, i.ToString()))];

    private static void AssertRefused(string message, Action score) =>
        Assert.Contains(message, Assert.Throws<IntraDistillException>(score).Message);
}

using IntraDistill.Data;
using IntraDistill.Metrics;

namespace IntraDistill.Tests.MetricsTests;

public class GlueScoreTests
{
    [Fact]
    public void A_task_is_scored_by_its_own_metrics_in_percent()
    {
        // tp 1, fp 1, fn 0, tn 2
        GlueScore score = GlueScore.Of(GlueTask.Mrpc, [1, 1, 0, 0], Texts(1, 0, 0, 0));
        Assert.Equal(100 * 2.0 / 3, score.Headline, 1e-12);
        Assert.Equal(75, score.Values[1]);
        Assert.Equal((100 * 2.0 / 3 + 75) / 2, score.Mean, 1e-12);
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

    private static LabelledText[] Texts(params double?[] labels) =>
        [.. labels.Select((label, i) => new LabelledText("a", "b", label, i.ToString()))];

    private static void AssertRefused(string message, Action score) =>
        Assert.Contains(message, Assert.Throws<IntraDistillException>(score).Message);
}

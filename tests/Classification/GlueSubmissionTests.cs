using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class GlueSubmissionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("submission-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_test_set_of_every_task_has_its_file()
    {
        foreach (GlueTask task in GlueTask.All)
            for (int set = 0; set < task.Test.Count; set++)
                GlueSubmission.Write(_folder, task, new double[task.Test[set].Rows!.Value], mismatched: set == 1);
        Assert.Equal(
            ["CoLA.tsv", "MNLI-m.tsv", "MNLI-mm.tsv", "MRPC.tsv", "QNLI.tsv", "QQP.tsv", "RTE.tsv", "SST-2.tsv", "STS-B.tsv"],
            Directory.EnumerateFiles(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        string[] lines = File.ReadAllLines(Path.Combine(_folder, "MNLI-mm.tsv"));
        Assert.Equal(("index\tprediction", 9_848, "9846\tentailment"), (lines[0], lines.Length, lines[^1]));
    }

    [Fact]
    public void Classes_go_by_their_names_and_scores_stay_in_the_scale()
    {
        Assert.Equal("index\tprediction\n0\t1\n1\t0\n", Written(GlueTask.CoLA, 1, 0));
        Assert.Equal("index\tprediction\n0\tcontradiction\n1\tneutral\n2\tentailment\n", Written(GlueTask.Mnli, 2, 1, 0));
        Assert.Equal("index\tprediction\n0\tnot_entailment\n", Written(GlueTask.Qnli, 1));
        Assert.Equal("index\tprediction\n0\tentailment\n", Written(GlueTask.Rte, 0));
        Assert.Equal("index\tprediction\n0\t0.000\n1\t5.000\n2\t2.346\n", Written(GlueTask.StsB, -0.7, 5.2, 2.3456));
    }

    [Fact]
    public void What_does_not_fit_the_test_set_is_refused_and_leaves_what_was_there()
    {
        string path = GlueSubmission.Write(_folder, Small(GlueTask.Rte, 1), [1]);
        AssertRefused("RTE: 2 predictions for test, which has 3000 texts",
            () => GlueSubmission.Write(_folder, GlueTask.Rte, [0, 1]));
        AssertRefused("RTE: prediction 1 is 2; expected a class, 0 to 1",
            () => GlueSubmission.Write(_folder, Small(GlueTask.Rte, 2), [0, 2]));
        AssertRefused("prediction 0 is 0.5", () => GlueSubmission.Write(_folder, Small(GlueTask.Rte, 1), [0.5]));
        AssertRefused("prediction 0 is NaN", () => GlueSubmission.Write(_folder, Small(GlueTask.Rte, 1), [double.NaN]));
        AssertRefused("STS-B: prediction 0 is NaN; expected a score",
            () => GlueSubmission.Write(_folder, Small(GlueTask.StsB, 1), [double.NaN]));
        AssertRefused("RTE has one test set", () => GlueSubmission.Write(_folder, GlueTask.Rte, [0], mismatched: true));
        Assert.Equal([path], Directory.EnumerateFiles(_folder));
        Assert.Equal("index\tprediction\n0\tnot_entailment\n", File.ReadAllText(path));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_one_line()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        AssertRefused("cannot be written",
            () => GlueSubmission.Write(Path.Combine(_folder, "file", "below"), Small(GlueTask.Rte, 1), [1]));
    }

    private static GlueTask Small(GlueTask task, int rows) =>
        task with { Test = [.. task.Test.Select(part => part with { Rows = rows })] };

    private string Written(GlueTask task, params double[] predictions) =>
        File.ReadAllText(GlueSubmission.Write(_folder, Small(task, predictions.Length), predictions));

    private static void AssertRefused(string message, Action write)
    {
        string text = Assert.Throws<IntraDistillException>(write).Message;
        Assert.Contains(message, text);
        Assert.DoesNotContain('\n', text);
    }
}

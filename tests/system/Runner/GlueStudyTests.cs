using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IntraDistill.Tasks;

namespace IntraDistill.Tests.RunnerTests;

/// <summary>
/// Notebook 03 on GLUE's real files with a checkpoint of others, as a study that is interrupted and taken up again.
/// </summary>
public sealed class GlueStudyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("study-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_killed_study_goes_on_where_it_stopped_and_ends_with_files_for_the_server()
    {
        string[] arguments =
        [
            "notebooks/03-glue.ipynb", "--quiet", "-p", "preset=Smoke", "-p", "tasks=CoLA, sts-b", "-p", "seeds=1", "-p", "epochs=20",
            "-p", "study=small", "-p", $"dataFolder={ReferenceData.Path("data")}",
            "-p", $"checkpoint={ReferenceData.Path("data/checkpoints/tiny_bert_coldfire")}", "--output", "out.ipynb",
        ];
        PrepareNotebook();
        RunStore store = new(At("runs/small"));
        using (Process first = RunnerProcess.Start(_folder, arguments))
        {
            // Arms are made in the order of the table; the control is the third.
            while (!first.HasExited && !store.All().Any(run => Arm(run).StartsWith("Control") && TrainingLog.Validations(run).Count > 4))
                await Task.Delay(20, TestContext.Current.CancellationToken);
            first.Kill(entireProcessTree: true);
            await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        StoredRun[] before = [.. store.All()];
        Assert.Equal([RunStatus.Done, RunStatus.Done, RunStatus.Unfinished], before.Select(run => run.Status).Order());
        DateTime done = Written(before.First(run => run.Status == RunStatus.Done));

        string output = await Run(arguments);
        Assert.Equal(8, store.All().Count);
        Assert.All(store.All(), run => Assert.Equal(RunStatus.Done, run.Status));
        Assert.Equal(done, Written(store.All().First(run => run.Name == before.First(b => b.Status == RunStatus.Done).Name)));
        StoredRun control = store.All().Single(run => Arm(run).StartsWith("Control") && run.Config["task"].Text == "CoLA");
        Assert.Contains("1 gone on with", output, StringComparison.Ordinal);      // from its checkpoint, not from the beginning
        Assert.Equal(Enumerable.Range(1, 10).Select(i => 20L * i), TrainingLog.Validations(control).Select(point => point.Update));
        foreach (StoredRun run in store.All())
        {
            string task = run.Config["task"].Text;
            foreach (WeightRule rule in Enum.GetValues<WeightRule>())
                Assert.Equal(60, Study.Read(run, "end", rule).Hypotheses.Count);
            // For the server: what the weights of the rule that counts say.
            Assert.True(run.Result!.TryGet("end.Metric.score", out _));
            Assert.Equal(1 + (task == "CoLA" ? 1_063 : 1_379),
                File.ReadAllLines(Path.Combine(run.Folder, "submission", $"{task}.tsv")).Length);
        }
        Assert.Contains("8 runs", output, StringComparison.Ordinal);
        Assert.Contains("STS-B: score on dev", output, StringComparison.Ordinal);
        // No run of preset Paper: nothing stands beside the paper.
        Assert.All(PaperRows().Values, row => Assert.Equal("–", row[^1]));

        static string Arm(StoredRun run) => run.Config["arm"].Text;
        static DateTime Written(StoredRun run) => File.GetLastWriteTimeUtc(Path.Combine(run.Folder, "result.json"));
    }

    [Fact]
    public async Task Of_MNLI_both_development_sets_are_scored_and_both_test_sets_answered()
    {
        // Made up, in the published columns and with as many test texts as the server wants.
        const string Pair = "index\tpromptID\tpairID\tgenre\ts1b\ts2b\ts1p\ts2p\tsentence1\tsentence2";
        string[] labels = ["entailment", "neutral", "contradiction"];
        Directory.CreateDirectory(At("data/glue/MNLI"));
        Write("train", $"{Pair}\tlabel1\tgold_label", 40, i => $"\tneutral\t{labels[i % 3]}");
        Write("dev_matched", $"{Pair}\tlabel1\tgold_label", 8, i => $"\tneutral\t{labels[i % 3]}");
        Write("dev_mismatched", $"{Pair}\tlabel1\tgold_label", 5, i => $"\tneutral\t{labels[0]}");
        Write("test_matched", Pair, 9_796, _ => "");
        Write("test_mismatched", Pair, 9_847, _ => "");
        PrepareNotebook();
        await Run(
        [
            "notebooks/03-glue.ipynb", "--quiet", "-p", "preset=Smoke", "-p", "tasks=MNLI", "-p", "seeds=1", "-p", "study=mnli",
            "-p", $"dataFolder={At("data")}", "-p", $"checkpoint={ReferenceData.Path("data/checkpoints/tiny_bert_coldfire")}",
            "--output", "out.ipynb",
        ]);
        IReadOnlyList<StoredRun> runs = new RunStore(At("runs/mnli")).All();
        Assert.Equal(4, runs.Count);
        foreach (StoredRun run in runs)
        {
            // Of 5 texts.
            ScoredWeights scored = Study.Read(run, "end", WeightRule.Metric);
            Assert.Contains(scored.Scores["score_mismatched"].Number, new double[] { 0, 20, 40, 60, 80, 100 });
            Assert.Equal(8 + 5, scored.Hypotheses.Count);
            Assert.Equal(9_797, File.ReadAllLines(Path.Combine(run.Folder, "submission", "MNLI-m.tsv")).Length);
            Assert.Equal(9_848, File.ReadAllLines(Path.Combine(run.Folder, "submission", "MNLI-mm.tsv")).Length);
        }

        void Write(string part, string header, int rows, Func<int, string> more) => File.WriteAllLines(
            At($"data/glue/MNLI/{part}.tsv"),
            Enumerable.Range(0, rows).Select(i => $"{i}\t{i}\t{i}\tfiction\tx\tx\tx\tx\tIt is {i}.\tIs it?{more(i)}").Prepend(header));
    }

    [Fact]
    public async Task Beside_the_paper_runs_are_averaged_that_differ_in_nothing_but_the_seed()
    {
        // Made up, without a test set: nothing goes to the server.
        Directory.CreateDirectory(At("data/glue/CoLA"));
        foreach ((string part, int rows) in new[] { ("train", 48), ("dev", 12) })
            File.WriteAllLines(At($"data/glue/CoLA/{part}.tsv"),
                Enumerable.Range(0, rows).Select(i => $"x\t{i % 2}\t\t{(i % 2 == 0 ? "He go" : "She goes")} {i}."));
        string[] arguments =
        [
            "notebooks/03-glue.ipynb", "--quiet", "-p", "preset=Paper", "-p", "tasks=CoLA", "-p", "epochs=2", "-p", "study=pool",
            "-p", "device=cpu", "-p", $"dataFolder={At("data")}",
            "-p", $"checkpoint={ReferenceData.Path("data/checkpoints/tiny_bert_coldfire")}", "--output", "out.ipynb",
        ];
        PrepareNotebook();
        // Baseline and control are the same runs at every α; of the third seed they are there, but at another α.
        await Run([.. arguments, "-p", "seeds=3", "-p", "alpha=5"]);
        Assert.Equal("1, 2, 3", PaperRows()["CoLA (Matthews)"][^1]);
        string output = await Run([.. arguments, "-p", "seeds=2"]);
        StoredRun[] runs = [.. new RunStore(At("runs/pool")).All()];
        Assert.Equal(3 * 4 + 2, runs.Length);
        Assert.Contains("8 runs (6 found, done, 2 trained now)", output, StringComparison.Ordinal);

        string[] row = PaperRows()["CoLA (Matthews)"];
        Assert.Equal("1, 2", row[^1]);
        string[] arms = ["Baseline", "Control (α = 0)", "Intra-distillation"];
        for (int arm = 0; arm < arms.Length; arm++)
        {
            var scores = runs.Where(run => run.Config["arm"].Text == arms[arm] && run.Config.Seed < 3
                    && (arm < 2 || run.Config["objective.Alpha"].Number == 0.5))
                .Select(run => Study.Read(run, "end", WeightRule.Metric).Scores["score"].Number).ToArray();
            Assert.Equal(2, scores.Length);
            Assert.Equal(SampleSummary.Of(scores).Format(), row[3 + arm]);
        }
        Assert.Equal("–", PaperRows()["QQP (F1)"][^1]);
    }

    [Fact]
    public async Task A_grid_over_seeds_shares_one_pretraining()
    {
        PrepareNotebook();
        await RunnerProcess.RunWell(_folder,
        [
            "notebooks/03-glue.ipynb", "--quiet", "-p", "preset=Smoke", "-p", "tasks=SDK-Severity", "-p", "pretraining=5",
            "-p", "examples=32", "-p", "seed=1,2", "-p", "seeds=1", "-p", "study=grid", "--output", "grid",
        ]);
        IReadOnlyList<StoredRun> runs = new RunStore(At("runs/grid")).All();
        Assert.Single(runs, run => run.Config["task"].Text == "pretraining");
        Assert.Equal(8, runs.Count(run => run.Config["task"].Text == "SDK-Severity"));
        Assert.Equal([1, 2], runs.Where(run => run.Config["task"].Text == "SDK-Severity").Select(run => run.Config.Seed).Distinct().Order());
    }

    [Fact]
    public async Task A_task_that_is_not_there_is_said_with_the_command_that_gets_it()
    {
        PrepareNotebook();
        (int code, _, string errors) = await RunnerProcess.Run(_folder,
            ["notebooks/03-glue.ipynb", "--quiet", "-p", "preset=Smoke", "-p", "tasks=RTE", "-p", "checkpoint=nowhere"]);
        Assert.Equal(1, code);
        Assert.Contains("RTE: there is no such folder; get it by 'dotnet run --file data-scripts/glue.cs -- --tasks RTE'", errors);

        (code, _, errors) = await RunnerProcess.Run(_folder,
            ["notebooks/03-glue.ipynb", "--quiet", "-p", "preset=Smoke", "-p", "tasks=Colla"]);
        Assert.Equal(1, code);
        Assert.Contains("'Colla' is no task; expected one of CoLA,", errors);
    }

    private void PrepareNotebook()
    {
        Directory.CreateDirectory(At("notebooks"));
        File.Copy(Path.Combine(Repository.Root, "notebooks", "03-glue.ipynb"), At("notebooks/03-glue.ipynb"));
        Directory.CreateSymbolicLink(At("bin"), Path.Combine(Repository.Root, "bin"));
    }

    private async Task<string> Run(string[] arguments)
    {
        await RunnerProcess.RunWell(_folder, arguments);
        JsonNode notebook = JsonNode.Parse(File.ReadAllText(At("out.ipynb")))!;
        return string.Concat(notebook["cells"]!.AsArray().Select(cell => cell!["outputs"]?.ToJsonString()));
    }

    // The cells of the table beside the paper, by the first of each row.
    private Dictionary<string, string[]> PaperRows()
    {
        string text = string.Concat(JsonNode.Parse(File.ReadAllText(At("out.ipynb")))!["cells"]!.AsArray()
            .SelectMany(cell => cell!["outputs"]?.AsArray() ?? [])
            .Select(output => output!["data"]?["text/html"])
            .Select(html => html is JsonArray lines ? string.Concat(lines.Select(line => line!.GetValue<string>())) : $"{html}")
            .Where(html => html.Contains("GLUE with ", StringComparison.Ordinal)));
        Assert.NotEmpty(text);
        return Regex.Matches(text, "<tr[^>]*>(.*?)</tr>", RegexOptions.Singleline)
            .Select(row => Regex.Matches(row.Groups[1].Value, "<td[^>]*>(.*?)</td>", RegexOptions.Singleline)
                .Select(cell => WebUtility.HtmlDecode(Regex.Replace(cell.Groups[1].Value, "<[^>]+>", ""))).ToArray())
            .Where(cells => cells.Length > 2).ToDictionary(cells => cells[0]);
    }

    private string At(string name) => Path.Combine(_folder, name);
}

using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IntraDistill.Tasks;

namespace IntraDistill.Tests.RunnerTests;

/// <summary>
/// Notebook 04 on real files, WikiANN in six languages and TyDiQA-GoldP in nine, with a checkpoint of others.
/// </summary>
public sealed class ZeroShotStudyTests : IDisposable
{
    private static readonly string[] s_wikiann = ["de", "en", "es", "nl", "pl", "ru"];

    private readonly string _folder = Directory.CreateTempSubdirectory("study-").FullName;

    public ZeroShotStudyTests()
    {
        Directory.CreateDirectory(At("notebooks"));
        File.Copy(Path.Combine(Repository.Root, "notebooks", "04-zero-shot.ipynb"), At("notebooks/04-zero-shot.ipynb"));
        Directory.CreateSymbolicLink(At("bin"), Path.Combine(Repository.Root, "bin"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_language_of_both_benchmarks_is_tested_and_a_finished_study_trains_nothing_again()
    {
        RealFolders.Panx(At("data/panx"));
        RealFolders.Tydiqa(At("data/tydiqa/goldp"));
        string[] arguments =
        [
            "notebooks/04-zero-shot.ipynb", "--quiet", "-p", "preset=Smoke", "-p", "tasks=PAN-X, tydiqa", "-p", "seeds=1",
            "-p", "study=small", "-p", $"checkpoint={ReferenceData.Path("data/checkpoints/tiny_bert_coldfire")}",
            "--output", "out.ipynb",
        ];
        string output = await Run(arguments);

        StoredRun[] runs = [.. new RunStore(At("runs/small")).All()];
        Assert.Equal(8, runs.Length);
        foreach (StoredRun run in runs)
        {
            Assert.Equal(RunStatus.Done, run.Status);
            bool tagging = run.Config["task"].Text == "PAN-X";
            IReadOnlyList<string> languages = tagging ? s_wikiann : TydiqaCorpus.Languages;
            // Without a dev set to choose by, what is tested is what training ended with, and nothing else is there.
            foreach (WeightRule rule in tagging ? Enum.GetValues<WeightRule>() : [WeightRule.Last])
            {
                ScoredWeights scored = Study.Read(run, "end", rule);
                Assert.Equal(12 * languages.Count, scored.Hypotheses.Count);
                Assert.All(languages, language => Assert.InRange(scored.Scores[$"score {language}"].Number, 0, 100));
                if (tagging)
                    Assert.All(scored.Hypotheses, line => Assert.All(line.Split(' '), tag => Assert.Contains(tag, PanxCorpus.Tags)));
                else
                    Assert.All(languages, language => Assert.InRange(
                        scored.Scores[$"exact {language}"].Number, 0, scored.Scores[$"score {language}"].Number));
            }
            if (!tagging)
                Assert.Equal($"{run.Result!["updates"].Number}", Study.Read(run, "end", WeightRule.Last).Weights);
            Assert.Equal(tagging, run.Result!.TryGet("end.Metric.weights", out _));
            string arm = run.Config["arm"].Text;
            Assert.Equal(arm.StartsWith("Baseline") || arm.StartsWith("Equal") ? 1 : 3, run.Config["objective.Passes"].Number);
        }
        Assert.Equal(
            3 * runs.Single(run => Is(run, "PAN-X", "Baseline")).Result!["updates"].Number,
            runs.Single(run => Is(run, "PAN-X", "Equal-work baseline")).Result!["updates"].Number);
        Assert.Contains("PAN-X: test score by language", output, StringComparison.Ordinal);
        Assert.Contains("TyDiQA: gain of intra-distillation", output, StringComparison.Ordinal);
        Assert.Contains("85.40", output, StringComparison.Ordinal);
        // No run of preset Paper: nothing stands beside the paper.
        Assert.Contains("not measured", output, StringComparison.Ordinal);
        Assert.All(PaperRows("PAN-X: F1 with").Concat(PaperRows("TyDiQA-GoldP: F1 with")), row => Assert.Equal("–", row.Value[5]));

        DateTime[] written = [.. runs.Select(Written)];
        await Run(arguments);
        Assert.Equal(written, new RunStore(At("runs/small")).All().Select(Written));

        static bool Is(StoredRun run, string task, string arm) => run.Config["task"].Text == task && run.Config["arm"].Text == arm;
        static DateTime Written(StoredRun run) => File.GetLastWriteTimeUtc(Path.Combine(run.Folder, "result.json"));
    }

    [Fact]
    public async Task Beside_the_paper_runs_are_averaged_that_differ_in_nothing_but_the_seed()
    {
        foreach (string language in new[] { "en", "de" })
        {
            Directory.CreateDirectory(At($"data/panx/{language}"));
            foreach ((string part, int sentences) in new[] { ("train", 40), ("dev", 8), ("test", 8) })
                File.WriteAllText(At($"data/panx/{language}/{part}"), string.Concat(Enumerable.Range(0, sentences)
                    .Select(i => $"{language}:In\tO\n{language}:Town{i}\tB-LOC\n{language}:.\tO\n\n")));
        }
        string[] arguments =
        [
            "notebooks/04-zero-shot.ipynb", "--quiet", "-p", "preset=Paper", "-p", "tasks=PAN-X", "-p", "epochs=2", "-p", "study=pool",
            "-p", "device=cpu", "-p", $"checkpoint={ReferenceData.Path("data/checkpoints/tiny_bert_coldfire")}", "--output", "out.ipynb",
        ];
        // Baseline and control are the same runs at every α; of the third seed they are there, but at another α.
        await Run([.. arguments, "-p", "seeds=3", "-p", "alpha=5"]);
        Assert.Equal("1, 2, 3", PaperRows("PAN-X: F1 with")["German"][5]);
        await Run([.. arguments, "-p", "seeds=2"]);
        StoredRun[] runs = [.. new RunStore(At("runs/pool")).All()];
        Assert.Equal(3 * 4 + 2, runs.Length);
        // In Paper no more copies of the weights are kept than for these two.
        Assert.All(runs, run => Assert.False(run.Result!.TryGet("end.MeanOfLast.weights", out _)));

        Dictionary<string, string[]> rows = PaperRows("PAN-X: F1 with tiny_bert_coldfire");
        double[] Scores(string arm, double alpha) => [.. runs.Where(run => run.Config["arm"].Text == arm && run.Config.Seed < 3
                && run.Config["objective.Alpha"].Number == alpha)
            .Select(run => Study.Read(run, "end", WeightRule.Metric).Scores["score de"].Number)];
        double[] plain = Scores("Baseline", 0), full = Scores("Intra-distillation", 1);
        Assert.Equal((2, 2), (plain.Length, full.Length));
        Assert.Equal([SampleSummary.Of(plain).Format(), SampleSummary.Of(Scores("Control (α = 0)", 0)).Format(),
            SampleSummary.Of(full).Format()], rows["German"][1..4]);
        Assert.Equal(full.Average() - plain.Average(),
            double.Parse(rows["German"][4].Replace('−', '-'), System.Globalization.CultureInfo.InvariantCulture), 0.006);
        Assert.Equal("1, 2", rows["German"][5]);
        Assert.Equal("1, 2", rows["English (tiny_bert_coldfire)"][5]);
        Assert.Equal("–", rows["English (XLM-R large)"][5]);
        Assert.Equal("–", rows["Dutch"][5]);
    }

    [Fact]
    public async Task A_grid_over_seeds_shares_one_pretraining()
    {
        await RunnerProcess.RunWell(_folder,
        [
            "notebooks/04-zero-shot.ipynb", "--quiet", "-p", "preset=Smoke", "-p", "tasks=SDK-Questions", "-p", "pretraining=5",
            "-p", "examples=32", "-p", "languages=de", "-p", "seed=1,2", "-p", "seeds=1", "-p", "study=grid", "--output", "grid",
        ]);
        IReadOnlyList<StoredRun> runs = new RunStore(At("runs/grid")).All();
        Assert.Equal(2, runs.Count(run => run.Config["task"].Text == "pretraining"));     // its two steps
        IEnumerable<StoredRun> arms = runs.Where(run => run.Config["task"].Text == "SDK-Questions");
        Assert.Equal(8, arms.Count());
        Assert.Equal([1, 2], arms.Select(run => run.Config.Seed).Distinct().Order());
    }

    [Theory]
    [InlineData("tasks=PAN-X", "panx/en: there is no such folder; get it by")]
    [InlineData("tasks=TyDiQA", "goldp: there is no such folder; get it by 'dotnet run --file data-scripts/tydiqa.cs'")]
    [InlineData("tasks=Panx", "'Panx' is no task; expected one of SDK-Entities, SDK-Questions, PAN-X, TyDiQA")]
    [InlineData("languages=de,tlh", "SDK-Entities has no language 'tlh'; it has")]
    public async Task What_is_not_there_is_said(string parameter, string message)
    {
        (int code, _, string errors) = await RunnerProcess.Run(_folder,
            ["notebooks/04-zero-shot.ipynb", "--quiet", "-p", "preset=Smoke", "-p", parameter]);
        Assert.Equal(1, code);
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }

    private async Task<string> Run(string[] arguments)
    {
        await RunnerProcess.RunWell(_folder, arguments);
        JsonNode notebook = JsonNode.Parse(File.ReadAllText(At("out.ipynb")))!;
        return string.Concat(notebook["cells"]!.AsArray().Select(cell => cell!["outputs"]?.ToJsonString()));
    }

    // The cells of a table beside the paper, by the first of each row.
    private Dictionary<string, string[]> PaperRows(string caption)
    {
        string text = string.Concat(JsonNode.Parse(File.ReadAllText(At("out.ipynb")))!["cells"]!.AsArray()
            .SelectMany(cell => cell!["outputs"]?.AsArray() ?? [])
            .Select(output => output!["data"]?["text/html"])
            .Select(html => html is JsonArray lines ? string.Concat(lines.Select(line => line!.GetValue<string>())) : $"{html}")
            .Where(html => html.Contains(caption, StringComparison.Ordinal)));
        Assert.NotEmpty(text);
        return Regex.Matches(text, "<tr[^>]*>(.*?)</tr>", RegexOptions.Singleline)
            .Select(row => Regex.Matches(row.Groups[1].Value, "<td[^>]*>(.*?)</td>", RegexOptions.Singleline)
                .Select(cell => WebUtility.HtmlDecode(Regex.Replace(cell.Groups[1].Value, "<[^>]+>", ""))).ToArray())
            .Where(cells => cells.Length > 2).ToDictionary(cells => cells[0]);
    }

    private string At(string name) => Path.Combine(_folder, name);
}

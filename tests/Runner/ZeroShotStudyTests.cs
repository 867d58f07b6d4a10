using System.Text.Json.Nodes;
using IntraDistill.Data;
using IntraDistill.Runs;

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
        Directory.CreateDirectory(At("data/tydiqa"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_language_of_both_benchmarks_is_tested_and_a_finished_study_trains_nothing_again()
    {
        Directory.CreateSymbolicLink(At("data/panx"), ReferenceData.Path("data/wikiann"));
        Directory.CreateSymbolicLink(At("data/tydiqa/goldp"), ReferenceData.Path("data/tydiqa-goldp"));
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
            Assert.Equal(12 * languages.Count, run.Hypotheses()!.Count);
            Assert.All(languages, language => Assert.InRange(run.Result![$"score {language}"].Number, 0, 100));
            Assert.All(languages, language => Assert.InRange(run.Result![$"last {language}"].Number, 0, 100));
            if (tagging)
                Assert.All(run.Hypotheses()!, line => Assert.All(line.Split(' '), tag => Assert.Contains(tag, PanxCorpus.Tags)));
            else
                // No dev set to choose by: what is tested is what training ended with.
                Assert.All(languages, language => Assert.Equal(run.Result![$"last {language}"], run.Result![$"score {language}"]));
            string arm = run.Config["arm"].Text;
            Assert.Equal(arm.StartsWith("Baseline") || arm.StartsWith("Equal") ? 1 : 3, run.Config["passes"].Number);
        }
        Assert.Equal(
            3 * runs.Single(run => Is(run, "PAN-X", "Baseline")).Result!["updates"].Number,
            runs.Single(run => Is(run, "PAN-X", "Equal-work baseline")).Result!["updates"].Number);
        Assert.Contains("PAN-X: test score by language", output, StringComparison.Ordinal);
        Assert.Contains("TyDiQA: gain of intra-distillation", output, StringComparison.Ordinal);
        Assert.Contains("85.40", output, StringComparison.Ordinal);
        Assert.Contains("not measured", output, StringComparison.Ordinal);

        DateTime[] written = [.. runs.Select(Written)];
        await Run(arguments);
        Assert.Equal(written, new RunStore(At("runs/small")).All().Select(Written));

        static bool Is(StoredRun run, string task, string arm) => run.Config["task"].Text == task && run.Config["arm"].Text == arm;
        static DateTime Written(StoredRun run) => File.GetLastWriteTimeUtc(Path.Combine(run.Folder, "result.json"));
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
        (int code, _, string errors) = await RunnerProcess.Run(_folder, arguments);
        Assert.True(code == 0, errors);
        JsonNode notebook = JsonNode.Parse(File.ReadAllText(At("out.ipynb")))!;
        return string.Concat(notebook["cells"]!.AsArray().Select(cell => cell!["outputs"]?.ToJsonString()));
    }

    private string At(string name) => Path.Combine(_folder, name);
}

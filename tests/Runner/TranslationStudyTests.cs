using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using IntraDistill.Runs;

namespace IntraDistill.Tests.RunnerTests;

/// <summary>Notebook 02 on a prepared data set, as a study that is interrupted and taken up again.</summary>
public sealed class TranslationStudyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("study-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_killed_study_goes_on_where_it_stopped_and_one_that_is_done_is_shown_from_its_runs()
    {
        Prepare();
        RunStore store = new(Path.Combine(_folder, "runs", "iwslt14"));
        using (Process first = RunnerProcess.Start(_folder, Arguments("first")))
        {
            // The baseline is done and the control has made some updates.
            while (!first.HasExited && !store.All().Any(run => IsControl(run) && TrainingLog.Validations(run).Count > 2))
                await Task.Delay(20, TestContext.Current.CancellationToken);
            first.Kill(entireProcessTree: true);
            await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        Assert.Equal([RunStatus.Done, RunStatus.Unfinished], store.All().Select(run => run.Status));
        string baseline = File.ReadAllText(Path.Combine(store.All()[0].Folder, "result.json"));

        string second = await Run("second");
        Assert.Equal(4, store.All().Count);
        Assert.All(store.All(), run => Assert.Equal(RunStatus.Done, run.Status));
        Assert.Equal(baseline, File.ReadAllText(Path.Combine(store.All()[0].Folder, "result.json")));
        Assert.Contains("found, done", second, StringComparison.Ordinal);
        Assert.Contains("gone on with from update ", second, StringComparison.Ordinal);
        Assert.Contains("trained now", second, StringComparison.Ordinal);
        StoredRun control = Assert.Single(store.All(), IsControl);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => 20L * i), TrainingLog.Validations(control).Select(point => point.Update));
        Assert.Equal(12, control.Hypotheses()!.Count);
        // Of the paper's eight pairs one has been run.
        StoredRun distilled = Assert.Single(store.All(), run => run.Config["alpha"].Number == 1);
        Assert.Contains(distilled.Result!["bleu"].Number.ToString("N2", CultureInfo.InvariantCulture), second, StringComparison.Ordinal);
        Assert.Contains("1 of 8 pairs", second, StringComparison.Ordinal);

        var times = store.All().Select(run => Directory.GetLastWriteTimeUtc(run.Folder)).ToArray();
        string third = await Run("third");
        Assert.DoesNotContain("trained now", third, StringComparison.Ordinal);
        Assert.DoesNotContain("gone on with", third, StringComparison.Ordinal);
        Assert.Equal(times, store.All().Select(run => Directory.GetLastWriteTimeUtc(run.Folder)));

        static bool IsControl(StoredRun run) => run.Config["arm"].Text.StartsWith("Control", StringComparison.Ordinal);
    }

    /// <summary>The notebook beside the kit's dlls as in the repository, and 240 short pairs.</summary>
    private void Prepare()
    {
        Directory.CreateDirectory(At("notebooks"));
        File.Copy(Path.Combine(Repository.Root, "notebooks", "02-iwslt.ipynb"), At("notebooks/02-iwslt.ipynb"));
        Directory.CreateSymbolicLink(At("bin"), Path.Combine(Repository.Root, "bin"));
        string[] german = ["null", "eins", "zwei", "drei", "vier"], english = ["zero", "one", "two", "three", "four"];
        Directory.CreateDirectory(At("data/iwslt14/de-en"));
        foreach ((string part, int count) in new[] { ("train", 240), ("valid", 12), ("test", 12) })
        {
            foreach ((string language, string[] words) in new[] { ("de", german), ("en", english) })
            {
                File.WriteAllLines(At($"data/iwslt14/de-en/{part}.{language}"), Enumerable.Range(0, count).Select(i =>
                    string.Join(' ', new[] { i % 5, i / 5 % 5, i / 25 % 5, part.Length % 5 }.Select(digit => words[digit])) + " ."));
            }
        }
        File.WriteAllText(At("data/iwslt14/de-en/about.json"), """{"counts": {"train": 240, "valid": 12, "test": 12}}""");
    }

    private static string[] Arguments(string output) =>
    [
        "notebooks/02-iwslt.ipynb", "--quiet", "-p", "preset=Smoke", "-p", "dataset=iwslt14", "-p", "pairs=0", "-p", "updates=200",
        "--output", $"{output}.ipynb",
    ];

    /// <summary>Runs the notebook to its end and returns the outputs of its cells.</summary>
    private async Task<string> Run(string output)
    {
        (int code, _, string errors) = await RunnerProcess.Run(_folder, Arguments(output));
        Assert.True(code == 0, errors);
        JsonNode notebook = JsonNode.Parse(File.ReadAllText(At($"{output}.ipynb")))!;
        return string.Concat(notebook["cells"]!.AsArray().Select(cell => cell!["outputs"]?.ToJsonString()));
    }

    private string At(string name) => Path.Combine(_folder, name);
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IntraDistill.Tests.RunnerTests;

/// <summary>Notebook 02 on a prepared data set, as a study that is interrupted and taken up again.</summary>
public sealed class TranslationStudyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("study-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_study_that_is_killed_in_each_arm_comes_to_the_same_and_one_that_is_done_is_shown_from_its_runs()
    {
        Prepare();
        RunStore store = new(Path.Combine(_folder, "runs", "iwslt14")), undisturbed = new(Path.Combine(_folder, "runs", "whole"));
        string[] arms = ["Baseline", "Control", "Intra-distillation"];
        foreach (string arm in arms)
        {
            using Process process = RunnerProcess.Start(_folder, Arguments("first"));
            while (!process.HasExited && !store.All().Any(run => IsOf(arm)(run) && TrainingLog.Validations(run).Count > 2))
                await Task.Delay(20, TestContext.Current.CancellationToken);
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(RunStatus.Unfinished, Assert.Single(store.All(), IsOf(arm)).Status);
        }
        string baseline = File.ReadAllText(Path.Combine(Assert.Single(store.All(), IsOf("Baseline")).Folder, "result.json"));

        string second = await Run("second");
        Assert.Equal(4, store.All().Count);          // with the measurement of the updates' times
        Assert.All(store.All(), run => Assert.Equal(RunStatus.Done, run.Status));
        StoredRun control = Assert.Single(store.All(), IsOf("Control")), distilled = Assert.Single(store.All(), IsOf("Intra-distillation"));
        Assert.Equal(baseline, File.ReadAllText(Path.Combine(Assert.Single(store.All(), IsOf("Baseline")).Folder, "result.json")));
        Assert.Contains("found, done", second, StringComparison.Ordinal);
        Assert.Contains("gone on with from update ", second, StringComparison.Ordinal);
        long last = Study.Points(control)[^1].Update;
        Assert.Equal(Enumerable.Range(1, (int)last / 10).Select(i => 10L * i), TrainingLog.Validations(control).Select(point => point.Update));
        // Of the paper's eight pairs one has been run.
        double bleu = Study.Read(distilled, "equal-updates", WeightRule.Metric).Scores["bleu"].Number;
        Assert.Contains(bleu.ToString("N2", CultureInfo.InvariantCulture), second, StringComparison.Ordinal);
        Assert.Contains("1 of 8 pairs", second, StringComparison.Ordinal);

        // Another measurement of times may put equal time elsewhere; equal updates are where they were.
        Assert.Contains("trained now", await Run("whole", "study=whole"), StringComparison.Ordinal);
        foreach (string arm in arms)
        {
            StoredRun killed = Assert.Single(store.All(), IsOf(arm)), whole = Assert.Single(undisturbed.All(), IsOf(arm));
            foreach (WeightRule rule in Enum.GetValues<WeightRule>())
            {
                ScoredWeights expected = Study.Read(whole, "equal-updates", rule), scored = Study.Read(killed, "equal-updates", rule);
                Assert.Equal(12, scored.Hypotheses.Count);
                Assert.Equal((expected.Weights, expected.Scores["bleu"]), (scored.Weights, scored.Scores["bleu"]));
                Assert.Equal(expected.Hypotheses, scored.Hypotheses);
            }
        }

        var times = store.All().Select(run => Directory.GetLastWriteTimeUtc(run.Folder)).ToArray();
        string third = await Run("third");
        Assert.DoesNotContain("trained now", third, StringComparison.Ordinal);
        Assert.DoesNotContain("gone on with", third, StringComparison.Ordinal);
        Assert.Equal(times, store.All().Select(run => Directory.GetLastWriteTimeUtc(run.Folder)));

        // Two other settings of the study, two processes at once: a run of its own each, and the arms that they share are found.
        await Task.WhenAll(Run("fourth", "alpha=2"), Run("fifth", "alpha=3"));
        Assert.Equal(6, store.All().Count);
        Assert.All(store.All(), run => Assert.Equal(RunStatus.Done, run.Status));
        // Each trained by its own α: what is minimized differs from the first update on.
        Assert.Equal(3, new[] { 1.0, 2, 3 }.Select(alpha => TrainingLog.Updates(Assert.Single(store.All(), run =>
            IsOf("Intra-distillation")(run) && run.Config["objective.Alpha"].Number == alpha))[0].Total).Distinct().Count());

        static Predicate<StoredRun> IsOf(string arm) =>
            run => run.Config.TryGet("arm", out var of) && of.Text.StartsWith(arm, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("01-sensitivity-gap")]
    [InlineData("02-iwslt")]
    public void The_arms_have_the_settings_that_the_search_found_best_with_as_many_tries_for_each(string notebook)
    {
        JsonArray rounds = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs", "results", "02-search.json")))!.AsArray();
        string code = string.Concat(JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "notebooks", $"{notebook}.ipynb")))!
            ["cells"]!.AsArray().SelectMany(cell => cell!["source"]!.AsArray()).Select(line => (string)line!));
        var tries = rounds.Select(round => round!["Tries"]!.AsArray().Select(one => one!).GroupBy(one => (string)one["Arm"]!).ToArray())
            .ToArray();
        Assert.All(tries, round =>
        {
            Assert.Equal(["Baseline", "Control (α = 0)", "Intra-distillation"], round.Select(of => of.Key));
            Assert.Single(round.Select(of => of.Count()).Distinct());
        });
        foreach (var of in tries[^1])
        {
            JsonNode best = of.MaxBy(one => (double)one["ValidBleu"]!)!;
            string name = of.Key.Split(' ')[0].Replace("-d", "D", StringComparison.Ordinal);
            // The last: the published setting comes before it.
            Match written = Regex.Matches(code, $@"Arms\.{name}, (?:1|passes), ([0-9.]+), Dropout: ([0-9.]+), LearningRate: ([0-9.e-]+)\)").Last();
            Assert.Equal([(double)best["Alpha"]!, (double)best["Dropout"]!, (double)best["LearningRate"]!],
                written.Groups.Values.Skip(1).Select(group => double.Parse(group.Value, CultureInfo.InvariantCulture)));
        }
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

    private static string[] Arguments(string output, params string[] more) =>
    [
        "notebooks/02-iwslt.ipynb", "--quiet", "-p", "preset=Smoke", "-p", "dataset=iwslt14", "-p", "pairs=0", "-p", "updates=80",
        "--output", $"{output}.ipynb", .. more.SelectMany(one => new[] { "-p", one }),
    ];

    /// <summary>Runs the notebook to its end and returns the outputs of its cells.</summary>
    private async Task<string> Run(string output, params string[] more)
    {
        await RunnerProcess.RunWell(_folder, Arguments(output, more));
        JsonNode notebook = JsonNode.Parse(File.ReadAllText(At($"{output}.ipynb")))!;
        return string.Concat(notebook["cells"]!.AsArray().Select(cell => cell!["outputs"]?.ToJsonString()));
    }

    private string At(string name) => Path.Combine(_folder, name);
}

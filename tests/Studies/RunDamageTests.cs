using System.Text.RegularExpressions;

namespace IntraDistill.Tests;

public sealed class RunDamageTests : IDisposable
{
    private static readonly RunConfig s_config = new(seed: 1, ("alpha", 1), ("pair", "de-en"));

    private const string OtherSum = ": was changed after it was written: its SHA-256 is ",
        OtherHash = ": was changed after it was written: the hash in it is not the one of the config beside it";

    private readonly string _folder = Directory.CreateTempSubdirectory("intradistill-runs-").FullName;

    private RunStore Store => new(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string, string, string, string> Damages => new()
    {
        // What is done to which file, which file is at fault, and what is said of it after its path.
        { "line", "hypotheses.txt", "hypotheses.txt", OtherSum },
        { "less", "hypotheses.txt", "hypotheses.txt", ": has 1,411 lines, result.json says 1,412" },
        { "line", "hypotheses.hard-1.txt", "hypotheses.hard-1.txt", OtherSum },
        { "empty", "hypotheses.txt", "hypotheses.txt", ": has 0 lines, result.json says 1,412" },
        { "gone", "hypotheses.txt", "hypotheses.txt", ": is missing: result.json says 1,412 lines" },
        { "folder", "hypotheses.txt", "hypotheses.txt", ": cannot be read: " },
        { "line", "sensitivity.safetensors", "sensitivity.safetensors", OtherSum },
        { "gone", "sensitivity.safetensors", "sensitivity.safetensors", ": is missing: result.json says 1 lines" },
        { "line", "metrics.jsonl", "metrics.jsonl", OtherSum },
        { "less", "metrics.jsonl", "metrics.jsonl", ": has 1 lines, result.json says 2" },
        { "cut", "metrics.jsonl", "metrics.jsonl", ": has 1 lines, result.json says 2" },
        { "{}", "hypotheses.new.txt", "hypotheses.new.txt", ": came after the run was done: result.json knows no such file" },
        { "{}", "result.json", "result.json", ":1: not what a run writes: \"result\" is missing" },
        { "[]", "result.json", "result.json", ":1: not what a run writes: " },
        { "empty", "result.json", "result.json", ":1: not JSON; it was damaged after it was written" },
        { "cut", "result.json", "result.json", ": not JSON; it was damaged after it was written" },
        { "34.1=34.2", "result.json", "result.json", ": was changed after it was written: its hash is " },
        { "1412=1411", "result.json", "result.json", ": was changed after it was written: its hash is " },
        { "\"bleu\": 34.1=\"bleu\": [1]", "result.json", "result.json",
            ":1: not what a run writes: \"bleu\" is not a string, a number, true or false" },
        { "folder", "result.json", "result.json", ": cannot be read: " },
        { "\"alpha\": 1,=\"alpha\": 2,", "config.json", "config.json", OtherHash },
        { "\"hash\": \"=\"hash\": \"0", "config.json", "config.json", OtherHash },
        { "\"hash\"=\"has\"", "config.json", "config.json", ":1: not what a run writes: \"hash\" is missing" },
        { "\"machine\"=\"machines\"", "config.json", "config.json", ":1: not what a run writes: \"machine\" is missing" },
        { "\"label\": \"de-en id\"=\"label\": \"mine\"", "config.json", "config.json", OtherSum },
        { "\"seed\": 1=\"seed\": 1.5", "config.json", "config.json", ":1: not what a run writes: \"seed\" is 1.5; expected a whole number" },
        { "{}", "config.json", "config.json", ":1: not what a run writes: \"layout\" is missing" },
        { "empty", "config.json", "config.json", ":1: not JSON; it was damaged after it was written" },
        { "gone", "config.json", "config.json", ": cannot be read: " },
        { "folder", "config.json", "config.json", ": cannot be read: " },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_run_is_broken_by_name_and_can_be_run_again_while_nothing_is_lost(
        string damage, string file, string atFault, string message)
    {
        string folder = Done();
        Damage(Path.Combine(folder, file), damage);
        string[] damaged = Files(folder);

        StoredRun broken = Assert.Single(Store.All());
        Assert.Equal((RunStatus.Broken, null), (broken.Status, broken.Result));
        Assert.StartsWith(Path.Combine(folder, atFault), broken.Problem, StringComparison.Ordinal);
        Assert.Contains(message, Regex.Replace(broken.Problem!, @":\d+: not JSON", damage == "cut" ? ": not JSON" : "$0"),
            StringComparison.Ordinal);
        Assert.DoesNotContain('\n', broken.Problem!);
        Assert.NotEqual(RunStatus.Done, Store.Find(s_config)?.Status);
        Assert.Equal(damaged, Files(folder));

        using (RunFolder again = Store.Start("de-en id", s_config))
        {
            Assert.Equal((folder, RunStatus.Running), (again.Folder, again.Status));
            Assert.Empty(again.Metrics());
            Assert.Null(again.Hypotheses());
            again.Finish(("bleu", 35));
        }
        Assert.Equal(35, Store.Find(s_config)!.Result!["bleu"].Number);
        Assert.Equal(damaged, Files(folder + ".broken-1"));
        using (RunFolder found = Store.Start("other", s_config))
            Assert.Equal((true, folder), (found.IsDone, found.Folder));
        IReadOnlyList<StoredRun> all = Store.All();
        Assert.Equal([RunStatus.Done, RunStatus.Broken], all.Select(run => run.Status));
        Assert.StartsWith(Path.Combine(folder + ".broken-1", atFault), all[1].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_breaks_twice_is_put_aside_twice_and_one_put_aside_is_left_alone()
    {
        foreach (string aside in (string[])["1", "2"])
        {
            string folder = Done();
            Damage(Path.Combine(folder, "hypotheses.txt"), "less");
            using RunFolder again = Store.Start("de-en id", s_config);
            Assert.True(File.Exists($"{folder}.broken-{aside}/hypotheses.txt"));
            Assert.Equal([again.Name, .. Enumerable.Range(1, int.Parse(aside)).Select(i => $"{again.Name}.broken-{i}")],
                Store.All().Select(run => run.Name));
            again.Dispose();
            // Without the new run, the old ones are neither found again nor put aside once more.
            Directory.Delete(again.Folder, recursive: true);
            Assert.Equal(RunStatus.Broken, Store.Find(s_config)!.Status);
        }
        using RunFolder third = Store.Start("de-en id", s_config);
        Assert.Equal([third.Name, third.Name + ".broken-1", third.Name + ".broken-2"], Store.All().Select(run => run.Name));
    }

    [Fact]
    public void What_a_process_killed_while_it_put_a_run_aside_had_not_moved_is_moved_too()
    {
        string folder = Done(), aside = folder + ".broken-1";
        Directory.CreateDirectory(Path.Combine(folder, "checkpoints"));
        string[] before = Files(folder);
        Directory.CreateDirectory(aside);
        File.Move(Path.Combine(folder, "config.json"), Path.Combine(aside, "config.json"));
        using RunFolder run = Store.Start("de-en id", s_config);
        Assert.Equal((folder, 0), (run.Folder, run.Metrics().Count));
        Assert.False(Directory.Exists(run.CheckpointFolder));
        Assert.Equal(before, Files(aside));
    }

    [Fact]
    public void A_broken_run_that_a_process_is_at_is_left_to_it()
    {
        using RunFolder run = Store.Start("de-en id", s_config);
        Damage(Path.Combine(run.Folder, "config.json"), "\"alpha\": 1,=\"alpha\": 2,");
        string[] before = Files(run.Folder);
        Assert.Throws<RunInUseException>(() => Store.Start("de-en id", s_config));
        Assert.Equal(before, Files(run.Folder));
    }

    [Fact]
    public void The_edited_config_of_one_run_does_not_pass_for_another()
    {
        string folder = Done();
        Damage(Path.Combine(folder, "config.json"), "\"alpha\": 1,=\"alpha\": 2,");
        RunConfig edited = new(seed: 1, ("alpha", 2), ("pair", "de-en"));
        Assert.Null(Store.Find(edited));
        using RunFolder other = Store.Start("de-en id", edited);
        Assert.Equal(RunStatus.Running, other.Status);
        Assert.Equal(RunStatus.Broken, Store.Find(s_config)!.Status);
        Assert.False(Directory.Exists(folder + ".broken-1"));
    }

    [Theory]
    [InlineData("  \"layout\": 2,\n=", "has layout 1, which an older version of the kit wrote, and this one reads layout 2: run ")]
    [InlineData("\"layout\": 2=\"layout\": 3", "has layout 3, which a newer version of the kit wrote, and this one reads ")]
    public void A_run_of_another_layout_is_listed_and_neither_found_nor_written_to(string change, string problem)
    {
        string folder = Done();
        Damage(Path.Combine(folder, "config.json"), change);
        string[] before = Files(folder);
        StoredRun old = Assert.Single(Store.All());
        Assert.Equal(RunStatus.OtherLayout, old.Status);
        Assert.StartsWith($"{folder}/config.json: {problem}", old.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', old.Problem!);
        Assert.Equal($"{old.Name}: other layout", old.ToString());
        Assert.Equal(old.Problem, Assert.Throws<IntraDistillException>(() => old.Config).Message);
        Assert.Null(Store.Find(s_config));
        using (RunFolder run = Store.Start("de-en id", s_config))
        {
            Assert.Equal(s_config.FolderName("de-en id", 12), run.Name);
            run.Finish(("bleu", 35));
        }
        Assert.Equal(before, Files(folder));
        Assert.Equal(35, Store.Find(s_config)!.Result!["bleu"].Number);
        Assert.Equal([RunStatus.Done, RunStatus.OtherLayout], Store.All().Select(run => run.Status).Order());
    }

    [Fact]
    public void Each_set_has_its_hypotheses()
    {
        Done();
        StoredRun run = Store.Find(s_config)!;
        Assert.Equal(1412, run.Hypotheses()!.Count);
        Assert.Equal(["x"], run.Hypotheses("hard-1")!);
        Assert.Null(run.Hypotheses("other"));
        using RunFolder other = Store.Start("other", new RunConfig(2));
        foreach (string name in (string[])["", "a/b", "a b", "é", "a\n"])
        {
            Assert.Equal($"hypotheses of \"{name}\": a name of letters (a to z), digits, - and . was expected",
                Assert.Throws<IntraDistillException>(() => other.WriteHypotheses([], name)).Message);
            Assert.Throws<IntraDistillException>(() => run.Hypotheses(name));
        }
    }

    private string Done()
    {
        using RunFolder run = Store.Start("de-en id", s_config);
        run.Log(("update", 1));
        run.Log(("update", 2));
        run.WriteHypotheses([.. Enumerable.Range(0, 1412).Select(i => $"line {i}")]);
        run.WriteHypotheses(["x"], of: "hard-1");
        File.WriteAllText(Path.Combine(run.Folder, "sensitivity.safetensors"), "tensors\n");
        run.Finish(("bleu", 34.1), ("nan", double.NaN), ("text", "é\"\n"));
        Assert.Equal(RunStatus.Done, Store.Find(s_config)!.Status);
        return run.Folder;
    }

    private static void Damage(string file, string damage)
    {
        string text = File.Exists(file) ? File.ReadAllText(file) : "";
        if (damage is "gone" or "folder")
            File.Delete(file);
        switch (damage)
        {
            case "gone": break;
            case "folder": Directory.CreateDirectory(file); break;
            case "empty": File.WriteAllText(file, ""); break;
            case "line": File.WriteAllText(file, "X" + text[1..]); break;
            case "less": File.WriteAllText(file, text[..(text[..^1].LastIndexOf('\n') + 1)]); break;
            case "cut": File.WriteAllText(file, text[..^2]); break;
            case "{}" or "[]": File.WriteAllText(file, damage); break;
            default:
                string[] change = damage.Split('=');
                Assert.Contains(change[0], text, StringComparison.Ordinal);
                File.WriteAllText(file, text.Replace(change[0], change[1]));
                break;
        }
    }

    private static string[] Files(string folder) => [.. Directory.EnumerateFileSystemEntries(folder)
        .Where(path => Path.GetFileName(path) is not ("lock" or "owner.json")).Order(StringComparer.Ordinal)
        .Select(path => $"{Path.GetFileName(path)}: {(File.Exists(path) ? File.ReadAllText(path) : "folder")}")];
}

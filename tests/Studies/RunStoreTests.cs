
namespace IntraDistill.Tests;

public sealed class RunStoreTests : IDisposable
{
    private static readonly RunConfig s_config = new(seed: 1, ("pair", "de-en"), ("alpha", 5.0));

    private readonly string _folder = Directory.CreateTempSubdirectory("intradistill-runs-").FullName;

    private RunStore Store => new(Path.Combine(_folder, "runs"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_run_that_is_done_is_found_again_and_returned_as_it_is()
    {
        Assert.Empty(Store.All());
        Assert.Null(Store.Find(s_config));
        using (RunFolder run = Store.Start("de-en id", s_config))
        {
            Assert.Equal((RunStatus.Running, $"de-en-id-s1-{s_config.Hash[..6]}"), (run.Status, run.Name));
            Assert.Equal(RunStatus.Running, Assert.Single(Store.All()).Status);
            run.Log(("update", 100), ("loss", 2.5));
            run.Log(("update", 200), ("loss", double.NaN));
            run.WriteHypotheses(["a", "", "c\r"]);
            run.Finish(("bleu", 34.1), ("signature", "nrefs:1|é"));
            Assert.Throws<InvalidOperationException>(() => run.Log(("update", 300)));
        }
        string[] before = Snapshot();
        using (RunFolder again = Store.Start("another label", new RunConfig(1, ("alpha", 5), ("pair", "de-en"))))
        {
            Assert.True(again.IsDone);
            Assert.Throws<InvalidOperationException>(() => again.Finish(("bleu", 0)));
            Assert.Throws<InvalidOperationException>(() => again.WriteHypotheses([]));
        }
        Assert.Equal(before, Snapshot());

        StoredRun stored = Assert.Single(Store.All());
        Assert.Equal(RunStatus.Done, stored.Status);
        Assert.Equal((34.1, "nrefs:1|é"), (stored.Result!["bleu"].Number, stored.Result["signature"].Text));
        Assert.Equal(["100: 2.5", "200: NaN"], stored.Metrics().Select(line => $"{line["update"]}: {line["loss"].Number}"));
        Assert.Equal(["a", "", "c\r"], stored.Hypotheses()!);
        Assert.Equal(s_config, stored.Config);
        Assert.Equal("de-en id", stored.Origin.Label);
        Assert.Contains(".NET 10", stored.Origin.Machine, StringComparison.Ordinal);
        Assert.StartsWith("0.1.0", stored.Origin.Kit, StringComparison.Ordinal);
        Assert.InRange(DateTime.UtcNow - stored.Origin.Started, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Assert.Equal(SourceVersion.Of(Environment.CurrentDirectory)?.Commit, stored.Origin.Commit);
    }

    [Fact]
    public void An_unfinished_run_goes_on_and_a_torn_last_line_is_dropped()
    {
        using (RunFolder run = Store.Start("x", s_config))
            for (int update = 1; update <= 5; update++)
                run.Log(("update", update));
        StoredRun left = Store.Find(s_config)!;
        Assert.Equal(RunStatus.Unfinished, left.Status);
        File.AppendAllText(Path.Combine(left.Folder, "metrics.jsonl"), "{\"update\": 6, \"lo");
        Assert.Equal(5, left.Metrics().Count);
        using (RunFolder run = Store.Start("x", s_config))
        {
            Assert.Equal(left.Folder, run.Folder);
            run.Log(("update", 6));
            run.Rewind("update", 3);    // the checkpoint was made at 3
            run.Log(("update", 4));
            run.Log(("note", "kept"));
            run.Rewind("update", 4);
            run.Finish();
        }
        Assert.Equal(["update=1", "update=2", "update=3", "update=4", "note=kept"],
            Store.Find(s_config)!.Metrics().Select(line => line.ToString()));
    }

    [Fact]
    public void Another_config_of_the_same_name_and_a_folder_that_is_no_run_are_left_alone()
    {
        string[] names = [s_config.FolderName("x", 6), s_config.FolderName("x", 12)];
        using (RunFolder other = Store.Start("y", new RunConfig(2)))
        {
            other.Finish(("bleu", 1));
            Directory.Move(other.Folder, Path.Combine(Store.Folder, names[0]));
        }
        Directory.CreateDirectory(Path.Combine(Store.Folder, names[1]));
        File.WriteAllText(Path.Combine(Store.Folder, names[1], "mine.txt"), "mine");
        string[] before = Snapshot();
        RunFolder run = Store.Start("x", s_config);
        run.Dispose();
        Assert.Equal(s_config.FolderName("x", 64), run.Name);
        Assert.Subset(Snapshot().ToHashSet(), before.ToHashSet());
        Assert.Equal([names[0], run.Name], Store.All().Select(found => found.Name));
    }

    [Fact]
    public void A_run_under_way_is_refused_to_others_and_free_once_it_is_disposed()
    {
        RunFolder run = Store.Start("x", s_config);
        var error = Assert.Throws<RunInUseException>(() => Store.Start("other label", s_config));
        Assert.Equal($"{run.Folder}: this process has the run open already; dispose that RunFolder first", error.Message);
        using (RunFolder other = Store.Start("x", new RunConfig(2)))
            Assert.Equal(2, Store.All().Count(found => found.Status == RunStatus.Running));
        run.Dispose();
        run.Dispose();
        using (RunFolder again = Store.Start("x", s_config))
            Assert.Equal(run.Folder, again.Folder);
    }

    [Fact]
    public async Task Of_those_that_begin_a_run_at_the_same_moment_one_gets_it_and_none_makes_a_second()
    {
        for (int round = 0; round < 20; round++)
        {
            var config = new RunConfig(round);
            using var together = new Barrier(4);
            RunFolder?[] runs = await Task.WhenAll(Enumerable.Range(0, together.ParticipantCount)
                .Select(_ => Task.Factory.StartNew(
                    Begin, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            Assert.Single(runs.OfType<RunFolder>()).Dispose();
            Assert.Equal(round + 1, Store.All().Count);

            RunFolder? Begin()
            {
                together.SignalAndWait();
                try
                {
                    return Store.Start("x", config);
                }
                catch (RunInUseException)
                {
                    return null;
                }
            }
        }
    }

    [Fact]
    public async Task Waiting_ends_when_it_is_cancelled_and_does_not_begin_for_a_run_of_this_process()
    {
        using RunFolder run = Store.Start("x", s_config);
        await Assert.ThrowsAsync<RunInUseException>(() =>
            Store.StartWhenFreeAsync("x", s_config, waiting: Assert.Fail, cancellation: TestContext.Current.CancellationToken));

        string owner = Path.Combine(run.Folder, "owner.json");
        File.WriteAllText(owner, File.ReadAllText(owner).Replace(Environment.MachineName, "elsewhere"));
        using var cancel = new CancellationTokenSource();
        var told = new List<string>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Store.StartWhenFreeAsync("x", s_config, waiting: CancelAt, cancellation: cancel.Token));
        Assert.StartsWith($"Waiting for {run.Folder}: held by process {Environment.ProcessId} on elsewhere since ",
            Assert.Single(told), StringComparison.Ordinal);

        void CancelAt(string message)
        {
            told.Add(message);
            cancel.Cancel();
        }
    }

    [Fact]
    public void A_damaged_line_of_metrics_is_named()
    {
        using RunFolder run = Store.Start("x", s_config);
        string path = Path.Combine(run.Folder, "metrics.jsonl");
        File.WriteAllText(path, "{\"update\": 1}\noops\n");
        run.Log(("update", 2));
        var error = Assert.Throws<RunFileException>(() => run.Metrics());
        Assert.StartsWith($"{path}:2: not JSON", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hypothesis_of_two_lines_is_refused_since_they_are_stored_one_a_line()
    {
        using RunFolder run = Store.Start("x", s_config);
        var error = Assert.Throws<IntraDistillException>(() => run.WriteHypotheses(["a", "b\nc"]));
        Assert.EndsWith("hypothesis 2 has a line break in it; they are stored one a line", error.Message, StringComparison.Ordinal);
        Assert.Null(run.Hypotheses());
    }

    private string[] Snapshot() => [.. Directory.EnumerateFiles(Store.Folder, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal).Select(file => $"{file}: {File.ReadAllText(file)}")];
}

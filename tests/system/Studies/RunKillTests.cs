using System.Diagnostics;

namespace IntraDistill.Tests;

public sealed class RunKillTests : IDisposable
{
    private const int Lines = 400;

    private static readonly RunConfig s_config = new(1, ("alpha", 5));

    private readonly string _folder = Directory.CreateTempSubdirectory("intradistill-runs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_killed_process_leaves_no_lock_and_whole_lines_and_another_ends_the_run()
    {
        var store = new RunStore(_folder);
        int before = 0;
        foreach (int killAfter in (int[])[30, 70, 55])
        {
            using Process child = Start(Lines);
            Assert.Equal($"started with {before}", await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
            for (int i = 0; i < killAfter; i++)
            {
                await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
                await child.StandardInput.WriteLineAsync();
            }
            if (killAfter == 30)
            {
                Assert.Equal(RunStatus.Running, store.Find(s_config)!.Status);
                using Process second = Start(Lines);
                second.StandardInput.Close();
                string refused = await second.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
                Assert.Contains($"held by process {child.Id} on {Environment.MachineName} since ", refused, StringComparison.Ordinal);
            }
            // Somewhere among the next lines.
            await child.StandardInput.WriteAsync(new string('\n', 20));
            await child.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
            await Task.Delay(Random.Shared.Next(3), TestContext.Current.CancellationToken);
            child.Kill();
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.NotEqual(0, child.ExitCode);
            Assert.Equal(RunStatus.Unfinished, store.Find(s_config)!.Status);
            before = store.Find(s_config)!.Metrics().Count;
        }
        using Process last = Start(Lines);
        last.StandardInput.Close();
        Assert.EndsWith($"finished lines={Lines}\n", await last.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        StoredRun run = store.Find(s_config)!;
        Assert.Equal(Enumerable.Range(0, Lines), run.Metrics().Select(line => (int)line["update"].Number));
        Assert.Equal(RunStatus.Done, run.Status);
    }

    [Fact]
    public async Task One_waits_for_the_process_at_the_run_goes_on_if_that_is_killed_and_else_finds_the_result()
    {
        var store = new RunStore(_folder);
        using Process first = Start(3);
        Assert.Equal("started with 0", await Read(first));
        using Process second = Start(3, "wait"), third = Start(3, "wait");
        string folder = store.Find(s_config)!.Folder;
        foreach (Process waiting in (Process[])[second, third])
        {
            Assert.StartsWith($"Waiting for {folder}: held by process {first.Id} on {Environment.MachineName} since ",
                await Read(waiting), StringComparison.Ordinal);
        }
        Assert.Equal("line", await Read(first));
        first.Kill();
        Task<string?>[] answers = [Read(second), Read(third)];
        Task<string?> faster = await Task.WhenAny(answers);
        Assert.Equal("started with 1", await faster);
        (Process goesOn, Task<string?> other) = faster == answers[0] ? (second, answers[1]) : (third, answers[0]);
        goesOn.StandardInput.Close();
        Assert.Equal("found lines=3", await other);
        Assert.EndsWith("finished lines=3\n",
            await goesOn.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        static Task<string?> Read(Process process) =>
            process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
    }

    private Process Start(int lines, string verb = "run")
    {
        return Process.Start(new ProcessStartInfo("dotnet", ["exec", Repository.Metadata("ResumeChild"), verb, _folder, lines.ToString()])
        {
            RedirectStandardOutput = true, RedirectStandardInput = true,
        })!;
    }
}

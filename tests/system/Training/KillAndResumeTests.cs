using System.Diagnostics;
using System.Reflection;

namespace IntraDistill.Tests;

public sealed class KillAndResumeTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("intradistill-kill-");

    [Fact]
    public async Task A_run_killed_at_random_moments_ends_with_the_same_bits_as_one_left_alone()
    {
        var cancellation = TestContext.Current.CancellationToken;
        string uninterrupted = await RunAsync("alone", killAfter: null, cancellation) ?? "it did not end";
        Assert.StartsWith("done ", uninterrupted);

        var random = new Random(20260731);
        int killed = 0;
        string? resumed;
        // A run is 350 steps: it is killed some five times. Progress is sure, since a run writes a checkpoint every 8 steps and
        // is left alone for 20.
        while ((resumed = await RunAsync("killed", 20 + random.Next(100), cancellation)) is null) killed++;
        Assert.InRange(killed, 2, 30);
        Assert.Equal(uninterrupted, resumed);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder.FullName, "killed"), "*.checkpoint").Length);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Runs the child, killing it some time after so many steps; its last line, or null if it was killed.</summary>
    private async Task<string?> RunAsync(string folder, int? killAfter, CancellationToken cancellation)
    {
        string program = typeof(KillAndResumeTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "ResumeChild").Value!;
        var start = new ProcessStartInfo("dotnet", ["exec", program, Path.Combine(_folder.FullName, folder)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Idle OpenMP threads that spin stall a machine that others use too for seconds.
            Environment = { ["OMP_WAIT_POLICY"] = "passive" },
        };
        using var child = Process.Start(start)!;
        var errors = child.StandardError.ReadToEndAsync(cancellation);
        string? last = null;
        int steps = 0;
        bool kill = false;
        while (await child.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            last = line;
            if (line != "step" || ++steps != killAfter) continue;
            // Anywhere in a step, or in the writing of a checkpoint. SIGKILL on Unix.
            await Task.Delay(Random.Shared.Next(20), cancellation);
            child.Kill();
            kill = true;
        }
        await child.WaitForExitAsync(cancellation);
        if (last?.StartsWith("done ", StringComparison.Ordinal) == true) return last;
        Assert.True(kill, $"the child ended with {child.ExitCode}: {await errors}");
        return null;
    }
}

using System.Diagnostics;

namespace IntraDistill.Tests.RunnerTests;

/// <summary>Starts the runner as its users do, and waits for it.</summary>
internal static class RunnerProcess
{
    private static readonly string s_runner =
        Path.Combine(Repository.Root, "environment", "kernel", "bin", "IntraDistill.Kernel.dll");

    /// <summary>Starts <c>run</c> with arguments in a folder; what it prints is for the caller to read.</summary>
    public static Process Start(string folder, params string[] arguments)
    {
        Process process = Process.Start(new ProcessStartInfo("dotnet", ["exec", s_runner, "run", .. arguments])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        })!;
        _ = KillIfItHangs(process);
        return process;
    }

    /// <summary>Runs it from beginning to end.</summary>
    public static async Task<(int Code, string Output, string Errors)> Run(string folder, params string[] arguments)
    {
        using Process process = Start(folder, arguments);
        return await Finish(process);
    }

    /// <summary>Runs it from beginning to end, which has to be a good one.</summary>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunWell(string folder, params string[] arguments)
    {
        (int code, string output, string errors) = await Run(folder, arguments);
        Assert.True(code == 0, $"exit code {code}\n{errors}\n{output}");
        return output;
    }

    /// <summary>Reads what is left of its output and waits for its end.</summary>
    public static async Task<(int Code, string Output, string Errors)> Finish(Process process)
    {
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }

    // Then its test fails, and not all of them without a name.
    private static async Task KillIfItHangs(Process process)
    {
        await Task.Delay(TimeSpan.FromMinutes(10));
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended, and its test as well.
        }
    }
}

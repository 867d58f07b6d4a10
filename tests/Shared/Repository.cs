using System.Diagnostics;
using System.Reflection;

namespace IntraDistill.Tests;

/// <summary>Files of the repository that tests look at, and the programs they start.</summary>
internal static class Repository
{
    private static readonly SemaphoreSlim s_building = new(1);

    public static string Root { get; } = Metadata("RepositoryRoot");

    public static string Metadata(string key) => typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;

    /// <summary>Runs <c>dotnet</c> in the repository's root; fails the test with what it wrote if it fails.</summary>
    public static async Task<string> DotnetAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Root,
            Environment = { ["OMP_WAIT_POLICY"] = "passive" },
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{output}\n{await errors}");
        return output;
    }

    /// <summary>Runs a data script as users do.</summary>
    public static Task<string> DataScriptAsync(string script, params string[] arguments) =>
        BuildAsync(["run", "--file", $"data-scripts/{script}", "--", .. arguments]);

    /// <summary>Runs a command of <c>dotnet</c> that restores or builds projects of the repository: one at a time, into the same folders.</summary>
    public static async Task<string> BuildAsync(params string[] arguments)
    {
        await s_building.WaitAsync();
        try
        {
            return await DotnetAsync(arguments);
        }
        finally
        {
            s_building.Release();
        }
    }
}

using System.Text.Json;

namespace IntraDistill.Tests;

/// <summary>
/// The files of <c>../shared</c> beside the checkout: values made by other implementations, and real data.
/// Where the folder is absent a test is skipped and says so; in CI (<c>CI=true</c>) its absence is a failure.
/// </summary>
public static class ReferenceData
{
    /// <summary>The root of this checkout: the folder that holds IntraDistill.Kit.csproj.</summary>
    public static string RepositoryRoot { get; } = FindRepositoryRoot();

    /// <summary>The full path of a file or folder below <c>../shared</c>.</summary>
    public static string Path(string relative)
    {
        string? root = FindShared();
        if (root is null)
        {
            string message = $"../shared is not beside {RepositoryRoot}; '{relative}' was wanted";
            if (Environment.GetEnvironmentVariable("CI") is "true")
                Assert.Fail(message);
            Assert.Skip(message);
        }
        string path = System.IO.Path.Combine(root!, relative);
        Assert.True(System.IO.Path.Exists(path), $"{path} is missing from ../shared");
        return path;
    }

    /// <summary>Parses a JSON file of <c>tests/reference</c> or, of those that are too large for it or not ours to hand on, below <c>../shared/reference</c>.</summary>
    public static JsonDocument Json(string name)
    {
        string own = System.IO.Path.Combine(RepositoryRoot, "tests", "reference", name);
        return JsonDocument.Parse(File.ReadAllBytes(File.Exists(own) ? own : Path($"reference/{name}")));
    }

    private static string FindRepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "IntraDistill.Kit.csproj")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"no IntraDistill.Kit.csproj above {AppContext.BaseDirectory}");
    }

    private static string? FindShared()
    {
        string beside = System.IO.Path.GetFullPath(System.IO.Path.Combine(RepositoryRoot, "..", "shared"));
        return Directory.Exists(beside) ? beside : null;
    }
}

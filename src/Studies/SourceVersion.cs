using System.ComponentModel;
using System.Diagnostics;

namespace IntraDistill;

/// <summary>The commit of the sources that a run is made with, as git tells it.</summary>
/// <param name="Commit">Its full hash.</param>
/// <param name="Dirty">Whether something was changed since; null where that cannot be told.</param>
internal sealed record SourceVersion(string Commit, bool? Dirty)
{
    private const int GitTimeout = 30_000;   // ms; a large work tree on a slow disk

    /// <summary>The version of the work tree that a folder lies in; null where it lies in none, or git is not installed.</summary>
    public static SourceVersion? Of(string folder)
    {
        if (Git(folder, "rev-parse", "--verify", "HEAD") is not { } commit)
            return null;
        string? changes = Git(folder, "status", "--porcelain");
        return new SourceVersion(commit.Trim(), changes is null ? null : changes.Length > 0);
    }

    private static string? Git(string folder, params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["--no-optional-locks", .. arguments])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
            })!;
            git.StandardInput.Close();
            _ = git.StandardError.ReadToEndAsync();
            Task<string> output = git.StandardOutput.ReadToEndAsync();
            if (!git.WaitForExit(GitTimeout))
            {
                git.Kill();
                return null;
            }
            return git.ExitCode == 0 ? output.GetAwaiter().GetResult() : null;
        }
        catch (Win32Exception)
        {
            return null;   // git is not installed
        }
    }
}

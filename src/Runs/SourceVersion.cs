using System.ComponentModel;
using System.Diagnostics;

namespace IntraDistill.Runs;

/// <summary>The commit of the sources that a run is made with.</summary>
/// <param name="Commit">Its full hash.</param>
/// <param name="Dirty">Whether something was changed since; null where that cannot be told.</param>
internal sealed record SourceVersion(string Commit, bool? Dirty)
{
    private const int GitTimeout = 30_000;   // ms; a large work tree on a slow disk

    /// <summary>The version of the work tree that a folder lies in; null where it lies in none.</summary>
    public static SourceVersion? Of(string folder)
    {
        if (Git(folder, "rev-parse", "--verify", "HEAD") is { } commit)
        {
            string? changes = Git(folder, "status", "--porcelain");
            return new SourceVersion(commit.Trim(), changes is null ? null : changes.Length > 0);
        }
        return FromFiles(folder) is { } head ? new SourceVersion(head, null) : null;
    }

    /// <summary>The commit as git's own files tell it: git need not be installed.</summary>
    internal static string? FromFiles(string folder)
    {
        try
        {
            return Find(folder) is { } git ? Resolve(git) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Find(string folder)
    {
        for (DirectoryInfo? at = new(folder); at is not null; at = at.Parent)
        {
            string git = Path.Combine(at.FullName, ".git");
            if (Directory.Exists(git))
                return git;
            // A work tree of its own: "gitdir: PATH".
            if (File.Exists(git) && File.ReadAllText(git).Split(':', 2) is ["gitdir", string path])
                return Path.Combine(at.FullName, path.Trim());
        }
        return null;
    }

    private static string? Resolve(string git)
    {
        string head = File.ReadAllText(Path.Combine(git, "HEAD")).Trim();
        if (head.Split(':', 2) is not ["ref", string reference])
            return IsHash(head) ? head : null;
        reference = reference.Trim();
        // A work tree's branches lie with the repository that it belongs to.
        string common = Path.Combine(git, "commondir");
        string root = File.Exists(common) ? Path.Combine(git, File.ReadAllText(common).Trim()) : git;
        string loose = Path.Combine(root, reference), packed = Path.Combine(root, "packed-refs");
        string? hash = File.Exists(loose) ? File.ReadAllText(loose).Trim()
            : File.Exists(packed) ? File.ReadLines(packed).Select(line => line.Split(' '))
                .FirstOrDefault(parts => parts.Length == 2 && parts[1] == reference)?[0]
            : null;
        return hash is not null && IsHash(hash) ? hash : null;
    }

    private static bool IsHash(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);

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

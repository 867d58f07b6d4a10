using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>A run that this process works at, or found done. While it is at work no other process gets it; disposing it without
/// <see cref="Finish"/> leaves it unfinished, to be gone on with. One thread at a time. What writes throws
/// <see cref="InvalidOperationException"/> where the run is done or disposed.</summary>
public sealed class RunFolder : StoredRun, IDisposable
{
    private readonly RunLock? _lock;
    private FileStream? _metrics;

    private RunFolder(StoredRun run, RunLock? held) : base(run, held is null ? RunStatus.Done : RunStatus.Running) => _lock = held;

    /// <summary>Whether there is nothing to do: the result is there.</summary>
    public bool IsDone => Status == RunStatus.Done;

    /// <summary>Appends a line to the metrics: <c>run.Log(("update", 100), ("loss", 2.3))</c>. It outlives a killed process.</summary>
    /// <exception cref="IntraDistillException">A name is empty or comes twice.</exception>
    public void Log(params IEnumerable<(string Name, RunValue Value)> values)
    {
        CheckAtWork();
        string line = new RunValues(values).ToJson();
        _metrics ??= new FileStream(MetricsPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        _metrics.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _metrics.Flush();
    }

    /// <summary>Drops the metrics after a point, to go on from a checkpoint before them: <c>run.Rewind("update", trainer.Result.Update)</c>
    /// keeps the lines up to that update, so that none comes twice. Lines without the value that counts stay.</summary>
    /// <exception cref="IntraDistillException">A line is not what was written.</exception>
    public void Rewind(string name, double last)
    {
        CheckAtWork();
        CloseMetrics();
        if (File.Exists(MetricsPath))
            RunFiles.Write(MetricsPath, string.Concat(Metrics().Where(line => !line.TryGet(name, out var value) || value.Number <= last)
                .Select(line => line.ToJson() + "\n")));
    }

    /// <summary>Stores hypotheses, one a line, replacing earlier ones of the same set.</summary>
    /// <param name="hypotheses">The lines.</param>
    /// <param name="of">Which set they are of, where a run has several: <c>hypotheses.NAME.txt</c> then, of letters, digits, - and .
    /// only.</param>
    /// <exception cref="IntraDistillException">A hypothesis has a line break in it, or the set another name.</exception>
    public void WriteHypotheses(IReadOnlyList<string> hypotheses, string? of = null)
    {
        CheckAtWork();
        string path = Path.Combine(Folder, RunOutputs.HypothesesOf(of));
        for (int i = 0; i < hypotheses.Count; i++)
            if (hypotheses[i].Contains('\n'))
                throw new IntraDistillException($"{Name}: hypothesis {i + 1} has a line break in it; they are stored one a line");
        RunFiles.Write(path, string.Concat(hypotheses.Select(line => line + "\n")));
    }

    /// <summary>Stores the result, with count and checksum of all that was stored before, which makes the run done; lets go of
    /// it.</summary>
    /// <exception cref="IntraDistillException">A name is empty or comes twice.</exception>
    public void Finish(params IEnumerable<(string Name, RunValue Value)> result)
    {
        CheckAtWork();
        var values = new RunValues(result);
        _metrics?.Flush(flushToDisk: true);
        CloseMetrics();
        RunOutputs.Write(Folder, values);
        (Result, Status) = (values, RunStatus.Done);
        Dispose();
    }

    /// <summary>Lets go of the run.</summary>
    public void Dispose()
    {
        CloseMetrics();
        _lock?.Dispose();
        if (!IsDone)
            Status = RunStatus.Unfinished;
    }

    private string MetricsPath => Path.Combine(Folder, RunFiles.Metrics);

    /// <summary>Opens a folder for a config, new or unfinished or done; null where it belongs to another config, another layout or to no
    /// run. What is broken is put aside.</summary>
    /// <exception cref="RunInUseException">Another process is at it.</exception>
    internal static RunFolder? Open(string folder, string label, RunConfig config, Device? device)
    {
        if (IsForeign(folder))
            return null;
        StoredRun? there = Read(folder);
        if (there?.MayBeOf(config) == false)
            return null;
        if (there?.Status == RunStatus.Done)
            return new RunFolder(there, held: null);
        Directory.CreateDirectory(folder);
        RunLock? held = RunLock.Take(folder);
        try
        {
            // Read again: until just now another process may have had it.
            there = Read(folder);
            if (there is null || there.Status == RunStatus.Broken && there.MayBeOf(config))
            {
                RunFiles.SetAside(folder);
                WriteConfig(folder, label, config, device);
                there = Read(folder)!;
            }
            if (there.IsOf(config) && there.Status is RunStatus.Running or RunStatus.Unfinished)
            {
                DropTornLine(Path.Combine(folder, RunFiles.Metrics));
                var run = new RunFolder(there, held);
                held = null;
                return run;
            }
            return there.IsOf(config) && there.Status == RunStatus.Done ? new RunFolder(there, held: null) : null;
        }
        finally
        {
            held?.Dispose();
        }
    }

    // Whether somebody else's files are in the folder. A run begins with its lock.
    private static bool IsForeign(string folder)
    {
        if (!Directory.Exists(folder))
            return File.Exists(folder);
        // One look: between two, another process may begin this very run.
        string?[] names = [.. Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName)];
        return names.Length > 0 && !names.Contains(RunFiles.Lock) && !names.Contains(RunFiles.Config);
    }

    private static void WriteConfig(string folder, string label, RunConfig config, Device? device)
    {
        SourceVersion? version = SourceVersion.Of(Environment.CurrentDirectory) ?? SourceVersion.Of(folder);
        static string Json(object? value) => JsonSerializer.Serialize(value, RunValue.Readable);
        RunFiles.Write(Path.Combine(folder, RunFiles.Config), $$"""
            {
              "layout": {{Layout}},
              "label": {{Json(label)}},
              "config": {{config.ToJson()}},
              "hash": {{Json(config.Hash)}},
              "started": {{Json(DateTime.UtcNow)}},
              "commit": {{Json(version?.Commit)}},
              "dirty": {{Json(version?.Dirty)}},
              "machine": {{Json(Machine.Describe(device ?? CPU))}},
              "kit": {{Json(RunConfig.KitVersion)}}
            }

            """);
    }

    // Cuts off what a killed process left of a line.
    private static void DropTornLine(string metrics)
    {
        if (File.Exists(metrics) && RunFiles.Read(metrics) is { Length: > 0 } text && text[^1] != '\n')
            RunFiles.Write(metrics, text[..(text.LastIndexOf('\n') + 1)]);
    }

    private void CloseMetrics()
    {
        _metrics?.Dispose();
        _metrics = null;
    }

    private void CheckAtWork()
    {
        if (Status != RunStatus.Running)
            throw new InvalidOperationException($"{Name} is {(IsDone ? "done" : "disposed")}: nothing can be written to it");
    }
}

/// <summary>The commit of the sources that a run is made with, as git tells it.</summary>
/// <param name="Commit">Its full hash.</param>
/// <param name="Dirty">Whether something was changed since; null where that cannot be told.</param>
internal sealed record SourceVersion(string Commit, bool? Dirty)
{
    private const int GitTimeout = 30_000;   // ms; a large work tree on a slow disk

    /// <summary>The version of the work tree that a folder lies in; null where it lies in none, or git is not installed.</summary>
    public static SourceVersion? Of(string folder) => Git(folder, "rev-parse", "--verify", "HEAD") is { } commit
        ? new(commit.Trim(), Git(folder, "status", "--porcelain") is { } changes ? changes.Length > 0 : null) : null;

    private static string? Git(string folder, params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["--no-optional-locks", .. arguments])
            {
                WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
            })!;
            git.StandardInput.Close();
            _ = git.StandardError.ReadToEndAsync();
            Task<string> output = git.StandardOutput.ReadToEndAsync();
            if (git.WaitForExit(GitTimeout))
                return git.ExitCode == 0 ? output.GetAwaiter().GetResult() : null;
            git.Kill();
        }
        catch (Win32Exception) { }      // git is not installed
        return null;
    }
}

using System.Reflection;
using System.Text;
using System.Text.Json;
using IntraDistill.Training;
using static TorchSharp.torch;

namespace IntraDistill.Runs;

/// <summary>
/// A run that this process works at, or found done. While it is at work no other process gets it; disposing it without
/// <see cref="Finish"/> leaves it unfinished, to be gone on with. One thread at a time.
/// </summary>
public sealed class RunFolder : StoredRun, IDisposable
{
    private readonly RunLock? _lock;
    private FileStream? _metrics;

    private RunFolder(string folder, RunConfig config, RunOrigin origin, RunStatus status, RunValues? result, RunLock? held)
        : base(folder, config, origin, status, result, null) => _lock = held;

    /// <summary>Whether there is nothing to do: the result is there.</summary>
    public bool IsDone => Status == RunStatus.Done;

    /// <summary>
    /// Appends a line to the metrics: <c>run.Log(("update", 100), ("loss", 2.3))</c>. It outlives a killed process.
    /// </summary>
    /// <exception cref="IntraDistillException">A name is empty or comes twice.</exception>
    /// <exception cref="InvalidOperationException">The run is done or disposed.</exception>
    public void Log(params IEnumerable<(string Name, RunValue Value)> values)
    {
        CheckAtWork();
        string line = new RunValues(values).ToJson();
        _metrics ??= new FileStream(MetricsPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        _metrics.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _metrics.Flush();
    }

    /// <summary>
    /// Drops the metrics after a point, to go on from a checkpoint before them:
    /// <c>run.Rewind("update", trainer.Result.Update)</c> keeps the lines up to that update, so that none comes twice.
    /// </summary>
    /// <param name="name">The value that counts; lines without it stay.</param>
    /// <param name="last">The highest that stays.</param>
    /// <exception cref="RunFileException">A line is not what was written.</exception>
    /// <exception cref="InvalidOperationException">The run is done or disposed.</exception>
    public void Rewind(string name, double last)
    {
        CheckAtWork();
        CloseMetrics();
        if (!File.Exists(MetricsPath))
            return;
        IEnumerable<string> kept = Metrics().Where(line => !line.TryGet(name, out var value) || value.Number <= last)
            .Select(line => line.ToJson() + "\n");
        RunFiles.Write(MetricsPath, string.Concat(kept));
    }

    /// <summary>Stores the hypotheses, one a line, replacing earlier ones.</summary>
    /// <exception cref="IntraDistillException">A hypothesis has a line break in it.</exception>
    /// <exception cref="InvalidOperationException">The run is done or disposed.</exception>
    public void WriteHypotheses(IReadOnlyList<string> hypotheses)
    {
        CheckAtWork();
        for (int i = 0; i < hypotheses.Count; i++)
        {
            if (hypotheses[i].Contains('\n'))
                throw new IntraDistillException($"{Name}: hypothesis {i + 1} has a line break in it; they are stored one a line");
        }
        RunFiles.Write(Path.Combine(Folder, RunFiles.Hypotheses), string.Concat(hypotheses.Select(line => line + "\n")));
    }

    /// <summary>Stores the result, which makes the run done, and lets go of it.</summary>
    /// <exception cref="IntraDistillException">A name is empty or comes twice.</exception>
    /// <exception cref="InvalidOperationException">The run is done or disposed.</exception>
    public void Finish(params IEnumerable<(string Name, RunValue Value)> result)
    {
        CheckAtWork();
        var values = new RunValues(result);
        _metrics?.Flush(flushToDisk: true);
        RunFiles.Write(Path.Combine(Folder, RunFiles.Result), values.ToJson() + "\n");
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

    /// <summary>
    /// Opens a folder for a config, new or unfinished or done; null where it belongs to another config or to no run.
    /// </summary>
    /// <exception cref="RunInUseException">Another process is at it.</exception>
    /// <exception cref="RunFileException">What is in it was damaged.</exception>
    internal static RunFolder? Open(string folder, string label, RunConfig config, Device? device)
    {
        if (IsForeign(folder))
            return null;
        bool known = File.Exists(Path.Combine(folder, RunFiles.Config));
        if (known && FindDone(folder, config) is { } done)
            return done;
        Directory.CreateDirectory(folder);
        RunLock held = RunLock.Take(folder);
        try
        {
            // Read again: until just now another process may have had it.
            if (!File.Exists(Path.Combine(folder, RunFiles.Config)))
                WriteConfig(folder, label, config, device);
            var (stored, origin) = ReadConfig(folder);
            if (stored.Equals(config) && ReadResult(folder) is null)
            {
                DropTornLine(Path.Combine(folder, RunFiles.Metrics));
                return new RunFolder(folder, stored, origin, RunStatus.Running, null, held);
            }
        }
        catch
        {
            held.Dispose();
            throw;
        }
        held.Dispose();
        return FindDone(folder, config);
    }

    private static RunFolder? FindDone(string folder, RunConfig config)
    {
        var (stored, origin) = ReadConfig(folder);
        return stored.Equals(config) && ReadResult(folder) is { } result
            ? new RunFolder(folder, stored, origin, RunStatus.Done, result, null) : null;
    }

    /// <summary>Whether somebody else's files are in the folder. A run begins with its lock.</summary>
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
        string kit = typeof(RunFolder).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        static string Json(object? value) => JsonSerializer.Serialize(value, RunValue.Readable);
        RunFiles.Write(Path.Combine(folder, RunFiles.Config), $$"""
            {
              "label": {{Json(label)}},
              "config": {{config.ToJson()}},
              "hash": {{Json(config.Hash)}},
              "started": {{Json(DateTime.UtcNow)}},
              "commit": {{Json(version?.Commit)}},
              "dirty": {{Json(version?.Dirty)}},
              "machine": {{Json(Machine.Describe(device ?? CPU))}},
              "kit": {{Json(kit)}}
            }

            """);
    }

    /// <summary>Cuts off what a killed process left of a line.</summary>
    private static void DropTornLine(string path)
    {
        if (!File.Exists(path))
            return;
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        for (long end = file.Length; end > 0; end--)
        {
            file.Position = end - 1;
            if (file.ReadByte() != '\n')
                continue;
            file.SetLength(end);
            return;
        }
        file.SetLength(0);
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

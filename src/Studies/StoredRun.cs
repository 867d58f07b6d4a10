using System.Globalization;
using System.Text.Json;

namespace IntraDistill;

/// <summary>How far a stored run is.</summary>
public enum RunStatus
{
    /// <summary>Its result is there.</summary>
    Done,

    /// <summary>A process is at it.</summary>
    Running,

    /// <summary>Interrupted: starting it again goes on with it.</summary>
    Unfinished,

    /// <summary>A file of it cannot be read or is not what was stored. Starting it again puts its files aside and begins anew.</summary>
    Broken,

    /// <summary>Another version of the kit stored it, in another way; it is never found for a config, and never written to.</summary>
    OtherLayout,
}

/// <summary>Where a run was made, from its <c>config.json</c>: the label it was started with, when it was first started (UTC), the commit
/// of the sources (null where they are in no git repository) and whether they were changed since (null where that cannot be told),
/// processor, memory, system and device, and the kit's version.</summary>
public sealed record RunOrigin(string Label, DateTime Started, string? Commit, bool? Dirty, string Machine, string Kit)
{
    /// <summary>By which commit, as <c>3f2a9c01, changed</c>; null where that is not known.</summary>
    internal string? CommitInWords => Commit is null ? null : Commit[..8] + (Dirty == true ? ", changed" : "");

    /// <summary>As <c>2026-11-27, commit 3f2a9c01. Made on: AMD EPYC, 2 cores</c>.</summary>
    public string InWords => FormattableString.Invariant($"{Started:yyyy-MM-dd}, ")
        + $"{(CommitInWords is { } commit ? $"commit {commit}" : "no commit")}. Made on: {Machine}";
}

/// <summary>A run in its folder, as it was when it was looked up.</summary>
public class StoredRun
{
    /// <summary>The number of the way in which this kit stores runs.</summary>
    internal const int Layout = 2;

    private readonly string? _hash;
    private readonly RunConfig? _config;
    private readonly RunOrigin? _origin;

    private StoredRun(string folder, RunStatus status, string? hash = null, RunConfig? config = null, RunOrigin? origin = null,
        RunValues? result = null, string? problem = null)
    {
        (Folder, Status, Result, Problem) = (folder, status, result, problem);
        (_hash, _config, _origin) = (hash, config, origin);
    }

    private protected StoredRun(StoredRun run, RunStatus status)
        : this(run.Folder, status, run._hash, run._config, run._origin, run.Result) { }

    /// <summary>The run's folder, as a full path.</summary>
    public string Folder { get; }

    /// <summary>The name of its folder.</summary>
    public string Name => Path.GetFileName(Folder);

    /// <summary>How far it is.</summary>
    public RunStatus Status { get; private protected set; }

    /// <summary>Its result; null unless it is done.</summary>
    public RunValues? Result { get; private protected set; }

    /// <summary>In one line, if it is broken, which file and what was expected of it; of another layout, what to do.</summary>
    public string? Problem { get; }

    /// <summary>Its settings.</summary>
    /// <exception cref="IntraDistillException">They cannot be read: <see cref="Problem"/>.</exception>
    public RunConfig Config => _config ?? throw new IntraDistillException(Problem!);

    /// <summary>Where it was made.</summary>
    /// <exception cref="IntraDistillException">It cannot be read: <see cref="Problem"/>.</exception>
    public RunOrigin Origin => _origin ?? throw new IntraDistillException(Problem!);

    /// <summary>Where its checkpoints belong (<see cref="TrainerSettings.CheckpointFolder"/>); the trainer creates it.</summary>
    public string CheckpointFolder => Path.Combine(Folder, RunFiles.Checkpoints);

    /// <summary>The lines of its metrics so far, in order. A last line that was not written whole is left out.</summary>
    /// <exception cref="IntraDistillException">A line is not what was written.</exception>
    public IReadOnlyList<RunValues> Metrics()
    {
        string path = Path.Combine(Folder, RunFiles.Metrics);
        return !File.Exists(path) ? [] : [.. RunFiles.Read(path).Split('\n').SkipLast(1).Select((line, i) =>
            RunFiles.Parse(path, i + 1, line, element => new RunValues(RunValues.Read(element))))];
    }

    /// <summary>Its hypotheses (of a set, where a run has several) in the order of the test set; null where none are stored.</summary>
    /// <exception cref="IntraDistillException">The file cannot be read, or the set's name is not one of letters, digits, - and
    /// .</exception>
    public IReadOnlyList<string>? Hypotheses(string? of = null)
    {
        string path = Path.Combine(Folder, RunOutputs.HypothesesOf(of));
        return Path.Exists(path) ? RunFiles.Read(path).Split('\n')[..^1] : null;
    }

    /// <summary>Deletes the checkpoints and the best weights, which only a run that is to go on needs; they are most of its size.</summary>
    /// <exception cref="InvalidOperationException">The run is not done.</exception>
    public void DeleteCheckpoints()
    {
        if (Status != RunStatus.Done)
            throw new InvalidOperationException($"{Name} is not done: it goes on from its checkpoints");
        if (Directory.Exists(CheckpointFolder))
            Directory.Delete(CheckpointFolder, recursive: true);
    }

    /// <summary>Name and status.</summary>
    public override string ToString() =>
        $"{Name}: {(Status == RunStatus.OtherLayout ? "other layout" : Status.ToString().ToLowerInvariant())} {Result}".TrimEnd();

    /// <summary>Whether this is the run of a config; a broken one by the hash that it says it has.</summary>
    internal bool IsOf(RunConfig config) => Status switch
    {
        RunStatus.Broken => _hash == config.Hash,
        RunStatus.OtherLayout => false,
        _ => config.Equals(_config),
    };

    /// <summary>Whether a folder of the name that a config's run has may hold that run, as far as a broken one can be read.</summary>
    internal bool MayBeOf(RunConfig config) =>
        IsOf(config) || Status == RunStatus.Broken && (_hash is null || config.Equals(_config));

    /// <summary>Looks a run up, and whether its files are what was stored; null where the folder holds none, or none of the only config
    /// that counts: the files of others are then not read.</summary>
    internal static StoredRun? Read(string folder, RunConfig? only = null)
    {
        string path = Path.Combine(folder, RunFiles.Config);
        // A done run that has lost its config is one, too.
        if (!Path.Exists(path) && !Path.Exists(Path.Combine(folder, RunFiles.Result)))
            return null;
        string? hash = null;
        RunConfig? config = null;
        RunOrigin? origin = null;
        try
        {
            string text = RunFiles.Read(path);
            int layout = Parse(LayoutOf);
            if (layout != Layout)
                return new StoredRun(folder, RunStatus.OtherLayout, problem: $"{path}: has layout {layout}, which "
                    + $"{(layout < Layout ? "an older" : "a newer")} version of the kit wrote, and this one reads layout {Layout}: "
                    + "run it again, which takes another folder, and delete this one once it is not needed");
            hash = Parse(root => RunFiles.Get(root, "hash").GetString());
            (config, origin) = Parse(ConfigOf);
            if (hash != config.Hash)
                throw new RunFileException(path, 0,
                    "was changed after it was written: the hash in it is not the one of the config beside it");
            if (only is not null && !only.Equals(config))
                return null;
            RunValues? result = RunOutputs.ReadResult(folder);
            var status = result is not null ? RunStatus.Done : RunLock.IsHeld(folder) ? RunStatus.Running : RunStatus.Unfinished;
            return new StoredRun(folder, status, hash, config, origin, result);

            T Parse<T>(Func<JsonElement, T> read) => RunFiles.Parse(path, 1, text, read);
        }
        catch (RunFileException error)
        {
            return new StoredRun(folder, RunStatus.Broken, hash, config, origin, problem: error.Message);
        }
    }

    // The first had no number.
    private static int LayoutOf(JsonElement root) => root.TryGetProperty("layout", out JsonElement layout) ? layout.GetInt32()
        : root.TryGetProperty("config", out _) && root.TryGetProperty("hash", out _) ? 1
        : throw new FormatException("\"layout\" is missing");

    private static (RunConfig, RunOrigin) ConfigOf(JsonElement root) => (
        RunConfig.From(RunValues.Read(RunFiles.Get(root, "config"))),
        new RunOrigin(
            RunFiles.Get(root, "label").GetString()!,
            RunFiles.Get(root, "started").GetDateTime().ToUniversalTime(),
            RunFiles.Get(root, "commit").GetString(),
            RunFiles.Get(root, "dirty") is { ValueKind: not JsonValueKind.Null } dirty ? dirty.GetBoolean() : null,
            RunFiles.Get(root, "machine").GetString()!,
            RunFiles.Get(root, "kit").GetString()!));
}

using System.Globalization;
using System.Text.Json;

namespace IntraDistill.Runs;

/// <summary>How far a stored run is.</summary>
public enum RunStatus
{
    /// <summary>Its result is there.</summary>
    Done,

    /// <summary>A process is at it.</summary>
    Running,

    /// <summary>Interrupted: starting it again goes on with it.</summary>
    Unfinished,

    /// <summary>Its <c>config.json</c> or <c>result.json</c> cannot be read; <see cref="StoredRun.Problem"/> says why.</summary>
    Broken,
}

/// <summary>What is known of where a run was made. Comes from its <c>config.json</c>.</summary>
/// <param name="Label">The label it was started with.</param>
/// <param name="Started">When it was first started, UTC.</param>
/// <param name="Commit">The commit of the sources, or null where they are in no git repository.</param>
/// <param name="Dirty">Whether the sources were changed since that commit; null where that cannot be told.</param>
/// <param name="Machine">Processor, memory, system and device.</param>
/// <param name="Kit">The kit's version.</param>
public sealed record RunOrigin(string Label, DateTime Started, string? Commit, bool? Dirty, string Machine, string Kit);

/// <summary>A run in its folder, as it was when it was looked up.</summary>
public class StoredRun
{
    private readonly RunConfig? _config;
    private readonly RunOrigin? _origin;

    private protected StoredRun(
        string folder, RunConfig? config, RunOrigin? origin, RunStatus status, RunValues? result, string? problem)
    {
        Folder = folder;
        (_config, _origin) = (config, origin);
        (Status, Result, Problem) = (status, result, problem);
    }

    /// <summary>The run's folder, as a full path.</summary>
    public string Folder { get; }

    /// <summary>The name of its folder.</summary>
    public string Name => Path.GetFileName(Folder);

    /// <summary>How far it is.</summary>
    public RunStatus Status { get; private protected set; }

    /// <summary>Its result; null unless it is done.</summary>
    public RunValues? Result { get; private protected set; }

    /// <summary>Why it is broken, naming file and line; null otherwise.</summary>
    public string? Problem { get; }

    /// <summary>Its settings.</summary>
    /// <exception cref="IntraDistillException">It is broken.</exception>
    public RunConfig Config => _config ?? throw new IntraDistillException(Problem!);

    /// <summary>Where it was made.</summary>
    /// <exception cref="IntraDistillException">It is broken.</exception>
    public RunOrigin Origin => _origin ?? throw new IntraDistillException(Problem!);

    /// <summary>
    /// Where its checkpoints belong (<see cref="Training.TrainerSettings.CheckpointFolder"/>); the trainer creates it.
    /// </summary>
    public string CheckpointFolder => Path.Combine(Folder, RunFiles.Checkpoints);

    /// <summary>The lines of its metrics so far, in order. A last line that was not written whole is left out.</summary>
    /// <exception cref="RunFileException">A line is not what was written.</exception>
    public IReadOnlyList<RunValues> Metrics()
    {
        string path = Path.Combine(Folder, RunFiles.Metrics);
        if (!File.Exists(path))
            return [];
        string[] lines = RunFiles.Read(path).Split('\n');
        return [.. lines.SkipLast(1).Select((line, i) =>
            RunFiles.Parse(path, i + 1, line, element => new RunValues(RunValues.Read(element))))];
    }

    /// <summary>Its hypotheses in the order of the test set; null where none are stored.</summary>
    /// <exception cref="RunFileException">The file cannot be read.</exception>
    public IReadOnlyList<string>? Hypotheses()
    {
        string path = Path.Combine(Folder, RunFiles.Hypotheses);
        return File.Exists(path) ? RunFiles.Read(path).Split('\n')[..^1] : null;
    }

    /// <summary>
    /// Deletes the checkpoints, which only a run that is to go on needs; they are most of its size. The best weights go with them.
    /// </summary>
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
        $"{Name}: {Status.ToString().ToLower(CultureInfo.InvariantCulture)}{(Result is null ? "" : $" {Result}")}";

    /// <summary>Whether this is the run of a config; not where that cannot be read.</summary>
    internal bool IsOf(RunConfig config) => config.Equals(_config);

    /// <summary>Looks a run up; null where the folder holds none.</summary>
    internal static StoredRun? Read(string folder)
    {
        if (!File.Exists(Path.Combine(folder, RunFiles.Config)))
            return null;
        RunConfig? config = null;
        RunOrigin? origin = null;
        try
        {
            (config, origin) = ReadConfig(folder);
            RunValues? result = ReadResult(folder);
            var status = result is not null ? RunStatus.Done : RunLock.IsHeld(folder) ? RunStatus.Running : RunStatus.Unfinished;
            return new StoredRun(folder, config, origin, status, result, null);
        }
        catch (RunFileException error)
        {
            return new StoredRun(folder, config, origin, RunStatus.Broken, null, error.Message);
        }
    }

    /// <summary>The content of <c>config.json</c>.</summary>
    internal static (RunConfig Config, RunOrigin Origin) ReadConfig(string folder)
    {
        string path = Path.Combine(folder, RunFiles.Config);
        return RunFiles.Parse(path, 1, RunFiles.Read(path), root => (
            RunConfig.From(RunValues.Read(root.GetProperty("config"))),
            new RunOrigin(
                root.GetProperty("label").GetString()!,
                root.GetProperty("started").GetDateTime().ToUniversalTime(),
                root.GetProperty("commit").GetString(),
                root.GetProperty("dirty") is { ValueKind: not JsonValueKind.Null } dirty ? dirty.GetBoolean() : null,
                root.GetProperty("machine").GetString()!,
                root.GetProperty("kit").GetString()!)));
    }

    /// <summary>The content of <c>result.json</c>; null where it is not there.</summary>
    internal static RunValues? ReadResult(string folder)
    {
        string path = Path.Combine(folder, RunFiles.Result);
        return File.Exists(path)
            ? RunFiles.Parse(path, 1, RunFiles.Read(path), element => new RunValues(RunValues.Read(element)))
            : null;
    }
}

using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Runs on disk, a folder each: <c>config.json</c> (settings, seed, commit, machine), <c>metrics.jsonl</c>, <c>hypotheses.txt</c>,
/// <c>checkpoints/</c> and, written last, <c>result.json</c>. A run that is done is found again and never done twice; one that was
/// interrupted goes on. One whose files are not what was stored (<c>config.json</c> has the hash of its config, <c>result.json</c> count
/// and checksum of all files) is broken: it is shown as that, and can be run again.</summary>
/// <remarks>Several processes may share the folder. On one machine it is certain that no two work at a run; among machines this is as sure
/// as the shared file system's locks (NFS 4, SMB, GPFS, Lustre mounted with <c>flock</c>); a mount that has none, or keeps them to itself
/// (<c>localflock</c>, <c>nolock</c>), guards against processes of the same machine only.</remarks>
/// <param name="folder">The folder of the runs; created when the first one starts.</param>
public sealed class RunStore(string folder)
{
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromSeconds(1);

    /// <summary>The folder of the runs, as a full path.</summary>
    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>All runs, by the name of their folder; broken ones and those of another layout are among them, and say so. Folders that
    /// hold no run are passed over.</summary>
    public IReadOnlyList<StoredRun> All() => [.. Runs()];

    /// <summary>The run of a config, or null, whatever its label and folder; a broken one only if there is no other.</summary>
    public StoredRun? Find(RunConfig config) =>
        Runs(only: config).Where(run => run.IsOf(config)).MinBy(run => run.Status == RunStatus.Broken);

    /// <summary>Starts the run of a config; goes on with it if it was interrupted; returns it as it is, with
    /// <see cref="RunFolder.IsDone"/>, if it is done. If it is broken, its files are moved to a folder beside it (<c>NAME.broken-1</c>),
    /// which stays listed as broken, and it begins anew. Nothing of another run is ever touched.</summary>
    /// <param name="label">A few words that begin the name of a new run's folder.</param>
    /// <param name="config">Its settings.</param>
    /// <param name="device">What it computes on, for the record; the CPU if null.</param>
    /// <exception cref="RunInUseException">Another process is at it, or this one is already.</exception>
    public RunFolder Start(string label, RunConfig config, Device? device = null)
    {
        // More digits only where the name is taken, by another run of the same first digits or by something else.
        IEnumerable<string> names = Find(config) is { } known && !RunFiles.IsSetAside(known.Folder)
            ? [known.Name] : new[] { 6, 12, 64 }.Select(digits => config.FolderName(label, digits));
        return names.Select(name => RunFolder.Open(Path.Combine(Folder, name), label, config, device)).OfType<RunFolder>().FirstOrDefault()
            ?? throw new IntraDistillException($"{Folder}: no folder for {label} ({config.Hash}): its names are taken by other files");
    }

    /// <summary>As <see cref="Start"/>, but waits while another process is at the run, and tells for whom, once. For what several processes
    /// need and one makes: the tasks of a job array their pretraining. If that process ends without a result, this one goes on.</summary>
    /// <exception cref="RunInUseException">This process is at it already, or, where the file system has no locks, one of another machine:
    /// it may be dead.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while it waited.</exception>
    public async Task<RunFolder> StartWhenFreeAsync(string label, RunConfig config, Device? device = null,
        Action<string>? waiting = null, CancellationToken cancellation = default)
    {
        while (true)
        {
            string taken;
            try
            {
                return Start(label, config, device);
            }
            catch (RunInUseException error) when (error.WillEnd)
            {
                taken = error.Folder;
                waiting?.Invoke($"Waiting for {error.Message}.");
                waiting = null;
            }
            do
                await Task.Delay(s_lookAgain, cancellation);
            while (RunLock.IsHeld(taken));
        }
    }

    private IEnumerable<StoredRun> Runs(RunConfig? only = null) => !Directory.Exists(Folder) ? [] : Directory.EnumerateDirectories(Folder)
        .Order(StringComparer.Ordinal).Select(run => StoredRun.Read(run, only)).OfType<StoredRun>();
}

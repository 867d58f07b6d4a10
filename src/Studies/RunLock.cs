using System.Text.Json;

namespace IntraDistill;

/// <summary>Keeps a run's folder to one process: the file <c>lock</c> is open exclusively as long as the process lives, so that a killed
/// one leaves no lock behind; <c>owner.json</c> says who that is. Among machines it is as good as the locks of the shared disk: see
/// <see cref="RunStore"/>.</summary>
internal sealed class RunLock : IDisposable
{
    private const int Retries = 5, RetryAfter = 40;   // ms

    private readonly FileStream _lock;
    private readonly string _owner;

    private RunLock(FileStream held, string owner) => (_lock, _owner) = (held, owner);

    private sealed record Owner(string Host, int Process, DateTime Since)
    {
        public override string ToString() =>
            FormattableString.Invariant($"process {Process} on {Host} since {Since:yyyy-MM-dd HH:mm:ss} UTC");
    }

    /// <summary>Takes the lock of a folder that is there.</summary>
    /// <exception cref="RunInUseException">Another process has it, or this one has it already.</exception>
    public static RunLock Take(string folder)
    {
        string file = Path.Combine(folder, RunFiles.Lock), owner = Path.Combine(folder, RunFiles.Owner);
        FileStream? held = TryOpen(file);
        // Whoever lists the runs looks at the lock for a moment, and that is in the way as well.
        for (int i = 0; held is null && i < Retries; i++)
        {
            Thread.Sleep(RetryAfter);
            held = TryOpen(file);
        }
        if (held is null)
            throw InUse(folder, owner);
        try
        {
            RunFiles.Write(owner, JsonSerializer.Serialize(new Owner(Environment.MachineName, Environment.ProcessId, DateTime.UtcNow)));
            return new RunLock(held, owner);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Whether somebody has the lock of a folder now. Changes nothing that lasts.</summary>
    public static bool IsHeld(string folder)
    {
        string file = Path.Combine(folder, RunFiles.Lock);
        if (!File.Exists(file))
            return false;
        try
        {
            // To read, so that one may look at runs that one may not write. The shared lock it asks for excludes the holder's.
            using var look = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose()
    {
        if (!_lock.CanWrite)
            return;
        File.Delete(_owner);
        _lock.Dispose();
    }

    private static FileStream? TryOpen(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(file))
        {
            return null;
        }
    }

    private static RunInUseException InUse(string folder, string owner) => ReadOwner(owner) switch
    {
        null => new(folder, "held by a process that just took it", willEnd: true),
        var me when me.Process == Environment.ProcessId && me.Host == Environment.MachineName =>
            new(folder, "this process has the run open already; dispose that RunFolder first", willEnd: false),
        var other => new(folder, $"held by {other}", willEnd: true),
    };

    private static Owner? ReadOwner(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Owner>(RunFiles.Read(file));
        }
        catch (Exception error) when (error is JsonException or RunFileException)
        {
            return null;   // not there, or being written
        }
    }
}

/// <summary>A run is under way in another process, or elsewhere in this one.</summary>
public sealed class RunInUseException : IntraDistillException
{
    internal RunInUseException(string folder, string message, bool willEnd) : base($"{folder}: {message}") =>
        (Folder, WillEnd) = (folder, willEnd);

    /// <summary>The run's folder.</summary>
    public string Folder { get; }

    /// <summary>Whether it is a live process that has it, and not this one: some time it will be free.</summary>
    internal bool WillEnd { get; }
}

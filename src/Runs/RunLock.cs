using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IntraDistill.Runs;

/// <summary>
/// Keeps a run's folder to one process. Two things hold it: the file <c>lock</c>, open exclusively as long as the process lives,
/// so that a killed one leaves no lock behind; and <c>owner.json</c>, which says who that is and decides where the file system
/// has no locks. There a process of another machine counts as alive, since nothing here can tell.
/// </summary>
/// <remarks>
/// Certain on one machine. Among machines as good as the shared file system's locks (NFS 4, SMB, GPFS, Lustre mounted with
/// <c>flock</c>); without any, <c>owner.json</c> is created exclusively, which all of them guarantee. A mount whose locks
/// are local to a machine (<c>localflock</c>, <c>nolock</c>) guards on that machine only.
/// </remarks>
internal sealed class RunLock : IDisposable
{
    private const int Retries = 5, RetryAfter = 40;   // ms

    // A start time is computed from ticks since the machine's start; it comes out the same but for rounding.
    private static readonly TimeSpan s_sameStart = TimeSpan.FromSeconds(5);

    private readonly FileStream _lock;
    private readonly string _owner;

    private RunLock(FileStream held, string owner) => (_lock, _owner) = (held, owner);

    private sealed record Owner(string Host, int Process, DateTime Started, DateTime Since)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture,
            $"process {Process} on {Host} since {Since:yyyy-MM-dd HH:mm:ss} UTC");
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
            using (FileStream? again = TryOpen(file))
            {
                if (again is not null)
                    TakeWithoutFileLocks(folder, owner);
                else
                    RunFiles.Write(owner, JsonSerializer.Serialize(Me()));
            }
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
        }
        catch (IOException)
        {
            return true;
        }
        // Without file locks a live owner is all there is to see; with them, this is what a killed process left.
        Owner? owner = ReadOwner(Path.Combine(folder, RunFiles.Owner));
        return owner?.Host == Environment.MachineName && IsAlive(owner);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_lock.CanWrite)
            return;
        File.Delete(_owner);
        _lock.Dispose();
    }

    private static void TakeWithoutFileLocks(string folder, string owner)
    {
        // Two processes may find the owner dead at once: one must not delete what the other has just written. Only processes of
        // the owner's machine judge it dead, so that a lock of this machine is enough.
        using var oneAtATime = new Mutex(initiallyOwned: false,
            $@"Global\IntraDistill.Kit-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(owner)))[..16]}");
        try
        {
            oneAtATime.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            // Its process was killed in here; the mutex is ours.
        }
        try
        {
            ReplaceDeadOwner(folder, owner);
        }
        finally
        {
            oneAtATime.ReleaseMutex();
        }
    }

    private static void ReplaceDeadOwner(string folder, string owner)
    {
        if (ReadOwner(owner) is { } other)
        {
            if (other.Host != Environment.MachineName || IsAlive(other))
            {
                throw new RunInUseException(folder, $"held by {other}; this file system has no locks that would tell whether it "
                    + $"still runs: if it does not, delete {owner}", willEnd: other.Host == Environment.MachineName);
            }
            File.Delete(owner);
        }
        try
        {
            using var created = new FileStream(owner, FileMode.CreateNew, FileAccess.Write);
            JsonSerializer.Serialize(created, Me());
        }
        catch (IOException) when (File.Exists(owner))
        {
            throw InUse(folder, owner);
        }
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

    private static Owner Me()
    {
        using Process me = Process.GetCurrentProcess();
        return new Owner(Environment.MachineName, me.Id, me.StartTime.ToUniversalTime(), DateTime.UtcNow);
    }

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

    private static bool IsAlive(Owner owner)
    {
        try
        {
            using Process process = Process.GetProcessById(owner.Process);
            return (process.StartTime.ToUniversalTime() - owner.Started).Duration() < s_sameStart;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return false;
        }
    }
}

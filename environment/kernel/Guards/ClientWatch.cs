using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace IntraDistill.Kernel.Guards;

/// <summary>Notices that the Jupyter client which started this process has gone without shutting it down.</summary>
internal static class ClientWatch
{
    /// <summary>What jupyter_client tells its kernels: its process id; on Windows a handle of its process, inherited.</summary>
    private const string Variable = "JPY_PARENT_PID";

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    /// <summary>Begins to watch; without the variable there is nothing to watch.</summary>
    /// <param name="gone">Called once.</param>
    public static void Start(Action gone)
    {
        string? told = Environment.GetEnvironmentVariable(Variable);
        if (!nint.TryParse(told, NumberStyles.None, CultureInfo.InvariantCulture, out nint client))
            return;
        Func<bool> isGone = OperatingSystem.IsWindows() ? OnWindows(client) : OnUnix(client);
        new Thread(() =>
        {
            while (!isGone())
                Thread.Sleep(s_interval);
            gone();
        }) { IsBackground = true, Name = "intradistill client watch" }.Start();
    }

    // A process whose parent ends gets another: that is noticed at once. The client may be further up, behind a shell script.
    private static Func<bool> OnUnix(nint client)
    {
        int parent = GetParentId();
        Process? process = null;
        try
        {
            process = Process.GetProcessById(checked((int)client));
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            // Not of this machine's numbering, as in a container: the parent is left to watch.
        }
        return () => GetParentId() != parent || process is { HasExited: true };
    }

    private static Func<bool> OnWindows(nint client)
    {
        var ended = new ManualResetEvent(false) { SafeWaitHandle = new SafeWaitHandle(client, ownsHandle: false) };
        return () => ended.WaitOne(TimeSpan.Zero);
    }

    [DllImport("libc", EntryPoint = "getppid")]
    private static extern int GetParentId();
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using IntraDistill.Kernel.Engine;
using Microsoft.Win32.SafeHandles;

namespace IntraDistill.Kernel.Guards;

/// <summary>
/// Exceptions that nobody catches, on threads, timers and in async void methods of cells: .NET would end the process.
/// They are shown, and only the thread ends.
/// </summary>
internal static class ThreadExceptions
{
    /// <summary>Begins to survive them; once a process.</summary>
    /// <param name="session">Shows them.</param>
    /// <param name="isKernels">Whether a thread of that name is the kernel's own, without which it is of no use.</param>
    public static void Survive(ScriptSession session, Predicate<string> isKernels) =>
        ExceptionHandling.SetUnhandledExceptionHandler(exception =>
        {
            if (Thread.CurrentThread.Name is { } own && isKernels(own))
                return false;
            CellError error = CellError.Of(exception, "", session.Folder);
            string thread = Thread.CurrentThread.Name is { Length: > 0 } name ? $"thread '{name}'" : "a thread without a name";
            session.Emit(new StreamWritten(
                "stderr", $"Nobody caught an exception on {thread}; the thread has ended, the kernel goes on.\n"
                + string.Concat(error.Describe().Select(line => line + "\n"))));
            return true;
        });
}

/// <summary>The end of a process in which threads of cells may still be at work.</summary>
internal static class ProcessEnd
{
    /// <summary>
    /// Makes the process end without the destructors of its native libraries, once all else is done: those of libtorch take away
    /// what a thread that still trains reads, and the exit code would be that of a crash. Called when no cell is to begin any more.
    /// </summary>
    public static void SkipDestructors()
    {
        if (!OperatingSystem.IsWindows())   // which stops the threads first
            AppDomain.CurrentDomain.ProcessExit += (_, _) => ExitNow(Environment.ExitCode);
    }

    [DllImport("libc", EntryPoint = "_exit")]
    private static extern void ExitNow(int exitCode);
}

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

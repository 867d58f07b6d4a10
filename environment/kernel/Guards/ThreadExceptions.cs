using System.Runtime.ExceptionServices;
using IntraDistill.Kernel.Engine;

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

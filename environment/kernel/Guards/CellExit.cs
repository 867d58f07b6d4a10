using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace IntraDistill.Kernel.Guards
{
    /// <summary>What a cell's calls of <see cref="Environment"/>'s methods of these names become.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static class CellExit
    {
        /// <summary>Stops the cell instead of the process.</summary>
        [DoesNotReturn]
        public static void Exit(int exitCode) => throw Refused($"Environment.Exit({exitCode})");

        /// <summary>Stops the cell instead of the process.</summary>
        [DoesNotReturn]
        public static void FailFast(string? message) => throw Refused($"Environment.FailFast(\"{message}\")");

        /// <summary>Stops the cell instead of the process.</summary>
        [DoesNotReturn]
        public static void FailFast(string? message, Exception? exception) =>
            throw new InvalidOperationException(Refused($"Environment.FailFast(\"{message}\")").Message, exception);

        internal static InvalidOperationException Refused(string call) => new(
            $"{call} would end the process that runs the cells, and with it all variables; only this cell is stopped");
    }
}

// In System, which every cell imports: what was p.Kill() or p?.Kill() in a cell keeps its form.
namespace System
{
    /// <summary>What a cell's calls of <see cref="Process.Kill()"/> become.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static class CellProcessExtensions
    {
        /// <summary>Kills a process, unless it is the one that runs the cells.</summary>
        [EditorBrowsable(EditorBrowsableState.Never)]
        public static void KillUnlessItRunsCells(this Process process, bool entireProcessTree = false)
        {
            if (process.Id == Environment.ProcessId)
                throw IntraDistill.Kernel.Guards.CellExit.Refused("Process.Kill()");
            process.Kill(entireProcessTree);
        }
    }
}

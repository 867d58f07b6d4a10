using IntraDistill.Kernel.Engine;

namespace Microsoft.DotNet.Interactive;

/// <summary>What a running cell can learn of its own run.</summary>
public sealed class KernelInvocationContext
{
    private readonly ScriptSession _session;

    private KernelInvocationContext(ScriptSession session) => _session = session;

    /// <summary>The run of the current cell; null outside of one.</summary>
    public static KernelInvocationContext? Current =>
        CellContext.Session is { } session ? new KernelInvocationContext(session) : null;

    /// <summary>Cancelled when the user interrupts the cell (Ctrl-C).</summary>
    public CancellationToken CancellationToken => _session.CellCancellation;

    /// <summary>Shows a value in the cell's output; the same as <see cref="Kernel.display"/>.</summary>
    public DisplayedValue Display(object? value, params string[] mimeTypes) => CellContext.Display(value, mimeTypes);
}

using System.Diagnostics;

namespace IntraDistill.Kernel.Engine;

/// <summary>One run of one cell.</summary>
/// <param name="session">The session it runs in.</param>
/// <param name="cancellation">Cancelled when the user interrupts it.</param>
internal sealed class CellRun(ScriptSession session, CancellationToken cancellation)
{
    private volatile bool _abandoned;

    public ScriptSession Session => session;

    public CancellationToken Cancellation => cancellation;

    /// <summary>Whether it was given up while its code still runs.</summary>
    public bool Abandoned
    {
        get => _abandoned;
        set => _abandoned = value;
    }
}

/// <summary>A user's wish to stop a cell: asked once, it is to stop by itself; asked again, it is left behind.</summary>
/// <param name="asOne">So soon after the first, another counts as the same one.</param>
internal sealed class Interruption(TimeSpan asOne)
{
    private readonly CancellationTokenSource _asked = new();
    private readonly TaskCompletionSource _insisted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private long _first;

    /// <summary>Cancelled at the first one.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>Completes at the second one.</summary>
    public Task Insisted => _insisted.Task;

    /// <summary>Asks; from any thread.</summary>
    /// <returns>Whether it was the first time.</returns>
    public bool Ask()
    {
        lock (_lock)
        {
            if (_asked.IsCancellationRequested)
            {
                if (Stopwatch.GetElapsedTime(_first) >= asOne)
                    _insisted.TrySetResult();
                return false;
            }
            _first = Stopwatch.GetTimestamp();
            _asked.CancelAsync();
            return true;
        }
    }
}

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace IntraDistill.Kernel.Notebook;

/// <summary>
/// Ctrl-C while a notebook runs: the first asks the running cell to stop, the second gives the cell up.
/// SIGTERM counts as Ctrl-C.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _asked = new();
    private readonly TaskCompletionSource _insisted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Action _onFirst;
    private readonly TimeSpan _asOne;
    private long _first;

    /// <param name="onFirst">Called at the first one.</param>
    /// <param name="asOne">So soon after the first, another counts as the same one.</param>
    public Interrupts(Action onFirst, TimeSpan asOne)
    {
        _onFirst = onFirst;
        _asOne = asOne;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];
    }

    /// <summary>Cancelled at the first one.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>Completes at the second one.</summary>
    public Task Insisted => _insisted.Task;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_asked.IsCancellationRequested)
        {
            if (Stopwatch.GetElapsedTime(_first) >= _asOne)
                _insisted.TrySetResult();
            return;
        }
        _first = Stopwatch.GetTimestamp();
        _onFirst();
        _asked.CancelAsync();
    }
}

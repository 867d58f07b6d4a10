namespace IntraDistill.Kernel.Jupyter;

/// <summary>Does something a moment after it was asked for, once, however often it was asked for in between.</summary>
/// <param name="act">What to do; must not throw.</param>
internal sealed class Deferred(Action act) : IDisposable
{
    private static readonly TimeSpan s_delay = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly AutoResetEvent _asked = new(false);
    private Thread? _thread;
    private volatile bool _waiting, _disposed;

    /// <summary>Asks for it; from any thread.</summary>
    public void Ask()
    {
        if (_waiting || _disposed)
            return;
        lock (_lock)
        {
            _waiting = true;
            // Not a timer: its callback needs a thread of the pool, and a cell may hold them all.
            if (_thread is null)
                (_thread = new Thread(Run) { IsBackground = true, Name = "intradistill output" }).Start();
        }
        _asked.Set();
    }

    /// <summary>Does nothing any more.</summary>
    public void Dispose()
    {
        _disposed = true;
        _asked.Set();
    }

    private void Run()
    {
        while (_asked.WaitOne() && !_disposed)
        {
            Thread.Sleep(s_delay);
            _waiting = false;   // what comes from now on is not seen by this act for sure
            act();
        }
    }
}

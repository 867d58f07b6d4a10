using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>
/// Updates of displayed values on their way to the front end: of many updates of one value in a short time only the last
/// is sent, so that a loop that updates a display at every step is not a message a step. Safe to call from any thread.
/// </summary>
internal sealed class UpdateLimiter : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DisplayUpdated> _waiting = new(StringComparer.Ordinal);
    private readonly Action<DisplayUpdated> _publish;
    private readonly Deferred _soon;
    private bool _disposed;

    /// <param name="publish">Sends an update; called by one thread at a time, under this object's lock.</param>
    public UpdateLimiter(Action<DisplayUpdated> publish)
    {
        _publish = publish;
        _soon = new Deferred(Flush);
    }

    /// <summary>Takes an update; it is sent soon, unless another takes its place.</summary>
    public void Write(DisplayUpdated update)
    {
        lock (_lock)
        {
            if (_disposed)
                _publish(update);
            else
                _waiting[update.DisplayId] = update;
        }
        _soon.Ask();
    }

    /// <summary>Sends what waits.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            foreach (DisplayUpdated update in _waiting.Values)
                _publish(update);
            _waiting.Clear();
        }
    }

    /// <summary>Sends what waits. What comes afterwards is sent at once.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            Flush();
            _disposed = true;
        }
        _soon.Dispose();
    }
}

namespace IntraDistill.Kernel.Engine;

/// <summary>
/// What the cells put out, on its way to the front end, which gets fewer and larger events than there were: text is put
/// together and cut to head and tail (<see cref="StreamText"/>), of many updates of a display only the last is kept, and of
/// very many displays the first, so that a loop that prints or shows something a million times is not a million messages.
/// Safe to call from any thread.
/// </summary>
internal sealed class CellSink
{
    /// <summary>How many values one cell may display; later ones are counted only.</summary>
    public const int MostDisplays = 1_000;

    /// <summary>How often the change from one stream to the other is shown exactly where it happened.</summary>
    private const int MostSwitches = StreamText.HeadLines;

    private static readonly TimeSpan s_delay = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly AutoResetEvent? _written;
    private readonly List<StreamText> _streams = [];
    private readonly Dictionary<string, DisplayUpdated> _updates = new(StringComparer.Ordinal);
    private Action<CellEvent> _show = _ => { };
    private StreamText? _last;
    private int _switches, _displays;
    private bool _waiting;

    /// <param name="live">
    /// Whether somebody watches: text and updates are then passed on soon, and otherwise when something else follows.
    /// </param>
    public CellSink(bool live)
    {
        if (!live)
            return;
        _written = new AutoResetEvent(false);
        // Not a timer: its callback needs a thread of the pool, and a cell may hold them all.
        new Thread(FlushSoon) { IsBackground = true, Name = "intradistill output" }.Start();
    }

    /// <summary>From now on output belongs to another cell.</summary>
    /// <param name="show">Shows it; called by one thread at a time, and must not wait.</param>
    public void Begin(Action<CellEvent> show)
    {
        lock (_lock)
        {
            Complete();
            _show = show;
        }
    }

    /// <summary>Takes an event.</summary>
    public void Accept(CellEvent cellEvent)
    {
        lock (_lock)
        {
            switch (cellEvent)
            {
                case StreamWritten written:
                    Write(written);
                    break;
                case DisplayUpdated update:
                    _updates[update.DisplayId] = update;
                    break;
                case Displayed or ResultProduced when _displays++ >= MostDisplays:
                    return;
                default:
                    if (cellEvent is OutputCleared)
                        _displays = 0;
                    EndText();
                    _show(cellEvent);
                    return;
            }
            if (_waiting)
                return;
            _waiting = true;
            _written?.Set();
        }
    }

    /// <summary>Passes on what waits: before the user is asked for something.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            _waiting = false;
            ShowUpdates();
            foreach (StreamText stream in _streams)
                Show(stream, stream.Take());
        }
    }

    /// <summary>Passes on all there is: the cell is done. What its threads still put out is a text of its own.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            if (_displays > MostDisplays)
                Write(new StreamWritten(
                    "stderr", FormattableString.Invariant($"… {_displays - MostDisplays:N0} displayed values left out …\n")));
            _displays = 0;
            EndText();
        }
    }

    private void Write(StreamWritten written)
    {
        StreamText? stream = _streams.Find(stream => stream.Name == written.Name);
        if (stream is null)
            _streams.Add(stream = new StreamText(written.Name));
        if (_written is not null && _last is not null && _last != stream && _switches++ < MostSwitches)
            Show(_last, _last.Take());
        _last = stream;
        stream.Write(written.Text);
    }

    private void EndText()
    {
        ShowUpdates();
        foreach (StreamText stream in _streams)
            Show(stream, stream.TakeLast());
        _streams.Clear();
        _last = null;
        _switches = 0;
    }

    private void ShowUpdates()
    {
        foreach (DisplayUpdated update in _updates.Values)
            _show(update);
        _updates.Clear();
    }

    private void Show(StreamText stream, string text)
    {
        if (text.Length > 0)
            _show(new StreamWritten(stream.Name, text));
    }

    private void FlushSoon()
    {
        while (_written!.WaitOne())
        {
            Thread.Sleep(s_delay);
            Flush();
        }
    }
}

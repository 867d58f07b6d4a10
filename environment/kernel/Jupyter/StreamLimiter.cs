using System.Diagnostics;
using System.Text;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>
/// Console text on its way to the front end. Writes are put together, so that a million of them are not a million
/// messages, and of a very long text only the head and the tail are sent, the same as <see cref="StreamBuffer"/> keeps:
/// <see cref="StreamBuffer.HeadLines"/> and <see cref="StreamBuffer.TailLines"/> lines of each stream, counted anew
/// after each <see cref="Complete"/>. In between a line that is rewritten in place tells how many there are so far.
/// What is held in memory is bounded, however much is written. Safe to call from any thread.
/// </summary>
internal sealed class StreamLimiter : IDisposable
{
    /// <summary>How often the count of held lines is shown.</summary>
    private static readonly TimeSpan s_countInterval = TimeSpan.FromSeconds(1);

    /// <summary>How many characters may wait; one message holds no more than these and a line.</summary>
    private const int LargestMessage = 65_536;

    /// <summary>How often the change from one stream to the other is shown exactly where it happened.</summary>
    private const int MostSwitches = StreamBuffer.HeadLines;

    private readonly Lock _lock = new();
    private readonly Action<string, string> _publish;
    private readonly Deferred _soon;
    private readonly List<Stream> _streams = [];
    private Stream? _last;
    private int _switches;
    private bool _disposed;

    /// <param name="publish">
    /// Sends text of a stream (<c>stdout</c>, <c>stderr</c>); called by one thread at a time, under this object's lock.
    /// </param>
    public StreamLimiter(Action<string, string> publish)
    {
        _publish = publish;
        _soon = new Deferred(Flush);
    }

    /// <summary>Takes text; it is sent soon.</summary>
    public void Write(string name, string text)
    {
        lock (_lock)
        {
            Stream? stream = _streams.Find(stream => stream.Name == name);
            if (stream is null)
                _streams.Add(stream = new Stream(name, _publish));
            if (_last is not null && _last != stream && _switches++ < MostSwitches)
                _last.Flush();
            _last = stream;
            stream.Write(text);
            if (_disposed)
                stream.Flush();
        }
        _soon.Ask();
    }

    /// <summary>Sends what waits: before another message, so that the order is right.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            foreach (Stream stream in _streams)
                stream.Flush();
        }
    }

    /// <summary>
    /// Sends all there is, with the tail of a long text: at the end of a cell, and before a message that adds to its
    /// output. What is written afterwards is a text of its own.
    /// </summary>
    public void Complete()
    {
        lock (_lock)
        {
            foreach (Stream stream in _streams)
                stream.Complete();
            _streams.Clear();
            _last = null;
            _switches = 0;
        }
    }

    /// <summary>Sends all there is. What is written afterwards is sent at once.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            Complete();
            _disposed = true;
        }
        _soon.Dispose();
    }

    /// <summary>The text of one stream since the last <see cref="Complete"/>.</summary>
    private sealed class Stream(string name, Action<string, string> publish)
    {
        private readonly ConsoleLine _line = new();
        private readonly StringBuilder _ready = new();
        private readonly Queue<string> _tail = new();
        private string _shown = "";   // what the front end shows of the line that is being written
        private int _head;
        private long _leftOut, _countedAt;

        public string Name => name;

        private bool Held => _head == StreamBuffer.HeadLines;

        public void Write(string text) => _line.Write(text, EndLine);

        public void Flush()
        {
            if (!Held)
                Show(_line.ToString());
            else if (_leftOut + _tail.Count > 0 && (_countedAt == 0 || Stopwatch.GetElapsedTime(_countedAt) >= s_countInterval))
            {
                _countedAt = Stopwatch.GetTimestamp();
                Show(FormattableString.Invariant($"… {_head + _leftOut + _tail.Count:N0} lines so far …"));
            }
            Send();
        }

        public void Complete()
        {
            if (_leftOut > 0)
                EndShown(StreamBuffer.Note(_leftOut));
            foreach (string line in _tail)
                EndShown(line);
            Show(_line.ToString());
            Send();
        }

        private void EndLine(string line)
        {
            if (!Held)
            {
                _head++;
                EndShown(line);
                return;
            }
            _tail.Enqueue(line);
            if (_tail.Count > StreamBuffer.TailLines)
            {
                _tail.Dequeue();
                _leftOut++;
            }
        }

        private void EndShown(string line)
        {
            Show(line);
            _ready.Append('\n');
            _shown = "";
            if (_ready.Length >= LargestMessage)
                Send();
        }

        // A front end writes over the line as a terminal does: what is longer than the new text is covered by blanks.
        private void Show(string line)
        {
            if (line.StartsWith(_shown, StringComparison.Ordinal))
                _ready.Append(line, _shown.Length, line.Length - _shown.Length);
            else
                _ready.Append('\r').Append(line).Append(' ', Math.Max(0, _shown.Length - line.Length));
            _shown = line;
        }

        private void Send()
        {
            if (_ready.Length == 0)
                return;
            publish(name, _ready.ToString());
            _ready.Clear();
        }
    }
}

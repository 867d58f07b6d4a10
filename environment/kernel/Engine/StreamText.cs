using System.Diagnostics;
using System.Text;

namespace IntraDistill.Kernel.Engine;

/// <summary>
/// Console text of a stream as it is shown: a line that <c>\r</c> rewrites stands as it stood last, as in a terminal, and of
/// a very long text only head and tail are shown, with a note of how much was left out. What is held in memory is bounded,
/// however much is written.
/// </summary>
/// <param name="name"><c>stdout</c> or <c>stderr</c>.</param>
internal sealed class StreamText(string name)
{
    /// <summary>How many lines are shown from the start, and how many from the end.</summary>
    public const int HeadLines = 1_000, TailLines = 1_000;

    /// <summary>How often the count of held lines is shown.</summary>
    private static readonly TimeSpan s_countInterval = TimeSpan.FromSeconds(1);

    private readonly ConsoleLine _line = new();
    private readonly StringBuilder _ready = new();
    private readonly Queue<string> _tail = new();
    private string _shown = "";   // what is shown of the line that is being written
    private int _head;
    private long _leftOut, _countedAt;

    /// <summary>The stream's name.</summary>
    public string Name => name;

    /// <summary>Takes text as it is written.</summary>
    public void Write(string text) => _line.Write(text, EndLine);

    /// <summary>What is to be written to a terminal that shows what was taken before, while more may come.</summary>
    public string Take()
    {
        if (_head < HeadLines)
            Show(_line.ToString());
        else if (_tail.Count > 0 && (_countedAt == 0 || Stopwatch.GetElapsedTime(_countedAt) >= s_countInterval))
        {
            _countedAt = Stopwatch.GetTimestamp();
            Show(FormattableString.Invariant($"… {_head + _leftOut + _tail.Count:N0} lines so far …"));
        }
        return TakeReady();
    }

    /// <summary>The same, with the tail: nothing more comes.</summary>
    public string TakeLast()
    {
        if (_leftOut > 0)
            EndShown(FormattableString.Invariant($"… {_leftOut:N0} lines left out …"));
        foreach (string line in _tail)
            EndShown(line);
        Show(_line.ToString());
        return TakeReady();
    }

    private void EndLine(string line)
    {
        if (_head < HeadLines)
        {
            _head++;
            EndShown(line);
            return;
        }
        _tail.Enqueue(line);
        if (_tail.Count > TailLines)
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
    }

    // Jupyter's editors write over a line as a terminal does: what is longer than the new text is covered by blanks.
    private void Show(string line)
    {
        if (line.StartsWith(_shown, StringComparison.Ordinal))
            _ready.Append(line, _shown.Length, line.Length - _shown.Length);
        else
            _ready.Append('\r').Append(line).Append(' ', Math.Max(0, _shown.Length - line.Length));
        _shown = line;
    }

    private string TakeReady()
    {
        string ready = _ready.ToString();
        _ready.Clear();
        return ready;
    }
}

/// <summary>The line of console text that is being written, as a terminal shows it: <c>\r</c> writes over it.</summary>
internal sealed class ConsoleLine
{
    /// <summary>How many characters of a line are kept.</summary>
    public const int Longest = 10_000;

    private readonly StringBuilder _text = new();
    private int _column;

    /// <summary>Takes text as it is written.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="lineEnded">Gets each line that ends in it.</param>
    public void Write(ReadOnlySpan<char> text, Action<string> lineEnded)
    {
        while (text.Length > 0)
        {
            int end = text.IndexOfAny('\n', '\r');
            Overwrite(end < 0 ? text : text[..end]);
            if (end < 0)
                return;
            _column = 0;
            if (text[end] == '\n')
            {
                string line = _text.ToString();
                _text.Clear();
                lineEnded(line);
            }
            text = text[(end + 1)..];
        }
    }

    /// <summary>The line so far.</summary>
    public override string ToString() => _text.ToString();

    private void Overwrite(ReadOnlySpan<char> text)
    {
        int room = Longest - _column;
        if (text.Length > room)
        {
            text = text[..Math.Max(room, 0)];
            if (_text.Length < Longest + 2)
                _text.Append(' ', Math.Max(0, Longest - _text.Length)).Append(" …");
        }
        int over = Math.Min(text.Length, _text.Length - _column);
        _text.Remove(_column, over).Insert(_column, text);
        _column += text.Length;
    }
}

using System.Text;

namespace IntraDistill.Kernel.Notebook;

/// <summary>
/// Console text as a notebook keeps it: a line that <c>\r</c> rewrites is kept as it stood last, as in a terminal, and
/// of a very long text only its head and tail are kept, with a note of how much was left out.
/// </summary>
internal sealed class StreamBuffer
{
    /// <summary>How many lines are kept from the start, and how many from the end.</summary>
    public const int HeadLines = 1_000, TailLines = 1_000;

    /// <summary>How many characters of one line are kept.</summary>
    public const int LongestLine = 10_000;

    private readonly List<string> _head = [];
    private readonly Queue<string> _tail = new();
    private readonly StringBuilder _line = new();
    private long _leftOut;
    private int _column;

    /// <summary>Takes text as it is written.</summary>
    public void Write(ReadOnlySpan<char> text)
    {
        while (text.Length > 0)
        {
            int end = text.IndexOfAny('\n', '\r');
            Overwrite(end < 0 ? text : text[..end]);
            if (end < 0)
                return;
            if (text[end] == '\n')
                EndLine();
            _column = 0;
            text = text[(end + 1)..];
        }
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (string line in _head)
            text.Append(line).Append('\n');
        if (_leftOut > 0)
            text.Append(FormattableString.Invariant($"… {_leftOut:N0} lines left out …\n"));
        foreach (string line in _tail)
            text.Append(line).Append('\n');
        return text.Append(_line).ToString();
    }

    private void Overwrite(ReadOnlySpan<char> text)
    {
        int room = LongestLine - _column;
        if (text.Length > room)
        {
            text = text[..Math.Max(room, 0)];
            if (_line.Length < LongestLine + 2)
                _line.Append(' ', Math.Max(0, LongestLine - _line.Length)).Append(" …");
        }
        int over = Math.Min(text.Length, _line.Length - _column);
        _line.Remove(_column, over).Insert(_column, text);
        _column += text.Length;
    }

    private void EndLine()
    {
        string line = _line.ToString();
        _line.Clear();
        if (_head.Count < HeadLines)
        {
            _head.Add(line);
            return;
        }
        _tail.Enqueue(line);
        if (_tail.Count > TailLines)
        {
            _tail.Dequeue();
            _leftOut++;
        }
    }
}

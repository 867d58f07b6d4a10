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

    private readonly List<string> _head = [];
    private readonly Queue<string> _tail = new();
    private readonly ConsoleLine _line = new();
    private long _leftOut;

    /// <summary>What stands in the place of lines that were left out.</summary>
    public static string Note(long leftOut) => FormattableString.Invariant($"… {leftOut:N0} lines left out …");

    /// <summary>Takes text as it is written.</summary>
    public void Write(ReadOnlySpan<char> text) => _line.Write(text, EndLine);

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (string line in _head)
            text.Append(line).Append('\n');
        if (_leftOut > 0)
            text.Append(Note(_leftOut)).Append('\n');
        foreach (string line in _tail)
            text.Append(line).Append('\n');
        return text.Append(_line).ToString();
    }

    private void EndLine(string line)
    {
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

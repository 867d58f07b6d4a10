using System.Text;

namespace IntraDistill.Kernel.Notebook;

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

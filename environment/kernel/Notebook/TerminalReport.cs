using System.Diagnostics;
using System.Text;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Notebook;

/// <summary>What the user sees in the terminal: the cells' console output, indented, and a line a cell with its time.</summary>
/// <param name="output">The terminal.</param>
/// <param name="errors">Where errors go.</param>
/// <param name="interactive">Whether <paramref name="output"/> can rewrite a line in place.</param>
/// <param name="quiet">Leaves out the cells' console output.</param>
internal sealed class TerminalReport(TextWriter output, TextWriter errors, bool interactive, bool quiet)
{
    private const string Indent = "    ", ClearLine = "\r\x1b[K";
    private const int CodeWidth = 70;

    private readonly Lock _lock = new();
    private readonly Stopwatch _watch = new();
    private readonly StringBuilder _line = new();
    private int _number;
    private string _label = "", _code = "";
    private bool _rewriting;

    /// <summary>A cell begins.</summary>
    public void Begin(int number, int count, string source)
    {
        lock (_lock)
        {
            _watch.Restart();
            _number = number;
            _label = $"[{number}/{count}]";
            _code = FirstCodeLine(source);
            if (interactive)
                output.Write($"{_label} …  {_code}");
        }
    }

    /// <summary>The cell writes to its console.</summary>
    public void Write(string text)
    {
        if (quiet)
            return;
        lock (_lock)
        {
            foreach (char c in text)
                if (c == '\n')
                    EndLine();
                else if (c == '\r')
                    _rewriting = true;
                else
                    Append(c);
            if (interactive && _line.Length > 0)
                output.Write(ClearLine + Indent + _line);
        }
    }

    /// <summary>The cell has ended.</summary>
    /// <param name="error">Why it failed, or null.</param>
    /// <param name="interrupted">Whether the user interrupted it.</param>
    /// <param name="source">The cell's text.</param>
    public void End(CellError? error, bool interrupted, string source)
    {
        lock (_lock)
        {
            if (_line.Length > 0)
                EndLine();
            string how = interrupted ? "interrupted after " : error is not null ? "failed after " : "";
            output.WriteLine($"{(interactive ? ClearLine : "")}{_label} {how}{Duration(_watch.Elapsed)}  {_code}");
            output.Flush();
            if (error is null || interrupted)
                return;
            string[] lines = source.ReplaceLineEndings("\n").Split('\n');
            errors.WriteLine(error.Line < 1 || error.Line > lines.Length
                ? $"error in cell {_number}:"
                : $"error in cell {_number}, line {error.Line}: {lines[error.Line - 1].Trim()}");
            foreach (string line in error.Describe())
                errors.WriteLine($"  {line}");
        }
    }

    /// <summary>The user asked the running cell to stop.</summary>
    public void Interrupting()
    {
        lock (_lock)
            errors.WriteLine("interrupting the cell; once more to give it up");
    }

    /// <summary>A time for people.</summary>
    // Minutes matter in a long run, tenths in a short one.
    public static string Duration(TimeSpan time) => time.TotalSeconds switch
    {
        < 60 => FormattableString.Invariant($"{time.TotalSeconds:0.0} s"),
        < 3600 => $"{time.Minutes} min {time.Seconds} s",
        _ => $"{(int)time.TotalHours} h {time.Minutes} min",
    };

    private static string FirstCodeLine(string source)
    {
        string[] lines = source.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string line = lines.FirstOrDefault(line => !line.StartsWith("//", StringComparison.Ordinal)) ?? lines.FirstOrDefault("");
        return line.Length <= CodeWidth ? line : line[..CodeWidth] + "…";
    }

    private void Append(char c)
    {
        if (_rewriting)
            _line.Clear();
        _rewriting = false;
        _line.Append(c);
    }

    private void EndLine()
    {
        output.WriteLine($"{(interactive ? ClearLine : "")}{Indent}{_line}");
        _line.Clear();
        _rewriting = false;
    }
}

using System.Text;

namespace IntraDistill.Kernel.Engine;

/// <summary>Turns what cells write to the console into stream events; other writers reach the real console as before.</summary>
internal sealed class OutputCapture : TextWriter
{
    private static readonly Lock s_installing = new();
    private static TextWriter? s_terminal, s_terminalErrors;

    private readonly string _stream;
    private readonly TextWriter _console;

    private OutputCapture(string stream, TextWriter console)
    {
        _stream = stream;
        _console = console;
    }

    /// <summary>The real standard output, past any capture.</summary>
    public static TextWriter Terminal => s_terminal ?? Console.Out;

    /// <summary>The real standard error, past any capture.</summary>
    public static TextWriter TerminalErrors => s_terminalErrors ?? Console.Error;

    /// <inheritdoc/>
    public override Encoding Encoding => _console.Encoding;

    /// <summary>Begins to capture, once a process.</summary>
    public static void Install()
    {
        lock (s_installing)
        {
            if (s_terminal is not null)
                return;
            s_terminal = Console.Out;
            s_terminalErrors = Console.Error;
            Console.SetOut(new OutputCapture("stdout", Console.Out) { NewLine = "\n" });
            Console.SetError(new OutputCapture("stderr", Console.Error) { NewLine = "\n" });
        }
    }

    /// <inheritdoc/>
    public override void Write(char value) => Write(value.ToString());

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Write(value + "\n");   // one event a line, not two

    /// <inheritdoc/>
    public override void Write(string? value)
    {
        if (string.IsNullOrEmpty(value))
            return;
        if (CellContext.Session is { } session)
            session.Emit(new StreamWritten(_stream, value));
        else
            _console.Write(value);
    }

    /// <inheritdoc/>
    public override void Flush() => _console.Flush();
}

/// <summary>Asks the notebook's user for a line of text.</summary>
internal interface ICellInput
{
    /// <summary>Waits for a line.</summary>
    /// <param name="prompt">What is asked for; may be empty.</param>
    /// <param name="password">Whether the answer must not be shown.</param>
    /// <exception cref="InvalidOperationException">There is nobody to ask.</exception>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    string Ask(string prompt, bool password);
}

/// <summary>Stands for the user of a headless run: a cell that asks for input fails instead of waiting for ever.</summary>
internal sealed class NoInput : ICellInput
{
    /// <inheritdoc/>
    public string Ask(string prompt, bool password) =>
        throw new InvalidOperationException("the cell asks for input, and a headless run has none to give");
}

/// <summary><see cref="Console.In"/> of the cells: each line is asked of the session's user.</summary>
internal sealed class CellInputReader : TextReader
{
    private string _rest = "";

    /// <inheritdoc/>
    public override int Peek() => Rest()[0];

    /// <inheritdoc/>
    public override int Read()
    {
        char next = Rest()[0];
        _rest = _rest[1..];
        return next;
    }

    /// <inheritdoc/>
    public override string ReadLine()
    {
        string line = Rest();
        _rest = "";
        return line.TrimEnd('\n');
    }

    /// <summary>What was typed and not yet read; never empty, since a line ends in its line feed.</summary>
    private string Rest()
    {
        if (_rest.Length == 0)
            _rest = (CellContext.Session?.Input ?? new NoInput()).Ask("", password: false) + "\n";
        return _rest;
    }
}

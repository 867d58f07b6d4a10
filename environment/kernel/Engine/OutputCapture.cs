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

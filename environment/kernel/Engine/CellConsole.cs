using System.Runtime.InteropServices;
using System.Text;

namespace IntraDistill.Kernel.Engine;

/// <summary>Turns what cells write to the console into stream events; other writers reach the real console as before.</summary>
internal sealed class OutputCapture : TextWriter
{
    private static readonly Lock s_installing = new();
    private static bool s_installed;

    private readonly string _stream;
    private readonly TextWriter _console;

    private OutputCapture(string stream, TextWriter console)
    {
        _stream = stream;
        _console = console;
    }

    /// <summary>The real standard output, past any capture.</summary>
    public static TextWriter Terminal { get; } = new TerminalWriter(1);

    /// <summary>The real standard error, past any capture.</summary>
    public static TextWriter TerminalErrors { get; } = new TerminalWriter(2);

    /// <inheritdoc/>
    public override Encoding Encoding => _console.Encoding;

    /// <summary>Begins to capture, once a process.</summary>
    public static void Install()
    {
        lock (s_installing)
        {
            if (s_installed)
                return;
            s_installed = true;
            Console.SetOut(new OutputCapture("stdout", Terminal) { NewLine = "\n" });
            Console.SetError(new OutputCapture("stderr", TerminalErrors) { NewLine = "\n" });
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

/// <summary>
/// Standard output or error of the process. Not .NET's writer, which takes the lock of <see cref="Console.Out"/> for each write:
/// a cell that prints holds that lock while it waits for whoever writes to the terminal. Safe to call from any thread.
/// </summary>
/// <param name="descriptor">1 for output, 2 for errors.</param>
internal sealed class TerminalWriter(int descriptor) : TextWriter
{
    private const int Interrupted = 4, BrokenPipe = 32;   // EINTR, EPIPE

    // Windows' has no such lock.
    private readonly Stream? _stream = !OperatingSystem.IsWindows() ? null
        : descriptor == 1 ? Console.OpenStandardOutput() : Console.OpenStandardError();

    private readonly Lock _writing = new();

    /// <inheritdoc/>
    public override Encoding Encoding { get; } = Console.OutputEncoding;

    /// <inheritdoc/>
    public override void Write(char value) => Write(value.ToString());

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Write(value + NewLine);   // no other text between the two

    /// <inheritdoc/>
    /// <exception cref="IOException">The text cannot be written, because a disk is full for example. If only nobody reads it any
    /// more, it is lost.</exception>
    public override void Write(string? value)
    {
        ReadOnlySpan<byte> rest = Encoding.GetBytes(value ?? "");
        lock (_writing)
        {
            _stream?.Write(rest);
            while (_stream is null && rest.Length > 0)
            {
                nint written = NativeWrite(descriptor, in MemoryMarshal.GetReference(rest), rest.Length);
                if (written >= 0)
                    rest = rest[(int)written..];
                else if (Marshal.GetLastPInvokeError() is var error && error == BrokenPipe)
                    return;
                else if (error == TryAgain)
                    Thread.Sleep(1);
                else if (error != Interrupted)
                    throw new IOException(Marshal.GetPInvokeErrorMessage(error));
            }
        }
    }

    private static int TryAgain => OperatingSystem.IsMacOS() ? 35 : 11;   // EAGAIN: somebody made the terminal non-blocking

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    private static extern nint NativeWrite(int descriptor, in byte text, nint length);
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

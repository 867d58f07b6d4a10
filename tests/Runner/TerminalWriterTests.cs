using System.IO.Pipes;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Tests.RunnerTests;

public sealed class TerminalWriterTests
{
    private readonly AnonymousPipeServerStream _reader = new(PipeDirection.In);
    private readonly TerminalWriter _terminal;

    public TerminalWriterTests() =>
        _terminal = new TerminalWriter((int)_reader.ClientSafePipeHandle.DangerousGetHandle()) { NewLine = "\n" };

    // A cell that prints holds this lock and waits for the report of the run, which waits for the terminal.
    [Fact]
    public void Writes_while_another_thread_holds_the_lock_of_the_console()
    {
        var other = new Thread(() => _terminal.WriteLine("interrupting"));
        lock (Console.Out)
        {
            other.Start();
            Assert.True(other.Join(TimeSpan.FromMinutes(1)));
        }
        _reader.DisposeLocalCopyOfClientHandle();
        Assert.Equal("interrupting\n", new StreamReader(_reader).ReadToEnd());
    }

    [Fact]
    public async Task Long_texts_of_several_threads_arrive_whole_and_line_by_line()
    {
        string[] lines = [.. Enumerable.Range(0, 8).Select(i => new string((char)('a' + i), 100_000) + " – ü")];
        Task<string> read = new StreamReader(_reader).ReadToEndAsync(TestContext.Current.CancellationToken);
        Parallel.ForEach(lines, line => _terminal.WriteLine(line));
        _reader.DisposeLocalCopyOfClientHandle();
        Assert.Equal(lines, (await read).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
    }

    [Fact]
    public void What_nobody_reads_any_more_is_lost_and_what_cannot_be_written_is_an_error()
    {
        _reader.SafePipeHandle.Dispose();
        _terminal.Write("text");
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write);
        Assert.Contains("space", Assert.Throws<IOException>(
            () => new TerminalWriter((int)full.SafeFileHandle.DangerousGetHandle()).Write("text")).Message);
    }
}

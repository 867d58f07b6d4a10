using System.Runtime.InteropServices;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Guards;

namespace IntraDistill.Kernel.Notebook;

/// <summary>How a run ended.</summary>
internal enum RunOutcome { Completed, Failed, Interrupted }

/// <summary>Runs a notebook's cells in order, up to the first error.</summary>
/// <param name="document">The notebook; outputs are stored in it.</param>
/// <param name="folder">The notebook's folder.</param>
/// <param name="terminal">Tells the user how it goes.</param>
/// <param name="save">
/// Called after each cell, with the outputs so far stored: native code that aborts leaves no other chance to save them.
/// </param>
/// <param name="asOne">Signals that come so soon after one another are one Ctrl-C.</param>
internal sealed class NotebookRunner(
    NotebookDocument document, string folder, TerminalReport terminal, Action save, TimeSpan asOne)
{
    private readonly OutputRecorder _recorder = new();

    /// <summary>Where outputs are recorded, for whoever must save them when the process goes down.</summary>
    public OutputRecorder Recorder => _recorder;

    /// <summary>Runs all cells of code that hold any.</summary>
    public async Task<RunOutcome> RunAsync()
    {
        NotebookCell[] cells = [.. document.CodeCells.Where(cell => !string.IsNullOrWhiteSpace(cell.Source))];
        var session = new ScriptSession(folder, OnEvent);
        CellContext.Fallback = session;
        var interruption = new Interruption(asOne);
        void Interrupt(PosixSignalContext signal)
        {
            signal.Cancel = true;
            if (interruption.Ask())
                terminal.Interrupting();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        try
        {
            for (int i = 0; i < cells.Length; i++)
            {
                RunOutcome outcome = await RunCellAsync(session, cells[i], i + 1, cells.Length, interruption);
                if (outcome != RunOutcome.Completed)
                    return outcome;
                _recorder.Store();
                save();
            }
            return RunOutcome.Completed;
        }
        finally
        {
            CellContext.Fallback = null;
            _recorder.Store();
        }
    }

    private async Task<RunOutcome> RunCellAsync(
        ScriptSession session, NotebookCell cell, int number, int count, Interruption interruption)
    {
        _recorder.Begin(cell, number);
        terminal.Begin(number, count, cell.Source);
        CellError? error = await session.RunAsync(cell.Code, number, interruption);
        bool interrupted = interruption.Asked.IsCancellationRequested;
        terminal.End(error, interrupted, cell.Source);
        return interrupted ? RunOutcome.Interrupted : error is null ? RunOutcome.Completed : RunOutcome.Failed;
    }

    private void OnEvent(CellEvent cellEvent)
    {
        _recorder.Sink.Accept(cellEvent);
        if (cellEvent is StreamWritten written)
            terminal.Write(written.Text);
    }
}

/// <summary>
/// Saves the notebook so far when a cell takes the whole process down: by an exception on a thread of its own, which
/// .NET does not let anyone survive, or by <see cref="Environment.Exit"/>.
/// </summary>
internal sealed class LastWill : IDisposable
{
    private readonly OutputRecorder _recorder;
    private readonly Action _save;
    private int _done;

    public LastWill(OutputRecorder recorder, Action save)
    {
        _recorder = recorder;
        _save = save;
        AppDomain.CurrentDomain.UnhandledException += OnUnhandledException;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _done = 1;
        AppDomain.CurrentDomain.UnhandledException -= OnUnhandledException;
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
    }

    private void OnUnhandledException(object sender, UnhandledExceptionEventArgs e)
    {
        var exception = (Exception)e.ExceptionObject;
        string what = $"{exception.GetType().Name}: {exception.Message}";
        Execute(new CellError("UnhandledException", $"on a thread of the cell's own: {what}", 0, []));
        ProcessEnd.SkipDestructors();
        Environment.Exit(1);
    }

    private void OnProcessExit(object? sender, EventArgs e)
    {
        Execute(new CellError("Exit", "the cell ended the process", 0, []));
        Environment.ExitCode = 1;   // a run cut short is a failure, whatever the cell says
    }

    private void Execute(CellError error)
    {
        if (Interlocked.Exchange(ref _done, 1) != 0)
            return;
        _recorder.Sink.Accept(new CellFailed(error));
        _recorder.Store();
        OutputCapture.TerminalErrors.WriteLine($"error: {error.Message}");
        try
        {
            _save();
        }
        catch (RunnerException failure)
        {
            OutputCapture.TerminalErrors.WriteLine($"error: {failure.Message}");
        }
    }
}

using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Notebook;

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

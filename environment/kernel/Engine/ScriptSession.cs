using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.DotNet.Interactive.Formatting;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Kernel.Engine;

/// <summary>
/// The engine: runs cell after cell of C# script, with the state of one carried over to the next, and reports what
/// they put out as <see cref="CellEvent"/>s. It knows nothing of files, terminals or protocols; those are front ends.
/// </summary>
internal sealed class ScriptSession
{
    private readonly string _folder;
    private readonly Action<CellEvent> _emit;
    private readonly ReferenceSet _references;
    private readonly Task<HostKernel> _host;
    private CellRun? _run;
    private Submission? _last;
    private object?[] _instances = new object?[16];
    private int _submissions;

    /// <param name="folder">The notebook's folder: paths in cells start there.</param>
    /// <param name="emit">Receives the events; called from any thread, also between cells.</param>
    public ScriptSession(string folder, Action<CellEvent> emit)
    {
        _folder = folder;
        _emit = emit;
        _references = new ReferenceSet(folder, line => Emit(new StreamWritten("stderr", line + "\n")));
        OutputCapture.Install();
        _host = Task.Run(() => new HostKernel(this));   // a third of a second, while the first cell is read
    }

    /// <summary>Answers the cells that ask for input; by default nobody does.</summary>
    public ICellInput Input { get; init; } = new NoInput();

    /// <summary>The notebook's folder.</summary>
    public string Folder => _folder;

    /// <summary>What cells are compiled against.</summary>
    public ReferenceSet References => _references;

    /// <summary>The C# that was compiled so far, piece by piece, each on top of those before it. Safe to read at any time.</summary>
    public ImmutableArray<string> Submissions { get; private set; } = [];

    /// <summary>How the cell that is compiled under a number is called in errors.</summary>
    public static string NameOf(int cell) => $"cell {cell}";

    /// <summary>Passes an event to the front end, unless it comes from a cell that was abandoned.</summary>
    public void Emit(CellEvent cellEvent)
    {
        if (CellContext.Run is not { Abandoned: true })
            _emit(cellEvent);
    }

    /// <summary>
    /// Gives up the running cell, which does not react to its interruption. .NET cannot stop its thread; but what it
    /// still puts out is dropped, what it declares is not taken over, and the next cell can run.
    /// </summary>
    public void Abandon()
    {
        if (_run is { } run)
            run.Abandoned = true;
    }

    /// <summary>Runs one cell until it ends, or until its user insists on its end.</summary>
    /// <returns>As <see cref="SubmitAsync"/>.</returns>
    public async Task<CellError?> RunAsync(string code, int cell, Interruption interruption)
    {
        Task<CellError?> run = SubmitAsync(code, cell, interruption.Asked);
        await Task.WhenAny(run, interruption.Insisted);
        if (run.IsCompleted)
            return await run;
        Abandon();
        var error = new CellError(
            CellError.Interrupted, "interrupted twice; the cell was left behind, and its thread may still be at work", 0, []);
        Emit(new CellFailed(error));
        return error;
    }

    /// <summary>Runs one cell, on another thread; one at a time.</summary>
    /// <param name="code">C# script with <c>#!</c> magics.</param>
    /// <param name="cell">The cell's number, for error messages.</param>
    /// <param name="cancellation">Interrupts the cell as far as its code watches for it (<c>KernelInvocationContext.Current.CancellationToken</c>).</param>
    /// <returns>Why the cell failed, also emitted as its last event; null when it ran to its end.</returns>
    public Task<CellError?> SubmitAsync(string code, int cell, CancellationToken cancellation) => Task.Run(async () =>
    {
        CellContext.Run = _run = new CellRun(this, cancellation);
        HostKernel host = await _host;
        using IDisposable ambient = host.Begin(code, cancellation, out Task begun);
        await begun;
        CellError? error;
        try
        {
            error = await RunCellAsync(code, NameOf(cell), cancellation);
        }
        catch (DirectiveException e)
        {
            error = CellError.Of(e);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            error = new CellError(CellError.Interrupted, "interrupted", 0, []);
        }
        catch (Exception e)
        {
            error = CellError.Of(e, NameOf(cell), _folder);   // not of the cell's code, but of what runs it: a file it imports
        }
        if (error is not null)
            Emit(new CellFailed(error));
        return error;
    }, CancellationToken.None);

    /// <summary>
    /// Evaluates an expression on top of the cells so far, for a front end that wants a value beside the cell's output.
    /// What it declares is forgotten.
    /// </summary>
    /// <returns>Its value, or why it has none.</returns>
    public Task<(MimeBundle? Value, CellError? Error)> EvaluateAsync(string expression, CancellationToken cancellation) =>
        Task.Run<(MimeBundle?, CellError?)>(async () =>
        {
            const string origin = "expression";
            try
            {
                Submission? submission = Submission.Compile(
                    expression, origin, _folder, _references, _last, cancellation, out IReadOnlyList<Diagnostic> errors);
                if (submission is null)
                    return (null, CellError.Of(errors, expression, origin));
                MakeRoom();
                return (MimeBundle.Of(await submission.RunAsync(_instances, cancellation)), null);
            }
            catch (Exception e)
            {
                return (null, CellError.Of(e, origin, _folder));
            }
        }, CancellationToken.None);

    private async Task<CellError?> RunCellAsync(string cell, string origin, CancellationToken cancellation)
    {
        ParsedCell parsed = CellParser.Parse(cell);
        var watch = Stopwatch.StartNew();
        foreach (CellPart part in parsed.Parts)
        {
            CellError? error = part.Kind switch
            {
                CellPartKind.CSharp => await RunCodeAsync(part.Text, origin, cancellation),
                CellPartKind.Import => await ImportAsync(part, cancellation),
                CellPartKind.PackageSource => _references.Packages.AddSource(part.Text),
                CellPartKind.Html => Show(MimeBundle.Html, part.Text),
                CellPartKind.JavaScript => Show(MimeBundle.Html, $"<script type=\"text/javascript\">{part.Text}</script>"),
                _ => Show(MimeBundle.Markdown, part.Text),
            };
            if (error is not null)
                return error;
        }
        if (parsed.Timed)
            Show(MimeBundle.PlainText, $"Wall time: {watch.Elapsed.TotalMilliseconds:0.0}ms");
        return null;
    }

    private async Task<CellError?> RunCodeAsync(string code, string origin, CancellationToken cancellation)
    {
        Submission? submission = Submission.Compile(
            code, origin, _folder, _references, _last, cancellation, out IReadOnlyList<Diagnostic> errors);
        if (submission is null)
            return CellError.Of(errors, code, origin);

        MakeRoom();
        CellRun run = _run!;
        try
        {
            foreach (string extension in _references.TakeExtensions())
                await (await _host).LoadExtensionsAsync(extension);
            object? value = await submission.RunAsync(_instances, cancellation);
            TakeOver(submission, code, run);
            if (submission.HasValue && value is not DisplayedValue)   // display(x) has shown x already
                Emit(new ResultProduced(MimeBundle.Of(value)));
            return null;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            TakeOver(submission, code, run);   // what it had declared before it failed stays, as in .NET Interactive
            return CellError.Of(e, origin, _folder);
        }
    }

    // A submission writes itself into the slot after the last one's; slot 0 is not used.
    private void MakeRoom()
    {
        if (++_submissions >= _instances.Length)
            Array.Resize(ref _instances, 2 * _instances.Length);
    }

    private void TakeOver(Submission submission, string code, CellRun run)
    {
        if (run.Abandoned)
            return;
        _last = submission;
        Submissions = Submissions.Add(code);
    }

    private async Task<CellError?> ImportAsync(CellPart part, CancellationToken cancellation)
    {
        string path = Path.GetFullPath(part.Text, _folder);
        if (!File.Exists(path))
            throw new DirectiveException($"#!import {part.Text}: there is no file {path}", part.Line);
        if (!part.Text.EndsWith(".ipynb", StringComparison.OrdinalIgnoreCase))
            return await RunCellAsync(File.ReadAllText(path), part.Text, cancellation);
        IReadOnlyList<NotebookCell> cells;
        try
        {
            cells = NotebookDocument.Load(path).CodeCells;
        }
        catch (RunnerException e)
        {
            throw new DirectiveException($"#!import {part.Text}: {e.Message}", part.Line);
        }
        for (int i = 0; i < cells.Count; i++)
            if (await RunCellAsync(cells[i].Code, $"{part.Text}, {NameOf(i + 1)}", cancellation) is { } error)
                return error;
        return null;
    }

    private CellError? Show(string mimeType, string text)
    {
        Emit(new Displayed(MimeBundle.Of(mimeType, text), Guid.NewGuid().ToString("N")));
        return null;
    }
}

using IntraDistill.Kernel.Engine;
using Microsoft.CodeAnalysis;

namespace IntraDistill.Kernel.Language;

/// <summary>
/// What an editor asks about a cell while it is typed: completion, inspection, and whether it is complete. Roslyn's
/// editor services are loaded with the first question. All positions are UTF-16 indices; every method may be called
/// from any thread and while a cell runs, whose declarations are then not known yet.
/// </summary>
/// <param name="session">The session that the code would run in; it is only read.</param>
internal sealed class LanguageServices(ScriptSession session) : IDisposable
{
    /// <summary>Longer cells are data: nobody completes in them, and to analyse one takes seconds.</summary>
    private const int LongestCode = 500_000;

    /// <summary>Roslyn can take for ever (a lambda in a call in a lambda …), and does not always heed its cancellation.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly CellWorkspace _workspace = new(session);

    /// <summary>Whether code can be run as it stands.</summary>
    public Completeness CheckComplete(string code) =>
        CanBeAnalysed(code) ? Completeness.Of(code) : new Completeness("complete", "");

    /// <summary>What may stand at the cursor, the best first; empty where there is nothing to offer.</summary>
    /// <exception cref="OperationCanceledException">The answer is not wanted any more.</exception>
    public async Task<Completions> CompleteAsync(string code, int cursor, CancellationToken cancellation)
    {
        int at = Math.Clamp(cursor, 0, code.Length);
        var nothing = new Completions([], at, at);
        if (!CanBeAnalysed(code))
            return nothing;
        CellText text = CellText.Read(code, at);
        if (DirectiveCompletion.Find(code, text.LineStart, at, text.InCode, session.Folder) is { } directive)
            return directive;
        if (!text.InCode)
            return nothing;
        return await Answer(
            text.Code, async (document, token) => await CompletionFinder.FindAsync(document, text.Code, at, token), cancellation)
            ?? nothing;
    }

    /// <summary>What is known of the symbol at the cursor, or of the call whose arguments it stands in.</summary>
    /// <param name="code">The cell.</param>
    /// <param name="cursor">Where in the cell.</param>
    /// <param name="detailed">Whether remarks and examples are wanted, too.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>Plain text; null when there is nothing to say.</returns>
    /// <exception cref="OperationCanceledException">The answer is not wanted any more.</exception>
    public async Task<MimeBundle?> InspectAsync(string code, int cursor, bool detailed, CancellationToken cancellation)
    {
        int at = Math.Clamp(cursor, 0, code.Length);
        if (!CanBeAnalysed(code))
            return null;
        CellText text = CellText.Read(code, at);
        if (!text.InCode)
            return null;
        return await Answer(text.Code, (document, token) => Inspection.OfAsync(document, at, detailed, token), cancellation);
    }

    /// <summary>Loads, in the background, what the first question would else wait for.</summary>
    public void WarmUp()
    {
        var thread = new Thread(() =>
        {
            const string sample = "Console.WriteLine(\"\".Len";
            _ = CheckComplete(sample);
            _ = CompleteAsync(sample, sample.Length, CancellationToken.None).GetAwaiter().GetResult();
            _ = InspectAsync(sample, 0, detailed: false, CancellationToken.None).GetAwaiter().GetResult();
        })
        {
            IsBackground = true,
            Name = "language services",
            Priority = ThreadPriority.Lowest,
        };
        thread.Start();
    }

    /// <inheritdoc/>
    public void Dispose() => _workspace.Dispose();

    private static bool CanBeAnalysed(string code) => code.Length <= LongestCode && !Nesting.IsTooDeep(code);

    // Code that is being typed is wrong in all ways, and Roslyn's editor services are not proof against each of them:
    // an editor whose question has no answer goes on without one.
    private async Task<T?> Answer<T>(
        string code, Func<Document, CancellationToken, Task<T?>> ask, CancellationToken cancellation) where T : class
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        CancellationToken token = limited.Token;
        try
        {
            Task<T?> answer = Task.Run(async () => await ask(await _workspace.OpenAsync(code, token), token), token);
            return await answer.WaitAsync(s_patience, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            await limited.CancelAsync();
        }
    }
}

using IntraDistill.Kernel.Engine;
using Microsoft.AspNetCore.Html;

// .NET Interactive's own namespace and names, so that a cell compiles against either host.
namespace Microsoft.DotNet.Interactive;

/// <summary>The functions that a cell calls without a receiver: <c>display(x)</c>, <c>HTML("…")</c>.</summary>
public static class Kernel
{
    /// <summary>Shows a value in the cell's output.</summary>
    /// <param name="value">Anything; it is formatted by Microsoft.DotNet.Interactive.Formatting.</param>
    /// <param name="mimeTypes">The MIME types to format it as; none for those its type prefers.</param>
    /// <returns>A handle whose <see cref="DisplayedValue.Update"/> replaces the output in place.</returns>
    public static DisplayedValue display(object? value, params string[] mimeTypes) => CellContext.Display(value, mimeTypes);

    /// <summary>Marks a string as HTML, to be displayed as such.</summary>
    public static IHtmlContent HTML(string content) => new HtmlString(content);

    /// <summary>Takes away what the cell has put out so far.</summary>
    /// <param name="wait">Not before there is something new to show, so that the output does not flicker.</param>
    public static void ClearOutput(bool wait = false) => CellContext.Session?.Emit(new OutputCleared(wait));

    /// <summary>Asks the notebook's user for a line of text.</summary>
    /// <exception cref="InvalidOperationException">Nobody is there to ask: a headless run, a front end without input.</exception>
    public static Task<string> GetInputAsync(string prompt = "") => AskAsync(prompt, password: false);

    /// <summary>Asks the notebook's user for a line of text that is not shown while it is typed.</summary>
    /// <exception cref="InvalidOperationException">Nobody is there to ask: a headless run, a front end without input.</exception>
    public static Task<string> GetPasswordAsync(string prompt = "") => AskAsync(prompt, password: true);

    private static Task<string> AskAsync(string prompt, bool password)
    {
        ICellInput input = CellContext.Session?.Input ?? new NoInput();
        return Task.Run(() => input.Ask(prompt, password));
    }
}

/// <summary>An output that was displayed and can be replaced in place.</summary>
public sealed class DisplayedValue
{
    private readonly ScriptSession? _session;
    private readonly string[] _mimeTypes;

    internal DisplayedValue(ScriptSession? session, string displayId, string[] mimeTypes)
    {
        _session = session;
        DisplayId = displayId;
        _mimeTypes = mimeTypes;
    }

    /// <summary>The identity of the output within the notebook.</summary>
    public string DisplayId { get; }

    /// <summary>Replaces the output by another value, formatted as the same MIME types; from any cell or thread.</summary>
    public void Update(object? updatedValue) =>
        _session?.Emit(new DisplayUpdated(MimeBundle.Of(updatedValue, _mimeTypes), DisplayId));
}

/// <summary>What a running cell can learn of its own run.</summary>
public sealed class KernelInvocationContext
{
    private readonly ScriptSession _session;

    private KernelInvocationContext(ScriptSession session) => _session = session;

    /// <summary>The run of the current cell; null outside of one.</summary>
    public static KernelInvocationContext? Current =>
        CellContext.Session is { } session ? new KernelInvocationContext(session) : null;

    /// <summary>Cancelled when the user interrupts the cell (Ctrl-C).</summary>
    public CancellationToken CancellationToken => _session.CellCancellation;

    /// <summary>Shows a value in the cell's output; the same as <see cref="Kernel.display"/>.</summary>
    public DisplayedValue Display(object? value, params string[] mimeTypes) => CellContext.Display(value, mimeTypes);
}

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

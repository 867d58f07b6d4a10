using IntraDistill.Kernel.Engine;
using Microsoft.AspNetCore.Html;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Formatting;
using Host = Microsoft.DotNet.Interactive.Kernel;

namespace IntraDistill.Kernel.Cells;

/// <summary>What a cell calls without a receiver, as in .NET Interactive: the functions of its <see cref="Host"/>. The types that they speak
/// of are .NET Interactive's own; but there what <c>display(x)</c> and <c>x.Display()</c> return updates nothing, and here it does.</summary>
public static class CellFunctions
{
    /// <summary>Shows a value in the cell's output.</summary>
    /// <param name="value">Anything; it is formatted by Microsoft.DotNet.Interactive.Formatting.</param>
    /// <param name="mimeTypes">The MIME types to format it as; none for those its type prefers.</param>
    /// <returns>A handle whose <see cref="DisplayedValue.Update"/> replaces the output in place.</returns>
    public static DisplayedValue display(object? value, params string[] mimeTypes) => CellContext.Display(value, mimeTypes);

    /// <summary>Shows a value in the cell's output; the same as <see cref="display"/>.</summary>
    // Generic, so that the compiler takes it before the one of System.DisplayExtensions.
    public static DisplayedValue Display<T>(this T value, params string[] mimeTypes) => CellContext.Display(value, mimeTypes);

    /// <summary>Marks a string as HTML, to be displayed as such.</summary>
    public static IHtmlContent HTML(string content) => Host.HTML(content);

    /// <summary>Runs a script in the page that shows the output.</summary>
    public static void Javascript(string scriptContent) => Host.Javascript(scriptContent);

    /// <summary>Adds a style sheet to the page that shows the output.</summary>
    public static void CSS(string content) => Host.CSS(content);

    /// <summary>Takes away what the cell has put out so far. .NET Interactive has no such function.</summary>
    /// <param name="wait">Not before there is something new to show, so that the output does not flicker.</param>
    public static void ClearOutput(bool wait = false) => CellContext.Session?.Emit(new OutputCleared(wait));

    /// <summary>Asks the notebook's user for a line of text.</summary>
    /// <exception cref="InvalidOperationException">Nobody is there to ask: a headless run, a front end without input.</exception>
    public static Task<string> GetInputAsync(string prompt = "", string typeHint = "text") => AskAsync(prompt, typeHint == "password");

    /// <summary>Asks the notebook's user for a line of text that is not shown while it is typed.</summary>
    /// <exception cref="InvalidOperationException">Nobody is there to ask: a headless run, a front end without input.</exception>
    public static async Task<PasswordString> GetPasswordAsync(string prompt = "") => new(await AskAsync(prompt, password: true));

    private static Task<string> AskAsync(string prompt, bool password)
    {
        ICellInput input = CellContext.Session?.Input ?? new NoInput();
        return Task.Run(() => input.Ask(prompt, password));
    }
}

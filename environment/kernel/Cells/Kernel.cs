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
}

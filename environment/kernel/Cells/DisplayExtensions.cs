using IntraDistill.Kernel.Engine;
using Microsoft.DotNet.Interactive;

// In System, as in .NET Interactive: in scope in every cell.
namespace System;

/// <summary><c>x.Display()</c> for every value.</summary>
public static class DisplayExtensions
{
    /// <summary>Shows a value in the cell's output; the same as <see cref="Kernel.display"/>.</summary>
    /// <param name="value">Anything; it is formatted by Microsoft.DotNet.Interactive.Formatting.</param>
    /// <param name="mimeTypes">The MIME types to format it as; none for those its type prefers.</param>
    /// <returns>A handle whose <see cref="DisplayedValue.Update"/> replaces the output in place.</returns>
    public static DisplayedValue Display(this object? value, params string[] mimeTypes) => CellContext.Display(value, mimeTypes);

    /// <summary>Shows a string as content of a MIME type, unchanged.</summary>
    public static DisplayedValue DisplayAs(this string value, string mimeType) => CellContext.DisplayAs(value, mimeType);
}

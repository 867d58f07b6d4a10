using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;

namespace IntraDistill.Kernel.Engine;

/// <summary>Something that a running cell put out; a front end (the runner, a Jupyter kernel) gives it its own form.</summary>
internal abstract record CellEvent;

/// <summary>Text written to the console.</summary>
/// <param name="Name"><c>stdout</c> or <c>stderr</c>.</param>
/// <param name="Text">The text as written; may hold part of a line, and <c>\r</c>.</param>
internal sealed record StreamWritten(string Name, string Text) : CellEvent;

/// <summary>A value displayed while the cell runs.</summary>
internal sealed record Displayed(MimeBundle Data, string DisplayId) : CellEvent;

/// <summary>A displayed value replaced by another, in whichever cell it was displayed.</summary>
internal sealed record DisplayUpdated(MimeBundle Data, string DisplayId) : CellEvent;

/// <summary>What the cell has put out so far is taken away.</summary>
/// <param name="Wait">Not before there is something new to show, so that the output does not flicker.</param>
internal sealed record OutputCleared(bool Wait) : CellEvent;

/// <summary>The value of the cell's last expression.</summary>
internal sealed record ResultProduced(MimeBundle Data) : CellEvent;

/// <summary>The cell failed; the last event of its run.</summary>
internal sealed record CellFailed(CellError Error) : CellEvent;

/// <summary>One value in the forms in which it can be shown: MIME type to content.</summary>
internal sealed record MimeBundle(IReadOnlyDictionary<string, string> Content)
{
    public const string PlainText = "text/plain", Html = "text/html", Markdown = "text/markdown";

    /// <summary>The plain text beside a richer form is a fallback for readers without one; longer ones are cut.</summary>
    private const int LongestFallback = 4_000;

    /// <summary>Formats a value as .NET Interactive would, with plain text beside it as Jupyter wants.</summary>
    /// <param name="value">The value; null is shown as the formatter's null string.</param>
    public static MimeBundle Of(object? value) => Of(FormattedValue.CreateManyFromObject(value), value);

    /// <summary>The bundle of an event of .NET Interactive's library.</summary>
    public static MimeBundle Of(DisplayEvent display) => Of(display.FormattedValues, display.Value);

    /// <summary>The bundle of a value that is formatted already.</summary>
    public static MimeBundle Of(IEnumerable<FormattedValue> forms, object? value)
    {
        var content = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (FormattedValue form in forms)
            content[form.MimeType] = form.Value;
        if (!content.ContainsKey(PlainText) && value is not null)   // of a script that a helper shows there is no value
            content[PlainText] = Fallback(value);
        return new MimeBundle(content);
    }

    /// <summary>A bundle of ready content.</summary>
    public static MimeBundle Of(string mimeType, string text) =>
        new(new SortedDictionary<string, string>(StringComparer.Ordinal) { [mimeType] = text, [PlainText] = text });

    /// <summary>The bundle as notebooks and messages have it: JSON types as JSON, all others as text.</summary>
    /// <param name="text">Writes a text.</param>
    public JsonObject ToJson(Func<string, JsonNode?> text)
    {
        var json = new JsonObject();
        foreach ((string mimeType, string content) in Content)
            json[mimeType] = IsJson(mimeType) ? Parse(content) : text(content);
        return json;
    }

    private static bool IsJson(string mimeType) =>
        mimeType == "application/json" || mimeType.EndsWith("+json", StringComparison.Ordinal);

    private static JsonNode? Parse(string content)
    {
        try
        {
            return JsonNode.Parse(content);
        }
        catch (JsonException)
        {
            return JsonValue.Create(content);   // a formatter that says JSON and writes something else
        }
    }

    private static string Fallback(object? value)
    {
        string text;
        try
        {
            text = value.ToDisplayString(PlainText);
        }
        catch (Exception)
        {
            // The form that was asked for is there; a plain-text formatter that fails must not take it away.
            text = value?.GetType().ToString() ?? "";
        }
        return text.Length <= LongestFallback ? text : text[..LongestFallback] + " …";
    }
}

using System.Text.Json.Nodes;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>Sends what a cell puts out, as it comes. Safe to call from any thread.</summary>
/// <param name="messenger">Sends it.</param>
/// <param name="request">The request that the cell came with.</param>
/// <param name="number">The cell's number.</param>
/// <param name="silent">Whether nothing is to be sent.</param>
internal sealed class CellOutput(Messenger messenger, Request request, int number, bool silent)
{
    private readonly Lock _lock = new();

    /// <summary>The cell's value as text; null for none.</summary>
    public string? Result { get; private set; }

    /// <summary>Takes an event.</summary>
    public void Accept(CellEvent cellEvent)
    {
        if (silent)
            return;
        lock (_lock)
        {
            if (cellEvent is ResultProduced { Data: var value })
                Result = value.Content[MimeBundle.PlainText];
            (string type, JsonObject content) = Message(cellEvent);
            messenger.Publish(type, content, request);
        }
    }

    /// <summary>A failed cell's error, as error messages and replies have it.</summary>
    public static JsonObject ToJson(CellError error)
    {
        JsonNode[] lines = [.. error.Describe().Select((line, i) => JsonValue.Create(i == 0 ? Highlight(line) : line))];
        return new JsonObject { ["ename"] = error.Name, ["evalue"] = error.Message, ["traceback"] = new JsonArray(lines) };
    }

    private (string Type, JsonObject Content) Message(CellEvent cellEvent) => cellEvent switch
    {
        StreamWritten written => ("stream", new JsonObject { ["name"] = written.Name, ["text"] = written.Text }),
        Displayed shown => ("display_data", Data(shown.Data, shown.DisplayId)),
        DisplayUpdated update => ("update_display_data", Data(update.Data, update.DisplayId)),
        ResultProduced result => ("execute_result", Data(result.Data, null)),
        OutputCleared cleared => ("clear_output", new JsonObject { ["wait"] = cleared.Wait }),
        CellFailed failed => ("error", ToJson(failed.Error)),
        _ => throw new ArgumentOutOfRangeException(nameof(cellEvent)),
    };

    private JsonObject Data(MimeBundle bundle, string? displayId)
    {
        var content = new JsonObject
        {
            ["data"] = bundle.ToJson(text => JsonValue.Create(text)),
            ["metadata"] = new JsonObject(),
        };
        if (displayId is null)
            content["execution_count"] = number;
        else
            content["transient"] = new JsonObject { ["display_id"] = displayId };
        return content;
    }

    /// <summary>Bold red, by the terminal codes that Jupyter's editors and nbconvert understand.</summary>
    private static string Highlight(string line) => $"\u001b[1;31m{line}\u001b[0m";
}

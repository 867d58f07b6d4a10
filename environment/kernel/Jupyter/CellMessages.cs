using System.Text.Json.Nodes;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>What a cell shows as Jupyter's messages.</summary>
/// <param name="messenger">Sends them.</param>
/// <param name="request">The request that the cell came with.</param>
/// <param name="number">The cell's number.</param>
internal sealed class CellMessages(Messenger messenger, Request request, int number)
{
    /// <summary>Sends an event.</summary>
    public void Show(CellEvent shown)
    {
        (string type, JsonObject content) = shown switch
        {
            StreamWritten text => ("stream", new JsonObject { ["name"] = text.Name, ["text"] = text.Text }),
            Displayed display => ("display_data", Data(display.Data, display.DisplayId)),
            DisplayUpdated update => ("update_display_data", Data(update.Data, update.DisplayId)),
            ResultProduced result => ("execute_result", Data(result.Data, null)),
            OutputCleared cleared => ("clear_output", new JsonObject { ["wait"] = cleared.Wait }),
            CellFailed failed => ("error", ToJson(failed.Error)),
            _ => throw new ArgumentOutOfRangeException(nameof(shown)),
        };
        messenger.Publish(type, content, request);
    }

    /// <summary>A failed cell's error, as error messages and replies have it.</summary>
    public static JsonObject ToJson(CellError error)
    {
        JsonNode[] lines = [.. error.Describe().Select((line, i) => JsonValue.Create(i == 0 ? Highlight(line) : line))];
        return new JsonObject { ["ename"] = error.Name, ["evalue"] = error.Message, ["traceback"] = new JsonArray(lines) };
    }

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

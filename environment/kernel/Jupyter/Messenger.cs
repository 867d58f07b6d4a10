using System.Text;
using System.Text.Json.Nodes;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>Signs and sends what the kernel has to say. Safe to call from any thread.</summary>
internal sealed class Messenger(WireFormat wire, KernelSockets sockets)
{
    private readonly Lock _status = new();
    private Request? _executing;

    /// <summary>Answers a request.</summary>
    public void Reply(Request request, JsonObject content)
    {
        string type = request.Type.EndsWith("_request", StringComparison.Ordinal)
            ? string.Concat(request.Type.AsSpan(0, request.Type.Length - "_request".Length), "_reply")
            : request.Type;
        sockets.Send(request.Channel, wire.Write(request.Identities, type, content, request.Header));
    }

    /// <summary>Asks the client that sent a request for input.</summary>
    public void AskForInput(Request request, string prompt, bool password)
    {
        var content = new JsonObject { ["prompt"] = prompt, ["password"] = password };
        sockets.Send(KernelChannel.Stdin, wire.Write(request.Identities, "input_request", content, request.Header));
    }

    /// <summary>Tells every client.</summary>
    /// <param name="type">The message's type, such as <c>stream</c>.</param>
    /// <param name="content">Its content.</param>
    /// <param name="parent">The request it comes from, or null.</param>
    public void Publish(string type, JsonObject content, Request? parent) =>
        sockets.Send(KernelChannel.IoPub, wire.Write([Encoding.UTF8.GetBytes($"kernel.{type}")], type, content, parent?.Header));

    /// <summary>Says that the kernel is up.</summary>
    public void PublishStarting() => PublishStatus("starting", null);

    /// <summary>Says that a request is being worked on.</summary>
    public void Begin(Request request, bool executes = false)
    {
        lock (_status)
        {
            if (executes)
                _executing = request;
            PublishStatus("busy", request);
        }
    }

    /// <summary>
    /// Says that a request is done. Editors show the last state they heard of: when another request was answered
    /// while a cell runs, the cell's is said again.
    /// </summary>
    public void End(Request request)
    {
        lock (_status)
        {
            PublishStatus("idle", request);
            if (ReferenceEquals(_executing, request))
                _executing = null;
            else if (_executing is not null)
                PublishStatus("busy", _executing);
        }
    }

    private void PublishStatus(string state, Request? parent) =>
        Publish("status", new JsonObject { ["execution_state"] = state }, parent);
}

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

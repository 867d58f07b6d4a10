using System.Text;
using System.Text.Json.Nodes;

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

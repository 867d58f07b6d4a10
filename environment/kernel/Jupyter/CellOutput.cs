using System.Text.Json.Nodes;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>Sends what a cell puts out, as it comes. Safe to call from any thread.</summary>
internal sealed class CellOutput : IDisposable
{
    private readonly Messenger _messenger;
    private readonly Request _request;
    private readonly int _number;
    private readonly bool _silent;
    private readonly StreamLimiter _streams;
    private readonly UpdateLimiter _updates;
    private readonly Lock _lock = new();
    private int _displays;

    /// <param name="messenger">Sends it.</param>
    /// <param name="request">The request that the cell came with.</param>
    /// <param name="number">The cell's number.</param>
    /// <param name="silent">Whether nothing is to be sent.</param>
    public CellOutput(Messenger messenger, Request request, int number, bool silent)
    {
        _messenger = messenger;
        _request = request;
        _number = number;
        _silent = silent;
        _streams = new StreamLimiter((name, text) =>
            messenger.Publish("stream", new JsonObject { ["name"] = name, ["text"] = text }, request));
        _updates = new UpdateLimiter(Publish);
    }

    /// <summary>The cell's value as text; null for none.</summary>
    public string? Result { get; private set; }

    /// <summary>Takes an event.</summary>
    public void Accept(CellEvent cellEvent)
    {
        if (_silent)
            return;
        switch (cellEvent)
        {
            case StreamWritten written:
                _streams.Write(written.Name, written.Text);
                return;
            case DisplayUpdated update:
                _updates.Write(update);
                return;
        }
        lock (_lock)
        {
            if (cellEvent is ResultProduced { Data: var value })
                Result = value.Content[MimeBundle.PlainText];
            if (cellEvent is Displayed or ResultProduced && _displays++ >= OutputRecorder.MostDisplays)
                return;
            if (cellEvent is OutputCleared)
                _displays = 0;
            _updates.Flush();
            _streams.Complete();
            Publish(cellEvent);
        }
    }

    /// <summary>Sends what waits: before the user is asked for something.</summary>
    public void Flush()
    {
        _updates.Flush();
        _streams.Flush();
    }

    /// <summary>Sends all there is: the cell is done. What it still puts out, by threads of its own, is sent as well.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            if (OutputRecorder.Note(_displays) is { } note)
                _streams.Write("stderr", note);
            _displays = 0;
            _updates.Flush();
            _streams.Complete();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _updates.Dispose();
        _streams.Dispose();
    }

    /// <summary>A failed cell's error, as error messages and replies have it.</summary>
    public static JsonObject ToJson(CellError error)
    {
        JsonNode[] lines = [.. error.Describe().Select((line, i) => JsonValue.Create(i == 0 ? Highlight(line) : line))];
        return new JsonObject { ["ename"] = error.Name, ["evalue"] = error.Message, ["traceback"] = new JsonArray(lines) };
    }

    private void Publish(CellEvent cellEvent)
    {
        (string type, JsonObject content) = Message(cellEvent);
        _messenger.Publish(type, content, _request);
    }

    private (string Type, JsonObject Content) Message(CellEvent cellEvent) => cellEvent switch
    {
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
            content["execution_count"] = _number;
        else
            content["transient"] = new JsonObject { ["display_id"] = displayId };
        return content;
    }

    /// <summary>Bold red, by the terminal codes that Jupyter's editors and nbconvert understand.</summary>
    private static string Highlight(string line) => $"\u001b[1;31m{line}\u001b[0m";
}

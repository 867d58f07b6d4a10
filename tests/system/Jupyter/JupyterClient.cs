using System.Text;
using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;

namespace IntraDistill.Tests.JupyterTests;

/// <summary>A small Jupyter client. Keeps all that came; tests wait for the messages they want.</summary>
internal sealed class JupyterClient : IDisposable
{
    /// <summary>How long to wait for a message before the test fails; much longer than it takes on a busy machine.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly ConnectionInfo _connection;
    private readonly string _session = Guid.NewGuid().ToString("N");
    private readonly Dictionary<Channel, NetMQSocket> _sockets = [];
    private readonly NetMQQueue<(Channel Channel, List<byte[]> Frames)> _outgoing = new();
    private readonly NetMQPoller _poller = new();
    private readonly Lock _lock = new();
    private readonly List<JupyterMessage> _received = [];
    private readonly List<Exception> _unreadable = [];
    private TaskCompletionSource _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _heartbeats;

    public JupyterClient(ConnectionInfo connection)
    {
        _connection = connection;
        var identity = Encoding.ASCII.GetBytes(_session);   // the kernel asks for input where the request came from
        foreach (Channel channel in Enum.GetValues<Channel>())
        {
            NetMQSocket socket = channel == Channel.IoPub ? new SubscriberSocket() : new DealerSocket();
            socket.Options.Linger = TimeSpan.Zero;
            socket.Options.SendHighWatermark = socket.Options.ReceiveHighWatermark = 0;
            if (socket is SubscriberSocket subscriber)
                subscriber.SubscribeToAnyTopic();
            else
                socket.Options.Identity = identity;
            socket.Connect($"tcp://127.0.0.1:{connection.Ports[channel]}");
            socket.ReceiveReady += (_, ready) => Receive(channel, ready.Socket);
            _sockets[channel] = socket;
            _poller.Add(socket);
        }
        _outgoing.ReceiveReady += (_, ready) =>
        {
            while (ready.Queue.TryDequeue(out var next, TimeSpan.Zero))
                _sockets[next.Channel].SendMultipartBytes(next.Frames);
        };
        _poller.Add(_outgoing);
        _poller.RunAsync();
    }

    /// <summary>Answers questions for input; by default a question fails the test by nobody answering it.</summary>
    public Func<JupyterMessage, string?>? Answer { get; set; }

    /// <summary>All that came so far, in the order of its arrival on each socket.</summary>
    public JupyterMessage[] Received
    {
        get
        {
            lock (_lock)
                return [.. _received];
        }
    }

    /// <summary>Sends frames as they are.</summary>
    public void SendFrames(Channel channel, List<byte[]> frames) => _outgoing.Enqueue((channel, frames));

    /// <summary>Sends a request.</summary>
    /// <returns>Its identity.</returns>
    public string Send(string type, JsonObject? content = null, Channel channel = Channel.Shell)
    {
        string id = Guid.NewGuid().ToString("N");
        SendFrames(channel, JupyterMessage.Write(
            _connection.Key, Header(type, id).ToJsonString(), "{}", "{}", (content ?? []).ToJsonString()));
        return id;
    }

    /// <summary>A request's header.</summary>
    public JsonObject Header(string type, string id) => new()
    {
        ["msg_id"] = id, ["msg_type"] = type, ["session"] = _session, ["username"] = "test",
        ["date"] = DateTime.UtcNow.ToString("o"), ["version"] = "5.3",
    };

    /// <summary>Sends a cell.</summary>
    /// <returns>The request's identity.</returns>
    public string SendCell(string code, JsonObject? more = null)
    {
        var content = new JsonObject { ["code"] = code, ["silent"] = false, ["store_history"] = true, ["allow_stdin"] = true };
        foreach ((string name, JsonNode? value) in more ?? [])
            content[name] = value?.DeepClone();
        return Send("execute_request", content);
    }

    /// <summary>Sends a request and waits for its reply.</summary>
    public Task<JupyterMessage> AskAsync(string type, JsonObject? content = null, Channel channel = Channel.Shell) =>
        ReplyAsync(Send(type, content, channel));

    /// <summary>Runs a cell and waits until it is done.</summary>
    public Task<CellResult> RunAsync(string code, JsonObject? more = null) => ResultAsync(SendCell(code, more));

    /// <summary>Waits for the reply to a request.</summary>
    public Task<JupyterMessage> ReplyAsync(string id) =>
        WaitAsync(message => message.ParentId == id && message.Channel is (Channel.Shell or Channel.Control), "a reply");

    /// <summary>Waits for a cell's reply and for all of its outputs.</summary>
    public async Task<CellResult> ResultAsync(string id)
    {
        JupyterMessage reply = await ReplyAsync(id);
        await WaitForIdleAsync(id);
        return new CellResult(reply, [.. Received.Where(message => message.Channel == Channel.IoPub && message.ParentId == id)]);
    }

    /// <summary>Waits until the kernel said that it is done with a request.</summary>
    public Task WaitForIdleAsync(string id) =>
        WaitAsync(message => message is { Type: "status" } && message.ParentId == id && message.Text("execution_state") == "idle",
            "the idle state");

    /// <summary>Waits for text of a stream that a request caused.</summary>
    public Task WaitForTextAsync(string id, string text) =>
        WaitUntilAsync(all => string.Concat(all
            .Where(message => message.ParentId == id && message.Type == "stream").Select(message => message.Text("text")))
            .Contains(text, StringComparison.Ordinal), $"the text {text}");

    /// <summary>Waits for the first message of a kind.</summary>
    public async Task<JupyterMessage> WaitAsync(Func<JupyterMessage, bool> match, string what)
    {
        await WaitUntilAsync(all => all.Any(match), what);
        return Received.First(match);
    }

    /// <summary>Sends a heartbeat and waits for its echo.</summary>
    public async Task BeatAsync()
    {
        int before = _heartbeats;
        SendFrames(Channel.Heartbeat, [[], "beat"u8.ToArray()]);
        await WaitUntilAsync(_ => _heartbeats > before, "a heartbeat");
    }

    /// <summary>Waits until the kernel answers and its outputs reach this client.</summary>
    public async Task ConnectAsync()
    {
        DateTime end = DateTime.UtcNow + s_patience;
        for (string id = ""; !Received.Any(message => message.Channel == Channel.IoPub && message.ParentId == id);)
        {
            Assert.True(DateTime.UtcNow < end, "the kernel does not answer");
            id = Send("kernel_info_request");
            await ReplyAsync(id);
            await Task.Delay(20);   // what was published before the subscription arrived is lost
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _poller.Dispose();
        foreach (NetMQSocket socket in _sockets.Values)
            socket.Dispose();
        _outgoing.Dispose();
        Assert.Empty(_unreadable);
    }

    private async Task WaitUntilAsync(Func<IReadOnlyList<JupyterMessage>, bool> match, string what)
    {
        DateTime end = DateTime.UtcNow + s_patience;
        while (true)
        {
            Task arrival;
            lock (_lock)
            {
                if (match(_received))
                    return;
                arrival = _arrival.Task;
            }
            TimeSpan left = end - DateTime.UtcNow;
            if (left < TimeSpan.Zero || await Task.WhenAny(arrival, Task.Delay(left)) != arrival)
                throw new TimeoutException($"waited in vain for {what}; received:\n{string.Join("\n", Received.TakeLast(30))}");
        }
    }

    private void Receive(Channel channel, NetMQSocket socket)
    {
        List<byte[]> frames = socket.ReceiveMultipartBytes();
        JupyterMessage? message = null;
        lock (_lock)
        {
            try
            {
                if (channel == Channel.Heartbeat)
                    _heartbeats++;
                else
                    _received.Add(message = JupyterMessage.Read(channel, frames, _connection.Key));
            }
            catch (Exception e)
            {
                _unreadable.Add(e);
            }
            _arrival.TrySetResult();
            _arrival = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        if (message?.Type == "input_request" && Answer?.Invoke(message) is { } answer)
            Send("input_reply", new JsonObject { ["value"] = answer }, Channel.Stdin);
    }
}

/// <summary>What came of a cell.</summary>
/// <param name="Reply">The execute_reply.</param>
/// <param name="Published">What all clients were told, in order.</param>
internal sealed record CellResult(JupyterMessage Reply, IReadOnlyList<JupyterMessage> Published)
{
    public string Status => Reply.Text("status");

    /// <summary>The published messages of one type.</summary>
    public JupyterMessage[] Of(string type) => [.. Published.Where(message => message.Type == type)];

    /// <summary>All text of a stream.</summary>
    public string Stream(string name) =>
        string.Concat(Of("stream").Where(message => message.Text("name") == name).Select(message => message.Text("text")));

    /// <summary>The types of the published messages, in order.</summary>
    public string[] Types => [.. Published.Select(message => message.Type)];
}

using System.Net.Sockets;
using NetMQ;
using NetMQ.Sockets;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>
/// The five sockets, all served by one thread, since ZeroMQ sockets belong to one; nothing else is done there, so that
/// the heartbeat answers whatever a cell does.
/// </summary>
internal sealed class KernelSockets : IDisposable
{
    /// <summary>A frame's largest size, in bytes: its claimed size is allocated before its signature can be checked.</summary>
    private const long LargestFrame = 256L << 20;

    private const string ThreadName = "Jupyter sockets";

    /// <summary>How long the last messages may take to leave after the sockets were closed.</summary>
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(1);

    private readonly Dictionary<KernelChannel, NetMQSocket> _sockets = [];
    private readonly NetMQQueue<Outgoing> _outgoing = new();
    private readonly NetMQPoller _poller = new();
    private readonly TaskCompletionSource _sentAll = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="connection">Where to listen.</param>
    /// <exception cref="RunnerException">A port is taken, or the address is not this machine's.</exception>
    public KernelSockets(ConnectionFile connection)
    {
        foreach ((KernelChannel channel, int port) in connection.Ports)
        {
            NetMQSocket socket = channel == KernelChannel.IoPub ? new PublisherSocket() : new RouterSocket();
            _sockets[channel] = socket;
            socket.Options.Linger = s_linger;
            socket.Options.MaxMsgSize = LargestFrame;
            // Without bounds: at the default of 1,000 messages ZeroMQ drops outputs. What a cell may print is limited before.
            socket.Options.SendHighWatermark = socket.Options.ReceiveHighWatermark = 0;
            Bind(socket, $"tcp://{connection.Ip}:{port}", connection, channel);
        }
    }

    /// <summary>Whether a thread of that name serves the sockets: this object's, and NetMQ's own.</summary>
    public static bool IsThread(string name) =>
        name == ThreadName
        || name.StartsWith("iothread-", StringComparison.Ordinal) || name.StartsWith("reaper-", StringComparison.Ordinal);

    /// <summary>Begins to receive and to send.</summary>
    /// <param name="onMessage">Receives what comes in, unchecked; must return at once.</param>
    public void Start(Action<KernelChannel, IReadOnlyList<byte[]>> onMessage)
    {
        foreach ((KernelChannel channel, NetMQSocket socket) in _sockets)
        {
            if (channel == KernelChannel.IoPub)
                continue;
            socket.ReceiveReady += (_, ready) => Receive(channel, ready.Socket, onMessage);
            _poller.Add(socket);
        }
        _outgoing.ReceiveReady += (_, _) => SendQueued();
        _poller.Add(_outgoing);
        _poller.RunAsync(ThreadName, true);
    }

    /// <summary>Sends a message; from any thread, in the order of the calls.</summary>
    public void Send(KernelChannel channel, List<byte[]> frames) => _outgoing.Enqueue(new Outgoing(channel, frames));

    /// <summary>Sends what was queued before, and closes the sockets.</summary>
    public void Dispose()
    {
        _outgoing.Enqueue(new Outgoing(default, null));
        _sentAll.Task.Wait(s_linger);
        _poller.Dispose();
        foreach (NetMQSocket socket in _sockets.Values)
            socket.Dispose();
        _outgoing.Dispose();
        NetMQConfig.Cleanup(block: true);   // waits until what was sent has left, as long as the sockets linger
    }

    private static void Bind(NetMQSocket socket, string address, ConnectionFile connection, KernelChannel channel)
    {
        try
        {
            socket.Bind(address);
        }
        catch (Exception e) when (e is NetMQException or SocketException)
        {
            throw new RunnerException($"{connection.Path}: cannot listen on {address} ({channel}): {e.Message}");
        }
    }

    private static void Receive(
        KernelChannel channel, NetMQSocket socket, Action<KernelChannel, IReadOnlyList<byte[]>> onMessage)
    {
        List<byte[]> frames = [];
        if (!socket.TryReceiveMultipartBytes(ref frames))
            return;
        if (channel == KernelChannel.Heartbeat)
            SendNow(socket, frames);
        else
            onMessage(channel, frames);
    }

    private void SendQueued()
    {
        while (_outgoing.TryDequeue(out Outgoing next, TimeSpan.Zero))
        {
            if (next.Frames is null)
                _sentAll.TrySetResult();
            else
                SendNow(_sockets[next.Channel], next.Frames);
        }
    }

    // A client that has gone is no error: its messages are dropped.
    private static void SendNow(NetMQSocket socket, List<byte[]> frames) => socket.TrySendMultipartBytes(frames);

    /// <param name="Channel">The socket.</param>
    /// <param name="Frames">The message; null marks the end of all.</param>
    private readonly record struct Outgoing(KernelChannel Channel, List<byte[]>? Frames);
}

/// <summary>The five sockets between a Jupyter client and a kernel.</summary>
internal enum KernelChannel
{
    /// <summary>Requests to run and to inspect code.</summary>
    Shell,

    /// <summary>Requests that must not wait behind a running cell: interrupt, shutdown.</summary>
    Control,

    /// <summary>The kernel's questions to the user.</summary>
    Stdin,

    /// <summary>What every client sees: outputs and the kernel's state.</summary>
    IoPub,

    /// <summary>Echoes what it gets, to show that the kernel lives.</summary>
    Heartbeat,
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IntraDistill.Tests.DataScripts;

/// <summary>An HTTP server on this machine, whose replies the test writes byte by byte: it can be as bad as it likes.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Request, Task> _answer;

    /// <summary>One request: its number (from 0), path and headers, and where the reply goes.</summary>
    public sealed record Request(int Number, string Path, IReadOnlyDictionary<string, string> Headers, NetworkStream Stream,
        CancellationToken Stopped)
    {
        /// <summary>Where a Range header says to start; null without one.</summary>
        public int? Start =>
            Headers.TryGetValue("Range", out string? range) ? int.Parse(range["bytes=".Length..].TrimEnd('-')) : null;

        public Task HeadAsync(string status, params string[] headers) => Stream.WriteAsync(Encoding.ASCII.GetBytes(
            string.Join("\r\n", [$"HTTP/1.1 {status}", "Connection: close", .. headers, "", ""]))).AsTask();

        /// <summary>The whole reply, or as much of its body as is said.</summary>
        public async Task SendAsync(
            byte[] body, string? etag = null, int? sent = null, string status = "200 OK", string? extra = null)
        {
            List<string> headers = [$"Content-Length: {body.Length}"];
            if (etag is not null)
                headers.Add($"ETag: {etag}");
            if (extra is not null)
                headers.Add(extra);
            await HeadAsync(status, [.. headers]);
            await Stream.WriteAsync(body.AsMemory(0, sent ?? body.Length));
        }
    }

    public LoopbackServer(Func<Request, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _ = ServeAsync();
    }

    public string Url { get; }

    public List<Request> Requests { get; } = [];

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = AnswerAsync(client, _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException) { }
    }

    private async Task AnswerAsync(TcpClient client, CancellationToken stopped)
    {
        try
        {
            using (client)
            {
                NetworkStream stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, false, 1, leaveOpen: true);
                string[] first = (await reader.ReadLineAsync(stopped))!.Split(' ');
                var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                while (await reader.ReadLineAsync(stopped) is { Length: > 0 } line)
                    headers[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
                Request request;
                lock (Requests)
                    Requests.Add(request = new Request(Requests.Count, first[1], headers, stream, stopped));
                await _answer(request);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or NullReferenceException) { }
    }
}

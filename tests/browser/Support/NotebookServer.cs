using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace IntraDistill.BrowserTests;

/// <summary><c>jupyter notebook</c> on a free port of this machine.</summary>
public sealed class NotebookServer(Workplace workplace) : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly HttpClient _client = new();
    private readonly string _token = Guid.NewGuid().ToString("N");
    private readonly string _log = Path.Combine(workplace.NotebookFolder, "../server.log");
    private Process? _process;
    private string _address = "";

    /// <summary>What the server and its kernels have printed.</summary>
    public string Log => File.Exists(_log) ? File.ReadAllText(_log) : "";

    /// <summary>The address of a notebook's page.</summary>
    public string AddressOf(string notebook) => $"{_address}/notebooks/{Path.GetFileName(notebook)}?token={_token}";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        int port = FreePort();
        _address = $"http://127.0.0.1:{port}";
        // The shell sends the output of the server and its kernels to a file: no pipe that this process must empty.
        _process = Command.Start("/bin/sh",
            ["-c", "exec /usr/bin/jupyter-notebook \"$@\" > \"$0\" 2>&1", _log,
                "--no-browser", "--allow-root", "--ip=127.0.0.1", $"--port={port}", "--port-retries=0",
                $"--NotebookApp.token={_token}", $"--notebook-dir={workplace.NotebookFolder}"],
            workplace.Environment, workplace.NotebookFolder);
        _client.DefaultRequestHeaders.Authorization = new("token", _token);
        var waited = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            Assert.False(_process.HasExited, $"jupyter notebook did not start:\n{Log}");
            Assert.True(waited.Elapsed < s_patience, $"jupyter notebook does not answer:\n{Log}");
            await Task.Delay(100);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is null)
            return;
        using (_process)
        {
            try
            {
                using var late = new CancellationTokenSource(s_patience);
                await _client.PostAsync($"{_address}/api/shutdown", null, late.Token);
                await _process.WaitForExitAsync(late.Token);
            }
            finally
            {
                _process.Kill(entireProcessTree: true);
                _client.Dispose();
            }
        }
        Assert.Empty(Directory.GetFiles(workplace.RuntimeFolder, "kernel-*.json"));
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using HttpResponseMessage response = await _client.GetAsync($"{_address}/api/status");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

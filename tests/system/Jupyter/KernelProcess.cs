using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace IntraDistill.Tests.JupyterTests;

/// <summary>Where a kernel listens, and the key.</summary>
internal sealed record ConnectionInfo(IReadOnlyDictionary<Channel, int> Ports, string Key)
{
    /// <summary>Five free ports and a new key.</summary>
    public static ConnectionInfo New()
    {
        var listeners = Enum.GetValues<Channel>().ToDictionary(channel => channel, _ => new TcpListener(IPAddress.Loopback, 0));
        foreach (TcpListener listener in listeners.Values)
            listener.Start();
        var ports = listeners.ToDictionary(pair => pair.Key, pair => ((IPEndPoint)pair.Value.LocalEndpoint).Port);
        foreach (TcpListener listener in listeners.Values)
            listener.Stop();
        return new ConnectionInfo(ports, Guid.NewGuid().ToString());
    }

    /// <summary>The connection file's content.</summary>
    public JsonObject ToJson() => new()
    {
        ["transport"] = "tcp", ["ip"] = "127.0.0.1", ["key"] = Key, ["signature_scheme"] = "hmac-sha256",
        ["shell_port"] = Ports[Channel.Shell], ["control_port"] = Ports[Channel.Control], ["stdin_port"] = Ports[Channel.Stdin],
        ["iopub_port"] = Ports[Channel.IoPub], ["hb_port"] = Ports[Channel.Heartbeat],
    };
}

/// <summary>A kernel as Jupyter starts it: a process with a connection file.</summary>
internal sealed class KernelProcess : IAsyncDisposable
{
    public static readonly string KernelAssembly =
        Path.Combine(ReferenceData.RepositoryRoot, "environment", "kernel", "bin", "IntraDistill.Kernel.dll");

    private readonly StringBuilder _log = new();

    private KernelProcess(ConnectionInfo connection, string folder, Process process)
    {
        Connection = connection;
        Folder = folder;
        Process = process;
        Client = new JupyterClient(connection);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    public ConnectionInfo Connection { get; }

    /// <summary>The notebook's folder: its own, removed at the end.</summary>
    public string Folder { get; }

    public string ConnectionFile => Path.Combine(Folder, "kernel.json");

    public Process Process { get; }

    public JupyterClient Client { get; }

    /// <summary>What it wrote to its terminal.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>Starts a kernel and waits until it answers.</summary>
    /// <param name="parent">The process to be told as the client's, as Jupyter does; null for none.</param>
    public static async Task<KernelProcess> StartAsync(int? parent = null)
    {
        string folder = Directory.CreateTempSubdirectory("kernel-").FullName;
        ConnectionInfo connection = ConnectionInfo.New();
        string file = Path.Combine(folder, "kernel.json");
        File.WriteAllText(file, connection.ToJson().ToJsonString());
        var start = new ProcessStartInfo("dotnet", [KernelAssembly, "jupyter", file])
        {
            WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true,
        };
        start.Environment.Remove("JPY_PARENT_PID");
        if (parent is not null)
            start.Environment["JPY_PARENT_PID"] = $"{parent}";
        var kernel = new KernelProcess(connection, folder, Process.Start(start)!);
        await kernel.Client.ConnectAsync();
        return kernel;
    }

    /// <summary>Runs a kernel that is not expected to stay, with a connection file of any content.</summary>
    public static async Task<(int Code, string Errors)> RunAsync(string file)
    {
        var start = new ProcessStartInfo("dotnet", [KernelAssembly, "jupyter", file]) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, errors);
    }

    /// <summary>Sends the process a signal, such as <c>INT</c>.</summary>
    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{Process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for the process to end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await Process.WaitForExitAsync(patience.Token);
        return Process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
            Process.Kill(entireProcessTree: true);
        await Process.WaitForExitAsync();
        Process.Dispose();
        Client.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private void Append(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }
}

/// <summary>One kernel for the tests of a class.</summary>
public sealed class KernelFixture : IAsyncLifetime
{
    internal KernelProcess Kernel { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Kernel = await KernelProcess.StartAsync();

    public ValueTask DisposeAsync() => Kernel.DisposeAsync();
}

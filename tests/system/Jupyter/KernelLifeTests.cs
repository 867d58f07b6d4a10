using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using IntraDistill.Kernel;
using IntraDistill.Kernel.Jupyter;

namespace IntraDistill.Tests.JupyterTests;

/// <summary>How a kernel's process begins and ends.</summary>
public sealed class KernelLifeTests
{
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task A_shutdown_is_answered_and_the_process_ends_with_all_that_cells_started(bool restart, bool byControl)
    {
        await using KernelProcess kernel = await KernelProcess.StartAsync();
        CellResult cell = await kernel.Client.RunAsync("""
            var start = new System.Diagnostics.ProcessStartInfo("/bin/sh", new[] { "-c", "sleep 600 & echo $!; wait" });
            start.RedirectStandardOutput = true;
            var child = System.Diagnostics.Process.Start(start);
            new System.Threading.Thread(() => System.Threading.Thread.Sleep(-1)).Start();
            Console.Write(child.Id + " " + child.StandardOutput.ReadLine());
            """);
        int[] started = [.. cell.Stream("stdout").Split(' ').Select(int.Parse)];
        JupyterMessage reply = await kernel.Client.AskAsync(
            "shutdown_request", new() { ["restart"] = restart }, byControl ? Channel.Control : Channel.Shell);
        Assert.Equal(("ok", restart), (reply.Text("status"), (bool)reply.Content["restart"]!));
        Assert.Equal(0, await kernel.ExitAsync());
        while (started.Any(IsRunning))
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.True(File.Exists(kernel.ConnectionFile));   // the client removes it, or starts the next kernel with it
    }

    // What was killed may wait for a while for whoever inherits it to take note.
    private static bool IsRunning(int id)
    {
        string status = $"/proc/{id}/stat";
        return File.Exists(status) && !File.ReadAllText(status).Contains(") Z ", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_cell_is_interrupted_by_a_shutdown()
    {
        await using KernelProcess kernel = await KernelProcess.StartAsync();
        string id = kernel.Client.SendCell("Console.Write(\"in\"); while (true) System.Threading.Thread.Sleep(1000);");
        await kernel.Client.WaitForTextAsync(id, "in");
        await kernel.Client.AskAsync("shutdown_request", new() { ["restart"] = false }, Channel.Control);
        Assert.Equal(0, await kernel.ExitAsync());
    }

    [Fact]
    public async Task A_termination_signal_shuts_down()
    {
        await using KernelProcess kernel = await KernelProcess.StartAsync();
        await kernel.SignalAsync("TERM");
        Assert.Equal(0, await kernel.ExitAsync());
    }

    [Fact]
    public async Task A_kernel_whose_client_is_gone_ends_and_removes_the_connection_file()
    {
        using Process client = Process.Start("sleep", "600");
        await using KernelProcess kernel = await KernelProcess.StartAsync(client.Id);
        client.Kill();
        await client.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await kernel.ExitAsync());
        Assert.False(File.Exists(kernel.ConnectionFile));
        Assert.Contains("the client has gone", kernel.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kernel_whose_parent_is_gone_ends_although_it_cannot_see_the_client()
    {
        string folder = Directory.CreateTempSubdirectory("kernel-").FullName;
        string file = Path.Combine(folder, "kernel.json");
        File.WriteAllText(file, ConnectionInfo.New().ToJson().ToJsonString());
        // The shell starts the kernel and ends.
        var start = new ProcessStartInfo(
            "/bin/sh", ["-c", $"dotnet '{KernelProcess.KernelAssembly}' jupyter '{file}' >/dev/null 2>&1 & echo $!; sleep 2"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["JPY_PARENT_PID"] = "4194303";
        using Process shell = Process.Start(start)!;
        string id = (await shell.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!;
        using Process kernel = Process.GetProcessById(int.Parse(id));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        await kernel.WaitForExitAsync(patience.Token);
        Assert.False(File.Exists(file));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_ends_the_process_behind_the_cells_back_is_told_before_it_goes()
    {
        await using KernelProcess kernel = await KernelProcess.StartAsync();
        string id = kernel.Client.SendCell(
            "Console.WriteLine(\"first\");\ntypeof(Environment).GetMethod(\"Exit\").Invoke(null, new object[] { 5 });");
        CellResult result = await kernel.Client.ResultAsync(id);
        Assert.Equal("first\n", result.Stream("stdout"));
        Assert.Contains("the kernel's process ends", Assert.Single(result.Of("error")).Text("evalue"), StringComparison.Ordinal);
        Assert.Equal("error", result.Status);
        Assert.Equal(5, await kernel.ExitAsync());
    }

    [Fact]
    public async Task Two_kernels_run_side_by_side()
    {
        await using KernelProcess one = await KernelProcess.StartAsync(), two = await KernelProcess.StartAsync();
        await Task.WhenAll(one.Client.RunAsync("var x = 1;"), two.Client.RunAsync("var x = 2;"));
        Task<CellResult> first = one.Client.RunAsync("Console.Write(x)"), second = two.Client.RunAsync("Console.Write(x)");
        CellResult[] results = await Task.WhenAll(first, second);
        Assert.Equal(["1", "2"], results.Select(result => result.Stream("stdout")));
    }

    [Theory]
    [InlineData("{ \"ip\":", ", line 1: expected a Jupyter connection file, which is JSON")]
    [InlineData("[]", ": transport: expected a text")]
    [InlineData("-shell_port", ": shell_port: expected a port, 1 to 65535")]
    [InlineData("shell_port=\"1\"", ": shell_port: expected a port, 1 to 65535")]
    [InlineData("hb_port=65536", ": hb_port: expected a port, 1 to 65535")]
    [InlineData("-key", ": key: expected a text")]
    [InlineData("transport=\"ipc\"", ": transport: expected tcp, found ipc")]
    [InlineData("signature_scheme=\"hmac-md5\"", ": signature_scheme: expected hmac-sha256, found hmac-md5")]
    [InlineData("ip=\"localhost\"", ": ip: expected an IP address")]
    public void A_bad_connection_file_is_one_line(string change, string message)
    {
        JsonObject json = ConnectionInfo.New().ToJson();
        if (change[0] == '-')
            json.Remove(change[1..]);
        else if (change.Split('=') is [var name, var value])
            json[name] = JsonNode.Parse(value);
        using var file = new TemporaryFile(change[0] is '{' or '[' ? change : json.ToJsonString());
        var error = Assert.Throws<RunnerException>(() => ConnectionFile.Load(file.Path));
        Assert.Equal(file.Path + message, error.Message);
    }

    [Fact]
    public async Task A_kernel_that_cannot_start_says_why_in_one_line()
    {
        ConnectionInfo connection = ConnectionInfo.New();
        int port = connection.Ports[Channel.Control];
        using var taken = new TcpListener(IPAddress.Loopback, port);
        taken.Start();
        JsonObject json = connection.ToJson();
        using var portTaken = new TemporaryFile(json.ToJsonString());
        json["ip"] = "203.0.113.9";
        using var notHere = new TemporaryFile(json.ToJsonString());
        await AssertFailsAsync("/nowhere/kernel.json", ": cannot be read: ");
        await AssertFailsAsync(portTaken.Path, $": cannot listen on tcp://127.0.0.1:{port} (Control): ");
        await AssertFailsAsync(notHere.Path, ": cannot listen on tcp://203.0.113.9:");

        static async Task AssertFailsAsync(string file, string message)
        {
            (int code, string errors) = await KernelProcess.RunAsync(file);
            Assert.Equal(1, code);
            Assert.StartsWith($"error: {file}{message}", Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
        }
    }

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(string content) => File.WriteAllText(Path, content);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}

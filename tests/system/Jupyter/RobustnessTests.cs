using System.Text.Json.Nodes;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Tests.JupyterTests;

/// <summary>What cells do to a kernel, and that it goes on.</summary>
public sealed class RobustnessTests(KernelFixture fixture) : IClassFixture<KernelFixture>
{
    private JupyterClient Client => fixture.Kernel.Client;

    [Theory]
    [InlineData("1")]
    [InlineData("Console.Write(\"\")")]
    public async Task The_first_cells_of_a_kernel_that_still_warms_up_share_their_types(string first)
    {
        await using KernelProcess kernel = await KernelProcess.StartAsync();
        await kernel.Client.RunAsync(first);
        CellResult result = await kernel.Client.RunAsync("display(1);");
        Assert.True(result.Status == "ok", result.Reply.ToString());
    }

    [Fact]
    public async Task A_million_lines_are_few_messages_with_head_count_and_tail()
    {
        CellResult result = await Client.RunAsync("for (int i = 0; i < 1_000_000; i++) Console.WriteLine(i);");
        Assert.Equal("ok", result.Status);
        Assert.True(result.Of("stream").Length < 1_000, $"{result.Of("stream").Length} messages");
        string text = result.Stream("stdout");
        Assert.True(text.Length < 100_000, $"{text.Length} characters");
        Assert.StartsWith(Lines(0, StreamText.HeadLines), text, StringComparison.Ordinal);
        Assert.Contains("… 998,000 lines left out …", text, StringComparison.Ordinal);
        Assert.EndsWith(Lines(1_000_000 - StreamText.TailLines, StreamText.TailLines), text, StringComparison.Ordinal);
        Assert.Equal("1", (await Client.RunAsync("Console.Write(1)")).Stream("stdout"));

        static string Lines(int first, int count) => string.Concat(Enumerable.Range(first, count).Select(i => $"{i}\n"));
    }

    [Fact]
    public async Task Ten_thousand_displays_are_a_thousand_and_a_note()
    {
        CellResult result = await Client.RunAsync("for (int i = 0; i < 10_000; i++) display(i);");
        Assert.Equal(CellSink.MostDisplays, result.Of("display_data").Length);
        Assert.Equal("… 9,000 displayed values left out …\n", result.Stream("stderr"));
    }

    [Fact]
    public async Task A_hundred_thousand_updates_are_few_messages_and_the_last_one_is_sent()
    {
        CellResult result = await Client.RunAsync("var h = display(-1); for (int i = 0; i < 100_000; i++) h.Update(i);");
        JupyterMessage[] updates = result.Of("update_display_data");
        Assert.True(updates.Length < 2_000, $"{updates.Length} messages");
        Assert.Equal("99999", (string)updates[^1].Content["data"]!["text/plain"]!);
    }

    [Fact]
    public async Task Text_and_displays_keep_their_order()
    {
        CellResult result = await Client.RunAsync(
            "Console.Write(1); var h = display(2); Console.Write(3); display(4); h.Update(5); throw new Exception();");
        Assert.Equal(["stream", "display_data", "stream", "display_data", "update_display_data", "error"], result.Types[2..^1]);
    }

    [Theory]
    [InlineData("var t = new System.Threading.Thread(() => Lose()) { Name = \"mine\" }; t.Start(); t.Join();")]
    [InlineData("System.Threading.ThreadPool.QueueUserWorkItem(_ => Lose());")]
    [InlineData("async void LoseLater() { await Task.Yield(); Lose(); }\nLoseLater();")]
    [InlineData("var timer = new System.Threading.Timer(_ => Lose(), null, 1, -1);")]
    public async Task An_exception_that_nobody_catches_is_shown_and_the_kernel_goes_on(string code)
    {
        string id = Client.SendCell($"void Lose() => throw new InvalidOperationException(\"lost\");\n{code}");
        await Client.WaitForTextAsync(id, "InvalidOperationException: lost\n   at cell ");
        CellResult result = await Client.ResultAsync(id);
        Assert.Equal("ok", result.Status);
        Assert.Contains("the kernel goes on", result.Stream("stderr"), StringComparison.Ordinal);
        Assert.Contains(", line ", result.Stream("stderr"), StringComparison.Ordinal);
        Assert.Equal("ok", (await Client.RunAsync("1")).Status);
    }

    [Theory]
    [InlineData("Environment.Exit(3);", "Environment.Exit(3)", 1)]
    [InlineData("System.Environment\n.FailFast(\"no\");", "Environment.FailFast(\"no\")", 1)]
    [InlineData("using static System.Environment;\nExit(0);", "Environment.Exit(0)", 2)]
    [InlineData("Action<int> f = Environment.Exit;\nf(1);", "Environment.Exit(1)", 2)]
    [InlineData("System.Diagnostics.Process.GetCurrentProcess().Kill();", "Process.Kill()", 1)]
    [InlineData("System.Diagnostics.Process.GetProcessById(Environment.ProcessId)?.Kill(true);", "Process.Kill()", 1)]
    public async Task A_cell_that_would_end_the_process_is_stopped_instead(string code, string call, int line)
    {
        await Client.RunAsync("var kept = 1;");
        CellResult result = await Client.RunAsync($"{code}\nConsole.Write(\"after\");");
        JsonObject error = Assert.Single(result.Of("error")).Content;
        Assert.Contains($"{call} would end the process", (string)error["evalue"]!, StringComparison.Ordinal);
        Assert.Contains($", line {line}\"", error["traceback"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("", result.Stream("stdout"));
        Assert.Equal("ok", (await Client.RunAsync("kept")).Status);
    }

    [Fact]
    public async Task Code_that_only_could_end_the_process_runs()
    {
        CellResult result = await Client.RunAsync("""
            if (DateTime.Now.Year < 2000) Environment.Exit(1);
            class Door { public string Exit(int i) => "my own " + i; public static void Kill() { } }
            Door.Kill();
            using (var p = System.Diagnostics.Process.Start("sleep", "60")) { p.Kill(); p.WaitForExit(); }
            Console.Write(new Door().Exit(1) + nameof(Environment.Exit) + nameof(System.Diagnostics.Process.Kill));
            """);
        Assert.Equal(("ok", "my own 1ExitKill"), (result.Status, result.Stream("stdout")));
    }

    [Fact]
    public async Task A_tensor_too_large_for_the_machine_is_an_error_of_the_cell()
    {
        string kit = Path.Combine(ReferenceData.RepositoryRoot, "bin", "IntraDistill.Kit.dll");
        await Client.RunAsync($"#r \"{kit}\"\nusing TorchSharp;\nvar kept = torch.ones(3);");
        CellResult result = await Client.RunAsync("torch.zeros(long.MaxValue / 8)");
        string message = Assert.Single(result.Of("error")).Text("evalue");
        Assert.Contains("memory", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Equal("3", (await Client.RunAsync("Console.Write(kept.sum().item<float>());")).Stream("stdout"));
    }

    [Fact]
    public async Task A_pool_whose_threads_all_wait_does_not_keep_the_text_from_the_client()
    {
        string id = Client.SendCell("""
            var go = new System.Threading.ManualResetEventSlim();
            for (int i = 0; i < 200; i++) Task.Run(() => go.Wait());
            Console.WriteLine("here");
            var token = Microsoft.DotNet.Interactive.KernelInvocationContext.Current.CancellationToken;
            try { token.WaitHandle.WaitOne(); } finally { go.Set(); }
            """);
        await Client.WaitForTextAsync(id, "here");
        await Client.BeatAsync();
        await Client.AskAsync("interrupt_request", channel: Channel.Control);
        await Client.ResultAsync(id);
        Assert.Equal("ok", (await Client.RunAsync("1")).Status);
    }
}

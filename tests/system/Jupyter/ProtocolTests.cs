using System.Text.Json.Nodes;

namespace IntraDistill.Tests.JupyterTests;

/// <summary>The kernel as a Jupyter client sees it: messaging protocol 5.3, all five sockets.</summary>
public sealed class ProtocolTests(KernelFixture fixture) : IClassFixture<KernelFixture>
{
    private JupyterClient Client => fixture.Kernel.Client;

    [Fact]
    public async Task A_cell_is_echoed_run_and_answered_between_busy_and_idle()
    {
        CellResult result = await Client.RunAsync("Console.WriteLine(\"out\");\n21 * 2");
        Assert.Equal(["status", "execute_input", "stream", "execute_result", "status"], result.Types);
        Assert.Equal("42", (string)result.Of("execute_result")[0].Content["data"]!["text/plain"]!);
        int number = (int)result.Reply.Content["execution_count"]!;
        Assert.All(
            (JupyterMessage[])[.. result.Of("execute_input"), .. result.Of("execute_result")],
            message => Assert.Equal(number, (int)message.Content["execution_count"]!));
        Assert.Equal("ok", result.Status);
        Assert.Equal("out\n", result.Stream("stdout"));
        CellResult next = await Client.RunAsync("1");
        Assert.Equal(number + 1, (int)next.Reply.Content["execution_count"]!);
    }

    [Fact]
    public async Task An_exception_is_an_error_with_the_line_it_came_from()
    {
        CellResult result = await Client.RunAsync("int zero = 0;\n\nConsole.WriteLine(1 / zero);");
        JsonObject error = Assert.Single(result.Of("error")).Content;
        Assert.Equal("DivideByZeroException", (string)error["ename"]!);
        Assert.Contains("line 3", error["traceback"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(("error", "DivideByZeroException"), (result.Status, result.Reply.Text("ename")));
    }

    [Fact]
    public async Task A_compiler_error_is_an_error_and_the_variables_before_it_stay()
    {
        await Client.RunAsync("var kept = 5;");
        CellResult result = await Client.RunAsync("var gone = kept; nothing");
        Assert.Contains("CS0103", Assert.Single(result.Of("error")).Text("evalue"), StringComparison.Ordinal);
        Assert.Equal("5", (string)(await Client.RunAsync("kept")).Of("execute_result")[0].Content["data"]!["text/plain"]!);
    }

    [Fact]
    public async Task A_silent_cell_publishes_nothing_but_its_state_and_is_not_counted()
    {
        int before = (int)(await Client.RunAsync("0")).Reply.Content["execution_count"]!;
        CellResult result = await Client.RunAsync("Console.WriteLine(1); 2", new() { ["silent"] = true });
        Assert.Equal(["status", "status"], result.Types);
        Assert.Equal(("ok", before), (result.Status, (int)result.Reply.Content["execution_count"]!));
    }

    [Fact]
    public async Task A_cell_that_is_not_to_be_stored_is_not_counted()
    {
        int before = (int)(await Client.RunAsync("0")).Reply.Content["execution_count"]!;
        CellResult result = await Client.RunAsync("\"not stored\"", new() { ["store_history"] = false });
        Assert.Single(result.Of("execute_result"));
        Assert.Equal(before, (int)result.Reply.Content["execution_count"]!);
    }

    [Fact]
    public async Task An_error_aborts_the_cells_that_wait_unless_it_is_told_not_to()
    {
        (CellResult first, CellResult second) = await RunTwoAsync("stop", stopOnError: true);
        Assert.Equal(("error", "aborted", ""), (first.Status, second.Status, second.Stream("stdout")));
        (first, second) = await RunTwoAsync("go on", stopOnError: false);
        Assert.Equal(("error", "ok", "runs"), (first.Status, second.Status, second.Stream("stdout")));
        Assert.Equal("ok", (await Client.RunAsync("1")).Status);

        // The second is there before the first fails.
        async Task<(CellResult, CellResult)> RunTwoAsync(string name, bool stopOnError)
        {
            string file = Path.Combine(fixture.Kernel.Folder, name);
            string code = $"while (!System.IO.File.Exists(@\"{file}\")) System.Threading.Thread.Sleep(5); throw new Exception();";
            string first = Client.SendCell(code, new() { ["stop_on_error"] = stopOnError });
            string second = Client.SendCell("Console.Write(\"runs\")");
            await Client.AskAsync("kernel_info_request");
            File.WriteAllText(file, "");
            return (await Client.ResultAsync(first), await Client.ResultAsync(second));
        }
    }

    [Fact]
    public async Task User_expressions_are_values_or_errors_of_their_own()
    {
        CellResult result = await Client.RunAsync("var u = 20;", new()
        {
            ["user_expressions"] = new JsonObject { ["good"] = "u + 1", ["bad"] = "nope", ["throws"] = "int.Parse(\"x\")" },
        });
        JsonNode values = result.Reply.Content["user_expressions"]!;
        Assert.Equal(("ok", "ok"), (result.Status, (string)values["good"]!["status"]!));
        Assert.Equal("21", (string)values["good"]!["data"]!["text/plain"]!);
        Assert.Equal(("error", "error"), ((string)values["bad"]!["status"]!, (string)values["throws"]!["status"]!));
        Assert.Equal("FormatException", (string)values["throws"]!["ename"]!);
    }

    [Fact]
    public async Task Streams_arrive_while_the_cell_runs()
    {
        string id = Client.SendCell(
            "using Microsoft.DotNet.Interactive; Console.WriteLine(\"early\"); Console.Error.WriteLine(\"error\");\n"
            + "KernelInvocationContext.Current.CancellationToken.WaitHandle.WaitOne(); Console.WriteLine(\"late\");");
        await Client.WaitForTextAsync(id, "early");
        await Client.WaitForTextAsync(id, "error");
        Assert.DoesNotContain(Client.Received, message => message.ParentId == id && message.Type == "execute_reply");
        await Client.AskAsync("interrupt_request", channel: Channel.Control);
        Assert.Equal("early\nlate\n", (await Client.ResultAsync(id)).Stream("stdout"));
    }

    [Fact]
    public async Task A_display_is_updated_by_its_id_also_from_a_later_cell()
    {
        CellResult shown = await Client.RunAsync("var h = display(\"first\"); h.Update(\"second\");");
        Assert.True(shown.Status == "ok", string.Join("\n", shown.Published));
        string id = (string)Assert.Single(shown.Of("display_data")).Content["transient"]!["display_id"]!;
        Assert.Equal(id, (string)Assert.Single(shown.Of("update_display_data")).Content["transient"]!["display_id"]!);
        CellResult later = await Client.RunAsync("h.Update(\"third\");");
        JsonObject update = Assert.Single(later.Of("update_display_data")).Content;
        Assert.Equal((id, "third"), ((string)update["transient"]!["display_id"]!, (string)update["data"]!["text/plain"]!));
    }

    [Theory]
    [InlineData("ClearOutput();", false)]
    [InlineData("ClearOutput(wait: true);", true)]
    public async Task Output_is_cleared(string code, bool wait)
    {
        CellResult result = await Client.RunAsync($"Console.Write(1); {code} Console.Write(2);");
        Assert.Equal(wait, (bool)Assert.Single(result.Of("clear_output")).Content["wait"]!);
        Assert.Equal(["status", "execute_input", "stream", "clear_output", "stream", "status"], result.Types);
    }

    [Fact]
    public async Task A_cell_gets_the_input_that_its_user_gives()
    {
        Client.Answer = question => $"{question.Text("prompt")}|{(bool)question.Content["password"]!}";
        CellResult result = await Client.RunAsync(
            "var a = Console.ReadLine(); var b = await GetInputAsync(\"name?\"); var c = (await GetPasswordAsync(\"secret?\")).GetClearTextPassword();\n"
            + "Console.Write($\"{a} {b} {c}\");");
        Client.Answer = null;
        Assert.Equal("|False name?|False secret?|True", result.Stream("stdout"));
    }

    [Fact]
    public async Task A_client_without_input_makes_the_cell_that_asks_fail()
    {
        CellResult result = await Client.RunAsync("Console.ReadLine()", new() { ["allow_stdin"] = false });
        Assert.Contains("asks for input", result.Reply.Text("evalue"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cell_that_waits_for_input_can_be_interrupted()
    {
        string id = Client.SendCell("Console.ReadLine()");
        await Client.WaitAsync(message => message.ParentId == id && message.Type == "input_request", "a question");
        await Client.AskAsync("interrupt_request", channel: Channel.Control);
        Assert.Equal("KeyboardInterrupt", (await Client.ResultAsync(id)).Reply.Text("ename"));
        Assert.Equal("ok", (await Client.RunAsync("1")).Status);
    }

    [Theory]
    [InlineData("for (int step = 0; ; step++) { token.ThrowIfCancellationRequested(); System.Threading.Thread.Sleep(5); }")]
    [InlineData("await Task.Delay(-1, token);")]
    [InlineData("await Task.Delay(-1, Microsoft.DotNet.Interactive.KernelInvocationContext.Current.CancellationToken);")]
    public async Task A_running_cell_stops_when_it_is_interrupted_by_message_or_signal_and_the_kernel_goes_on(string wait)
    {
        foreach (bool bySignal in (bool[])[false, true])
        {
            string id = Client.SendCell(
                "var token = Microsoft.DotNet.Interactive.KernelInvocationContext.Current.CancellationToken;\n"
                + $"var state = 7; Console.WriteLine(\"ready\");\n{wait}");
            await Client.WaitForTextAsync(id, "ready");
            if (bySignal)
                await fixture.Kernel.SignalAsync("INT");
            else
                Assert.Equal("ok", (await Client.AskAsync("interrupt_request", channel: Channel.Control)).Text("status"));
            Assert.Equal("KeyboardInterrupt", (await Client.ResultAsync(id)).Reply.Text("ename"));
            Assert.Equal("ok", (await Client.RunAsync("1")).Status);
        }
    }

    [Fact]
    public async Task An_interruption_between_cells_does_nothing()
    {
        await Client.AskAsync("interrupt_request", channel: Channel.Control);
        Assert.Equal("ok", (await Client.RunAsync("1")).Status);
        await fixture.Kernel.SignalAsync("INT");
        await Client.RunAsync("1");   // nobody says when a signal has arrived: it may stop this one
        Assert.Equal("ok", (await Client.RunAsync("1")).Status);
    }

    [Fact]
    public async Task The_kernel_says_what_it_is_and_that_it_has_no_comms()
    {
        JsonObject info = (await Client.AskAsync("kernel_info_request")).Content;
        JsonNode language = info["language_info"]!;
        Assert.Equal(
            ("5.3", "C#", ".cs"),
            ((string)info["protocol_version"]!, (string)language["name"]!, (string)language["file_extension"]!));
        Assert.Equal("ok", (await Client.AskAsync("kernel_info_request", channel: Channel.Control)).Text("status"));
        Assert.Empty((await Client.AskAsync("comm_info_request", new() { ["target_name"] = "x" })).Content["comms"]!.AsObject());
        string open = Client.Send("comm_open", new() { ["comm_id"] = "c", ["target_name"] = "x", ["data"] = new JsonObject() });
        await Client.WaitAsync(message => message.ParentId == open && message.Type == "comm_close", "comm_close");
    }

    [Fact]
    public async Task While_a_cell_runs_the_heart_beats_and_requests_are_answered()
    {
        string id = Client.SendCell("Console.Write(\"in\"); System.Threading.Thread.Sleep(System.Threading.Timeout.Infinite);");
        await Client.WaitForTextAsync(id, "in");
        await Client.BeatAsync();
        await Client.AskAsync("kernel_info_request");
        await Client.AskAsync("is_complete_request", new() { ["code"] = "1" });
        Assert.DoesNotContain(Client.Received, message => message.ParentId == id && message.Type == "execute_reply");
        // It does not watch for its interruption: twice leaves it behind.
        await Client.AskAsync("interrupt_request", channel: Channel.Control);
        while (!Client.Received.Any(message => message.ParentId == id && message.Type == "execute_reply"))
        {
            await Task.Delay(200, TestContext.Current.CancellationToken);
            await Client.AskAsync("interrupt_request", channel: Channel.Control);
        }
        Assert.Equal("KeyboardInterrupt", (await Client.ResultAsync(id)).Reply.Text("ename"));
        Assert.Equal("ok", (await Client.RunAsync("1")).Status);
    }
}

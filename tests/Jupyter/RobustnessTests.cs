using System.Text.Json.Nodes;
using IntraDistill.Kernel.Notebook;

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
        Assert.StartsWith(string.Concat(Enumerable.Range(0, StreamBuffer.HeadLines).Select(i => $"{i}\n")), text, StringComparison.Ordinal);
        Assert.Contains("… 998,000 lines left out …", text, StringComparison.Ordinal);
        Assert.EndsWith(
            string.Concat(Enumerable.Range(1_000_000 - StreamBuffer.TailLines, StreamBuffer.TailLines).Select(i => $"{i}\n")),
            text, StringComparison.Ordinal);
        Assert.Equal("1", (await Client.RunAsync("Console.Write(1)")).Stream("stdout"));
    }

    [Fact]
    public async Task Ten_thousand_displays_are_a_thousand_and_a_note()
    {
        CellResult result = await Client.RunAsync("for (int i = 0; i < 10_000; i++) display(i);");
        Assert.Equal(OutputRecorder.MostDisplays, result.Of("display_data").Length);
        Assert.Equal("… 9,000 displayed values left out …\n", result.Stream("stderr"));
    }

    [Fact]
    public async Task Text_and_displays_keep_their_order()
    {
        CellResult result = await Client.RunAsync(
            "Console.Write(1); var h = display(2); Console.Write(3); h.Update(4); Console.Write(5); throw new Exception();");
        Assert.Equal(
            ["status", "execute_input", "stream", "display_data", "stream", "update_display_data", "stream", "error", "status"],
            result.Types);
    }
}

using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Kernel.Jupyter;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Tests.JupyterTests;

public sealed class StreamLimiterTests
{
    private readonly List<(string Name, string Text)> _sent = [];

    [Fact]
    public void Many_small_writes_are_few_messages_and_nothing_is_lost()
    {
        using (var limiter = new StreamLimiter(Publish))
            for (int i = 0; i < StreamBuffer.HeadLines; i++)
            {
                limiter.Write("stdout", $"{i}");
                limiter.Write("stdout", "\n");
            }
        Assert.True(_sent.Count < 100, $"{_sent.Count} messages");
        Assert.Equal(string.Concat(Enumerable.Range(0, StreamBuffer.HeadLines).Select(i => $"{i}\n")), Text("stdout"));
    }

    [Fact]
    public async Task Text_is_sent_while_nothing_more_is_written()
    {
        using var limiter = new StreamLimiter(Publish);
        limiter.Write("stdout", "half a li");
        while (Sent() == 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        limiter.Write("stdout", "ne");
        limiter.Flush();
        Assert.Equal([("stdout", "half a li"), ("stdout", "ne")], _sent);
    }

    [Fact]
    public void A_million_lines_are_a_head_a_count_and_a_tail()
    {
        using (var limiter = new StreamLimiter(Publish))
            for (int i = 0; i < 1_000_000; i++)
                limiter.Write("stdout", $"{i}\n");
        string[] lines = OnTheScreen().Split('\n');
        Assert.Equal(StreamBuffer.HeadLines + 1 + StreamBuffer.TailLines + 1, lines.Length);
        Assert.Equal("999", lines[StreamBuffer.HeadLines - 1]);
        Assert.Equal("… 998,000 lines left out …", lines[StreamBuffer.HeadLines].TrimEnd());
        Assert.Equal("999999", lines[^2]);
        Assert.True(Text("stdout").Length < 100_000, $"{Text("stdout").Length} characters sent");
    }

    [Fact]
    public void While_lines_are_held_their_count_is_shown_in_a_line_that_is_written_over()
    {
        var limiter = new StreamLimiter(Publish);
        for (int i = 0; i < StreamBuffer.HeadLines + 5; i++)
            limiter.Write("stdout", $"{i}\n");
        limiter.Flush();
        Assert.EndsWith("999\n… 1,005 lines so far …", Text("stdout"), StringComparison.Ordinal);
        limiter.Dispose();
        string[] held = [.. OnTheScreen().Split('\n')[StreamBuffer.HeadLines..].Select(line => line.TrimEnd())];
        Assert.Equal(["1000", "1001", "1002", "1003", "1004", ""], held);
    }

    [Fact]
    public void A_progress_bar_is_rewritten_in_place_by_few_messages()
    {
        using (var limiter = new StreamLimiter(Publish))
        {
            for (int i = 0; i <= 100_000; i++)
            {
                limiter.Write("stderr", $"\r{i / 1000} %");
                if (i == 50_000)
                    limiter.Flush();
            }
            limiter.Write("stderr", "\n");
        }
        Assert.Contains(("stderr", "50 %"), _sent.Select(message => (message.Name, message.Text.TrimStart('\r'))));
        Assert.Equal("100 %\n", OnTheScreen());
        Assert.True(_sent.Count < 1_000, $"{_sent.Count} messages");
    }

    [Fact]
    public void Two_streams_keep_their_order()
    {
        using (var limiter = new StreamLimiter(Publish))
        {
            limiter.Write("stdout", "1\n");
            limiter.Write("stderr", "2\n");
            limiter.Write("stdout", "3\n");
        }
        Assert.Equal([("stdout", "1\n"), ("stderr", "2\n"), ("stdout", "3\n")], _sent);
    }

    [Fact]
    public void Two_streams_that_alternate_for_ever_are_not_a_message_a_write()
    {
        using (var limiter = new StreamLimiter(Publish))
            for (int i = 0; i < 200_000; i++)
                limiter.Write(i % 2 == 0 ? "stdout" : "stderr", $"\r{i}");
        Assert.True(_sent.Count < 3 * StreamBuffer.HeadLines, $"{_sent.Count} messages");
    }

    [Fact]
    public void A_line_without_end_is_cut()
    {
        using (var limiter = new StreamLimiter(Publish))
            for (int i = 0; i < 100_000; i++)
                limiter.Write("stdout", "0123456789");
        Assert.Equal(ConsoleLine.Longest + 2, Text("stdout").Length);
    }

    [Fact]
    public void What_a_terminal_would_show_is_shown_however_the_text_is_cut_and_flushed()
    {
        Gen<string> piece = Gen.Elements("a", "bc", "\r", "\n", "\r\n", "flush");
        Prop.ForAll(piece.ArrayOf().ToArbitrary(), pieces =>
        {
            _sent.Clear();
            var kept = new StreamBuffer();
            using (var limiter = new StreamLimiter(Publish))
                foreach (string text in pieces)
                {
                    if (text == "flush")
                        limiter.Flush();
                    else
                    {
                        limiter.Write("stdout", text);
                        kept.Write(text);
                    }
                }
            return OnTheScreen() == kept.ToString();
        }).QuickCheckThrowOnFailure();
    }

    private void Publish(string name, string text)
    {
        lock (_sent)
            _sent.Add((name, text));
    }

    private int Sent()
    {
        lock (_sent)
            return _sent.Count;
    }

    private string Text(string name) =>
        string.Concat(_sent.Where(message => message.Name == name).Select(message => message.Text));

    private string OnTheScreen()
    {
        var lines = new List<string>();
        var line = new ConsoleLine();
        foreach ((_, string text) in _sent)
            line.Write(text, lines.Add);
        return string.Concat(lines.Select(text => text + "\n")) + line;
    }
}

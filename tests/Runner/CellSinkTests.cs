using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Tests.RunnerTests;

public sealed class CellSinkTests
{
    private readonly List<CellEvent> _shown = [];
    private readonly CellSink _sink = new(live: true);

    public CellSinkTests() => _sink.Begin(Show);

    [Theory]
    [InlineData("a\nb", "a\nb")]
    [InlineData("step 1\rstep 2\rstep 3\n", "step 3\n")]
    [InlineData("\r10 %\r20 %", "20 %")]
    [InlineData("long line\rshort", "shortline")]
    [InlineData("windows\r\nlines\r\n", "windows\nlines\n")]
    public void A_carriage_return_rewrites_the_line_as_in_a_terminal(string written, string kept) => Assert.Equal(kept, Kept([written]));

    [Fact]
    public void Many_small_writes_are_few_messages_and_nothing_is_lost()
    {
        for (int i = 0; i < StreamText.HeadLines; i++)
        {
            Print("stdout", $"{i}");
            Print("stdout", "\n");
        }
        _sink.Complete();
        Assert.True(_shown.Count < 100, $"{_shown.Count} messages");
        Assert.Equal(string.Concat(Enumerable.Range(0, StreamText.HeadLines).Select(i => $"{i}\n")), Text());
    }

    [Fact]
    public async Task Text_is_shown_while_nothing_more_is_written()
    {
        Print("stdout", "half a li");
        while (Count() == 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Print("stdout", "ne");
        _sink.Flush();
        Assert.Equal([new StreamWritten("stdout", "half a li"), new StreamWritten("stdout", "ne")], _shown);
    }

    [Fact]
    public void A_million_lines_are_a_head_a_count_and_a_tail()
    {
        for (int i = 0; i < 1_000_000; i++)
            Print("stdout", $"{i}\n");
        _sink.Complete();
        string[] lines = OnTheScreen().Split('\n');
        Assert.Equal(StreamText.HeadLines + 1 + StreamText.TailLines + 1, lines.Length);
        Assert.Equal("999", lines[StreamText.HeadLines - 1]);
        Assert.Equal("… 998,000 lines left out …", lines[StreamText.HeadLines].TrimEnd());
        Assert.Equal("999999", lines[^2]);
        Assert.True(Text().Length < 100_000, $"{Text().Length} characters shown");
    }

    [Fact]
    public void While_lines_are_held_their_count_is_shown_in_a_line_that_is_written_over()
    {
        var text = new StreamText("stdout");
        for (int i = 0; i < StreamText.HeadLines + 5; i++)
            text.Write($"{i}\n");
        Show(new StreamWritten("stdout", text.Take()));
        Assert.EndsWith("999\n… 1,005 lines so far …", Text(), StringComparison.Ordinal);
        Show(new StreamWritten("stdout", text.TakeLast()));
        string[] held = [.. OnTheScreen().Split('\n')[StreamText.HeadLines..].Select(line => line.TrimEnd())];
        Assert.Equal(["1000", "1001", "1002", "1003", "1004", ""], held);
    }

    [Fact]
    public void A_progress_bar_is_rewritten_in_place_by_few_messages()
    {
        for (int i = 0; i <= 100_000; i++)
        {
            Print("stderr", $"\r{i / 1000} %");
            if (i == 50_000)
                _sink.Flush();
        }
        Print("stderr", "\n");
        _sink.Complete();
        Assert.Contains("50 %", _shown.Cast<StreamWritten>().Select(message => message.Text.TrimStart('\r')));
        Assert.Equal("100 %\n", OnTheScreen());
        Assert.True(_shown.Count < 1_000, $"{_shown.Count} messages");
    }

    [Fact]
    public void Two_streams_keep_their_order()
    {
        Print("stdout", "1\n");
        Print("stderr", "2\n");
        Print("stdout", "3\n");
        _sink.Complete();
        Assert.Equal(
            [new StreamWritten("stdout", "1\n"), new StreamWritten("stderr", "2\n"), new StreamWritten("stdout", "3\n")], _shown);
    }

    [Fact]
    public void Two_streams_that_alternate_for_ever_are_not_a_message_a_write()
    {
        for (int i = 0; i < 200_000; i++)
            Print(i % 2 == 0 ? "stdout" : "stderr", $"\r{i}");
        _sink.Complete();
        Assert.True(_shown.Count < 3 * StreamText.HeadLines, $"{_shown.Count} messages");
    }

    [Fact]
    public void A_line_without_end_is_cut() =>
        Assert.Equal(ConsoleLine.Longest + 2, Kept(Enumerable.Repeat("0123456789", 100_000)).Length);

    [Fact]
    public void What_a_terminal_would_show_is_shown_however_the_text_is_cut_and_flushed()
    {
        Gen<string> piece = Gen.Elements("a", "bc", "\r", "\n", "\r\n", "flush");
        Prop.ForAll(piece.ArrayOf().ToArbitrary(), pieces =>
        {
            lock (_shown)
                _shown.Clear();
            foreach (string text in pieces)
            {
                if (text == "flush")
                    _sink.Flush();
                else
                    Print("stdout", text);
            }
            _sink.Complete();
            return OnTheScreen() == Kept([string.Concat(pieces.Where(text => text != "flush"))]);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Of_ten_thousand_displays_a_thousand_are_shown_and_of_updates_the_last()
    {
        MimeBundle Value(int i) => MimeBundle.Of("text/html", $"{i}");
        for (int i = 0; i < 10_000; i++)
            _sink.Accept(new Displayed(Value(i), $"{i}"));
        for (int i = 0; i < 10_000; i++)
            _sink.Accept(new DisplayUpdated(Value(i), "7"));
        _sink.Complete();
        Assert.Equal(CellSink.MostDisplays, _shown.OfType<Displayed>().Count());
        Assert.Equal("9999", _shown.OfType<DisplayUpdated>().Last().Data.Content["text/html"]);
        Assert.True(_shown.OfType<DisplayUpdated>().Count() < 1_000);
        Assert.Equal(new StreamWritten("stderr", "… 9,000 displayed values left out …\n"), _shown[^1]);
    }

    private static string Kept(IEnumerable<string> writes)
    {
        var text = new StreamText("stdout");
        foreach (string written in writes)
            text.Write(written);
        return text.TakeLast();
    }

    private void Print(string stream, string text) => _sink.Accept(new StreamWritten(stream, text));

    private void Show(CellEvent shown)
    {
        lock (_shown)
            _shown.Add(shown);
    }

    private int Count()
    {
        lock (_shown)
            return _shown.Count;
    }

    private string Text() => string.Concat(_shown.Cast<StreamWritten>().Select(written => written.Text));

    private string OnTheScreen()
    {
        var lines = new List<string>();
        var line = new ConsoleLine();
        line.Write(Text(), lines.Add);
        return string.Concat(lines.Select(text => text + "\n")) + line;
    }
}

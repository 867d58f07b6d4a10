using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Tests.RunnerTests;

public sealed class StreamBufferTests
{
    [Theory]
    [InlineData("a\nb", "a\nb")]
    [InlineData("step 1\rstep 2\rstep 3\n", "step 3\n")]
    [InlineData("\r10 %\r20 %", "20 %")]
    [InlineData("long line\rshort", "shortline")]
    [InlineData("windows\r\nlines\r\n", "windows\nlines\n")]
    [InlineData("", "")]
    public void A_carriage_return_rewrites_the_line_as_in_a_terminal(string written, string kept)
    {
        Assert.Equal(kept, Buffered(written));
    }

    [Fact]
    public void How_the_text_is_cut_into_writes_makes_no_difference()
    {
        Prop.ForAll(
            Gen.Elements('a', 'b', '\r', '\n').ArrayOf().Select(chars => new string(chars)).ToArbitrary(),
            text => Buffered(text) == Buffered([.. text.Select(c => c.ToString())])).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Of_a_million_lines_head_and_tail_are_kept_and_the_rest_is_counted()
    {
        var buffer = new StreamBuffer();
        for (int i = 0; i < 1_000_000; i++)
            buffer.Write($"{i}\n");
        string[] lines = buffer.ToString().Split('\n');
        Assert.Equal(StreamBuffer.HeadLines + 1 + StreamBuffer.TailLines + 1, lines.Length);
        Assert.Equal("999", lines[StreamBuffer.HeadLines - 1]);
        Assert.Equal("… 998,000 lines left out …", lines[StreamBuffer.HeadLines]);
        Assert.Equal("999999", lines[^2]);
    }

    [Fact]
    public void A_line_without_end_is_cut()
    {
        var buffer = new StreamBuffer();
        for (int i = 0; i < 100_000; i++)
            buffer.Write("0123456789");
        Assert.Equal(ConsoleLine.Longest + 2, buffer.ToString().Length);
        Assert.EndsWith("9 …", buffer.ToString(), StringComparison.Ordinal);
    }

    private static string Buffered(params string[] writes)
    {
        var buffer = new StreamBuffer();
        foreach (string text in writes)
            buffer.Write(text);
        return buffer.ToString();
    }
}

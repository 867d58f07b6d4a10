using IntraDistill.DataScripts;
using IntraDistill.DataScripts.Iwslt14;

namespace IntraDistill.Tests.DataScripts;

public sealed class Iwslt14TextTests
{
    private static string Words(int count) => string.Join(' ', Enumerable.Repeat("w", count));

    [Fact]
    public void Training_text_loses_lines_of_metadata_and_the_tags_of_title_and_description() => Assert.Equal(
        ["A title", " Two  words’ ", "", "What it is about"],
        TalkText.Train(["<url>http://x</url>", "<title>A title</title>", " Two  words’ ", "", "<talkid>1</talkid>",
            "<keywords>a, b</keywords>", "<description>What it is about</description>"]));

    [Fact]
    public void Test_text_is_the_segments_with_straight_apostrophes() => Assert.Equal(
        ["It's <b> &amp; it", "", "\u00a0no break"],
        TalkText.Segments(["<doc docid=\"1\">", "<title>no</title>", "<seg id=\"1\"> It’s <b> &amp; it </seg>",
            "<seg id=\"22\">\t</seg>", "<seg id=\"3\">\u00a0no break</seg>", "</doc>"]));

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(2, 3, true)]    // a ratio of 1.5 is not over it
    [InlineData(3, 2, true)]
    [InlineData(2, 4, false)]
    [InlineData(5, 8, false)]
    [InlineData(175, 175, true)]
    [InlineData(176, 175, false)]
    [InlineData(170, 176, false)]
    public void Pairs_over_the_bounds_are_dropped(int source, int target, bool kept) =>
        Assert.Equal(kept, CorpusCleaner.Clean(Words(source), Words(target)) is not null);

    [Fact]
    public void Cleaning_puts_spaces_right_and_drops_empty_sides_and_endless_tokens()
    {
        Assert.Equal(("a b", "c d"), CorpusCleaner.Clean(" a \u00a0 b ", "c\t d "));
        Assert.Null(CorpusCleaner.Clean(" ", "a"));
        Assert.Null(CorpusCleaner.Clean("a", ""));
        Assert.NotNull(CorpusCleaner.Clean(new string('x', 1000), "a"));
        Assert.Null(CorpusCleaner.Clean(new string('x', 1001), "a"));
    }

    [Fact]
    public void Only_LF_ends_a_line()
    {
        Assert.Equal(["a\r", "b\u2028c\u0085d", "", "e"], TextLines.Split("a\r\nb\u2028c\u0085d\n\ne"u8, "x"));
        Assert.Equal(["a"], TextLines.Split("a\n"u8, "x"));
        Assert.Equal([], TextLines.Split(""u8, "x"));
        Assert.Contains("x:1: not UTF-8", Assert.Throws<IntraDistillException>(() => TextLines.Split([65, 0xff], "x")).Message);
    }
}

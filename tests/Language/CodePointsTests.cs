using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Kernel.Jupyter;

namespace IntraDistill.Tests.LanguageTests;

public sealed class CodePointsTests
{
    [Theory]
    [InlineData("a😀b", 0, 0)]
    [InlineData("a😀b", 1, 1)]
    [InlineData("a😀b", 2, 3)]
    [InlineData("a😀b", 3, 4)]
    [InlineData("👨‍👩‍👧 x", 6, 9)]
    [InlineData("é", 1, 1)]
    public void Both_ways(string text, int codePoints, int index)
    {
        Assert.Equal(index, CodePoints.ToUtf16(text, codePoints));
        Assert.Equal(codePoints, CodePoints.FromUtf16(text, index));
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(int.MinValue, 0)]
    [InlineData(9, 4)]
    [InlineData(int.MaxValue, 4)]
    public void A_position_outside_of_the_text_is_its_nearer_end(int codePoints, int index) =>
        Assert.Equal(index, CodePoints.ToUtf16("a😀b", codePoints));

    [Fact]
    public void Every_code_point_of_every_text_comes_back() =>
        Prop.ForAll<string?>(text =>
        {
            string mixed = (text ?? "") + "😀\ud83d" + text;
            int count = mixed.EnumerateRunes().Count();
            return Enumerable.Range(0, count + 1).All(i => CodePoints.FromUtf16(mixed, CodePoints.ToUtf16(mixed, i)) == i)
                && CodePoints.ToUtf16(mixed, count) == mixed.Length;
        }).QuickCheckThrowOnFailure();
}

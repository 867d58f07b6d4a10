using IntraDistill.Kernel.Engine;

namespace IntraDistill.Tests.LanguageTests;

public sealed class NestingTests
{
    [Theory]
    [InlineData("(", "")]
    [InlineData("x[", "")]
    [InlineData("{ x = 1; ", "}")]
    [InlineData("F(x => ", ")")]
    [InlineData("List<", ">")]
    [InlineData("A.B<int, ", ">")]
    [InlineData("if (x) { F(); } else { ", "}")]
    public void Brackets_within_brackets_count(string open, string close)
    {
        string Nest(int depth) =>
            string.Concat(Enumerable.Repeat(open, depth)) + string.Concat(Enumerable.Repeat(close, depth));
        Assert.True(Nesting.IsTooDeep(Nest(Nesting.Deepest + 1)));
        Assert.False(Nesting.IsTooDeep(Nest(Nesting.Deepest / 2)));
    }

    [Theory]
    [InlineData("for (int i = 0; i < n; i++) { if (a[i] < b) F(x => x < 1, (1)); }\n")]
    [InlineData("// ([{<\n")]
    [InlineData("\"([{<\" + ")]
    [InlineData("@\"\n([{<\" + ")]
    [InlineData("Dictionary<string, List<int>> a; var b = x < 2 && y > 3;\n")]
    [InlineData("/* ( */")]
    public void Brackets_beside_brackets_and_in_text_do_not(string part) =>
        Assert.False(Nesting.IsTooDeep(string.Concat(Enumerable.Repeat(part, 2_000))));
}

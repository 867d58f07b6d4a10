using IntraDistill.Kernel.Language;

namespace IntraDistill.Tests.LanguageTests;

public sealed class DeclaredNamesTests
{
    [Theory]
    [InlineData("var x = 1;", true)]
    [InlineData("F(out var x);", true)]
    [InlineData("if (y is int x) { }", true)]
    [InlineData("var (a, b) = (1, 2);", true)]
    [InlineData("int F() => 1;", true)]
    [InlineData("class A { }", true)]
    [InlineData("delegate void D();", true)]
    [InlineData("int P { get; set; }", true)]
    [InlineData("using System.IO;", true)]
    [InlineData("using static System.Math;", true)]
    [InlineData("#load \"a.csx\"", true)]
    [InlineData("1 + 1", false)]
    [InlineData("display(chart); Console.WriteLine(x => x);", false)]
    [InlineData("x = 2;", false)]
    [InlineData("#r \"a.dll\"", false)]
    [InlineData("", false)]
    public void Only_declarations_and_imports_change_what_later_cells_see(string code, bool expected) =>
        Assert.Equal(expected, new DeclaredNames().Changes(code));

    [Theory]
    [InlineData("var x = 1;", "F();", false)]
    [InlineData("var x = y;", "var z = 1;", false)]
    [InlineData("var x = y;", "var y = \"new\";", true)]
    [InlineData("var x = 1;", "var x = \"new\";", true)]
    [InlineData("var x = F();", "using static System.Math;", true)]
    [InlineData("#load \"a.csx\"", "", true)]
    public void A_cell_run_again_counts_when_what_it_means_may_have_changed(string cell, string between, bool expected)
    {
        var names = new DeclaredNames();
        Assert.True(names.Changes(cell));
        names.Changes(between);
        Assert.Equal(expected, names.Changes(cell));
        Assert.Equal(cell.StartsWith("#load", StringComparison.Ordinal), names.Changes(cell));
    }
}

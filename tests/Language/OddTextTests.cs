using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Language;

namespace IntraDistill.Tests.LanguageTests;

[Collection("runner")]
public sealed class OddTextTests : LanguageTest
{
    private const string Sample = """"
        #!time
        #r "some.dll"
        using System.Text;
        /// <summary>Adds <see cref="x"/>.</summary>
        record Point<T>(T X, int Y = 2) where T : struct { public override string ToString() => $"{X:0.0} {{😀}} {Y}"; }
        var points = Enumerable.Range(0, 3).Select(i => new Point<double>(i) { Y = i }).ToList();
        foreach (var (x, y) in points) { if (x is > 1 and < 3) Console.WriteLine(@"a ""b""", x switch { 1 => 'a', _ => 'b' }); }
        #if DEBUG
        int F(int[] a, ref string b, params object[] c)
        { try { return a[^1]; } catch (Exception e) when (e is not null) { throw; } }
        #endif
        #!markdown
        # {text} 👨‍👩‍👧 $x$
        #!csharp
        from p in points where p.X > 1 orderby p.Y select new { p.X, Z = ""u8 }
        """";

    private static readonly string[] s_insertions =
        [".", "(", ")", "{", "}", "\"", "\"\"\"", "$\"{", "/*", "*/", "//", "'", "<", ">", "=>", "#",
         "#!", "#if", "\0", "\ud83d", "😀", "\r", "\u2028",
         " new ", " override ", "using ", "[", "///<", "#r \"", "#!import ", ";", "@"];

    [Fact]
    public async Task No_text_and_no_cursor_makes_it_throw()
    {
        await Run("var points = new List<int>();");
        Gen<(int At, int Length, int Insertion)> mutation =
            from at in Gen.Choose(0, Sample.Length)
            from length in Gen.Choose(0, 30)
            from insertion in Gen.Choose(0, s_insertions.Length - 1)
            select (at, length, insertion);
        Gen<(string Code, int Cursor)> typed =
            from mutations in Gen.ListOf(mutation, 4)
            let code = mutations.Aggregate(Sample, Mutate)
            from cursor in Gen.Choose(-2, code.Length + 2)
            select (code, cursor);
        Prop.ForAll(Arb.From(typed), input => Answers(input.Code, input.Cursor)).Check(
            Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("", int.MinValue)]
    [InlineData("", int.MaxValue)]
    [InlineData("😀", 1)]
    [InlineData("\ud83d", 1)]
    [InlineData("\0\0\0", 2)]
    [InlineData("#", 1)]
    [InlineData("#r \"\0/", 6)]
    [InlineData("#r \"\0", 5)]
    [InlineData("#load \"../../../../../../../../../../../../..", 42)]
    [InlineData("\r\n\r", 1)]
    public void Odd_texts_and_cursors_have_an_answer(string code, int cursor) => Assert.True(Answers(code, cursor));

    [Theory]
    [InlineData("(", 20_000)]
    [InlineData("x[", 20_000)]
    [InlineData("List<", 5_000)]
    [InlineData("x is {A:", 5_000)]
    [InlineData("class A {", 5_000)]
    [InlineData("$\"{", 2_000)]
    [InlineData("!", 5_000)]
    [InlineData("\"\"\"", 5_000)]
    [InlineData("\0", 100_000)]
    [InlineData("var x = 1;\n", 100_000)]
    public void Huge_and_deep_texts_have_an_answer(string part, int times)
    {
        string code = string.Concat(Enumerable.Repeat(part, times));
        Assert.True(Answers(code, code.Length));
    }

    [Fact]
    public async Task A_cell_that_the_compiler_does_not_survive_is_refused()
    {
        CellError? error = await Session.SubmitAsync(new string('(', 20_000), 1, Cancellation);
        Assert.Equal("cell 1: brackets nest deeper than 250, which the C# compiler does not survive", error?.Message);
        await Run("var s = \"" + new string('(', 1_000) + "\"; // " + new string('[', 1_000));
        Assert.Contains("s", await Texts("s|"));
    }

    private bool Answers(string code, int cursor)
    {
        Completeness complete = Language.CheckComplete(code);
        Completions found = Language.CompleteAsync(code, cursor, Cancellation).GetAwaiter().GetResult();
        Language.InspectAsync(code, cursor, detailed: true, Cancellation).GetAwaiter().GetResult();
        return complete.Status is "complete" or "incomplete" or "invalid"
            && found.Start >= 0 && found.Start <= found.End && found.End <= code.Length
            && found.Items.All(item => item.Text.Length > 0 && item.Kind.Length > 0);
    }

    private static string Mutate(string code, (int At, int Length, int Insertion) mutation)
    {
        int at = Math.Min(mutation.At, code.Length);
        return code.Remove(at, Math.Min(mutation.Length, code.Length - at)).Insert(at, s_insertions[mutation.Insertion]);
    }
}

namespace IntraDistill.Tests.LanguageTests;

[Collection("runner")]
public sealed class InspectionTests : LanguageTest
{
    private static readonly string s_kit = typeof(IntraDistillException).Assembly.Location;

    [Theory]
    [InlineData("Console.Wri|teLine(1);", "void Console.WriteLine(int value) (+ 19 overloads)")]
    [InlineData("|Console.WriteLine(1);", "class System.Console")]
    [InlineData("Console.WriteLine(1, |", "void Console.WriteLine() (+ 19 overloads)")]
    [InlineData("Console.WriteLine(\"a|b\");", "void Console.WriteLine(string? value) (+ 19 overloads)")]
    [InlineData("\"\".Substring(|", "string string.Substring(int startIndex) (+ 1 overload)")]
    [InlineData("\"\".Substring(1, 2)|;", "string string.Substring(int startIndex, int length) (+ 1 overload)")]
    [InlineData("new int[0].Where(|", "(extension) IEnumerable<int> IEnumerable<int>.Where<int>(Func<int, bool> predicate) (+ 1 overload)")]
    [InlineData("var l = new List<int>(|3);", "List<int>.List(int capacity) (+ 2 overloads)")]
    [InlineData("var l = new Li|st<int>(3);", "List<int>.List(int capacity) (+ 2 overloads)")]
    [InlineData("Uri u = new(|\"a\");", "Uri.Uri(string uriString) (+ 6 overloads)")]
    [InlineData("var| x = 1L;", "readonly struct System.Int64")]
    [InlineData("using System.Te|xt;", "namespace System.Text")]
    [InlineData("void F(int many) { man|y++; }", "(parameter) int many")]
    [InlineData("int Twi|ce(int x) => x;", "int Twice(int x)")]
    [InlineData("List|", "class System.Collections.Generic.List<T>")]
    [InlineData("Math.Sqrt|", "double Math.Sqrt(double d)")]
    public async Task Tells_the_declaration_of_what_the_cursor_points_at(string marked, string declaration) =>
        Assert.Equal(declaration, (await Inspect(marked)).Split('\n')[0]);

    [Theory]
    [InlineData("|")]
    [InlineData("var x = 1; |")]
    [InlineData("// Cons|ole")]
    [InlineData("notDeclared|")]
    [InlineData("\"Cons|ole\"")]
    [InlineData("#!ti|me\nConsole.Write();")]
    [InlineData("#!markdown\nCons|ole")]
    [InlineData("#!html\nCons|ole\n#!csharp\nvar x = 1;")]
    public async Task Is_silent_where_there_is_nothing(string marked) => Assert.Equal("", await Inspect(marked));

    [Fact]
    public async Task The_other_overloads_are_listed_once()
    {
        string[] lines = (await Inspect("string.Join(|\",\", new List<int>())")).Split('\n');
        Assert.StartsWith("string string.Join<int>(string? separator, IEnumerable<int> values)", lines[0]);
        string[] overloads = [.. lines.SkipWhile(line => line != "Overloads:").Skip(1)];
        Assert.Contains("string string.Join(char separator, params string?[] value)", overloads);
        Assert.DoesNotContain(overloads, line => line.Contains("(string? separator, IEnumerable<T> values)"));
        Assert.Equal(overloads.Distinct(), overloads);
    }

    [Fact]
    public async Task Documentation_of_the_framework_is_shown_where_the_SDK_has_it()
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string packs = Path.GetFullPath("../../../packs/Microsoft.NETCore.App.Ref", framework);
        Assert.SkipUnless(Directory.Exists(packs), "no targeting pack on this machine");
        string text = await Inspect("\"\".Substring(|");
        Assert.Contains("Retrieves a substring from this instance.", text);
        Assert.Contains("Parameters:\n  startIndex: The zero-based starting character position", text);
        Assert.Contains("A string that is equivalent", text);
        Assert.Contains("ArgumentOutOfRangeException", text);
        Assert.Contains("List", await Inspect("new List<int>().Ad|d(1)"));
        Assert.Contains("Filters a sequence of values", await Inspect("new int[0].Whe|re(x => true)"));
    }

    [Fact]
    public async Task Documentation_of_the_kit_is_shown()
    {
        await Run($"#r \"{s_kit}\"\nusing TorchSharp; using IntraDistill;");
        string text = await Inspect("Divergences.Comp|ute(");
        Assert.StartsWith("torch.Tensor Divergences.Compute(", text);
        Assert.Contains("Parameters:\n", text);
        Assert.Contains("  logits: ", text);
        Assert.Contains("Alpha", await Inspect("new IntraDistillationSettings { Alph|a = 1 }"));
    }

    [Fact]
    public async Task Comments_of_earlier_cells_are_rendered_as_text()
    {
        await Run("""
            /// <summary>Adds <paramref name="a"/> and <c>b</c>, see <see cref="System.Math.Abs(int)"/>; 2 &lt; 3.
            /// <para>Second, <see langword="null"/>.</para></summary>
            /// <param name="a">The <b>first</b>, not <paramref name="b"/> or <see cref="System.Math.Abs(int)"/>.</param>
            /// <returns>The sum.</returns>
            /// <remarks>Only when detailed.</remarks>
            int Add(int a, int b) => a + b;
            """);
        await Run("/// <summary>2 < 3</summary>\nint Broken(int a) => a;");
        Assert.Equal("""
            int Add(int a, int b)

            Adds a and b, see Math.Abs(int); 2 < 3.

            Second, null.

            Returns:
              The sum.

            Parameters:
              a: The first, not b or Abs.
            """.ReplaceLineEndings("\n"), await Inspect("Add(|"));
        Assert.Contains("Only when detailed.", await Inspect("Add(|", detailed: true));
        Assert.StartsWith("int Broken(int a)", await Inspect("Broken(|"));
    }

    [Fact]
    public async Task Inherited_documentation_is_found()
    {
        await Run("""
            class Base
            {
                /// <summary>From the base.</summary>
                public virtual int F(int x) => x;

                /// <summary>Of G.</summary>
                public virtual int G(int x) => x;
            }
            /// <summary>A record.</summary>
            /// <param name="Size">How large.</param>
            record Box(int Size);
            class Derived : Base
            {
                /// <inheritdoc/>
                public override int F(int x) => x;
                public override int G(int x) => x;
            }
            """);
        Assert.Contains("From the base.", await Inspect("new Derived().F(|"));
        Assert.Contains("Of G.", await Inspect("new Derived().G(|"));
        Assert.Contains("How large.", await Inspect("new Box(1).Si|ze"));
        Assert.Contains("Size: How large.", await Inspect("new Box(|1)"));
    }

    [Fact]
    public async Task Knows_the_variables_of_earlier_cells_below_other_languages()
    {
        await Run("var numbers = new List<int> { 1 };");
        Assert.Equal("(field) List<int> numbers", await Inspect("#!markdown\n😀\n#!csharp\nvar s = \"😀\"; numb|ers.Count"));
    }
}

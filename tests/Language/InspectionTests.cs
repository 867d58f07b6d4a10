using IntraDistill.Kernel.Engine;

namespace IntraDistill.Tests.LanguageTests;

[Collection("runner")]
public sealed class InspectionTests : LanguageTest
{
    private static readonly string s_kit = typeof(IntraDistillException).Assembly.Location;

    [Theory]
    [InlineData("Console.Wri|teLine(1);", "static void Console.WriteLine(int value)")]
    [InlineData("|Console.WriteLine(1);", "static class Console (in System)")]
    [InlineData("Console.WriteLine(1, |", "static void Console.WriteLine(string format, object? arg0)")]
    [InlineData("Console.WriteLine(\"a|b\");", "static void Console.WriteLine(string? value)")]
    [InlineData("\"\".Substring(|", "string string.Substring(int startIndex)")]
    [InlineData("\"\".Substring(1, 2)|;", "string string.Substring(int startIndex, int length)")]
    [InlineData("new int[0].Where(|", "(extension) IEnumerable<int> IEnumerable<int>.Where<int>(Func<int, bool> predicate)")]
    [InlineData("var l = new List<int>(|3);", "new List<int>(int capacity)")]
    [InlineData("var l = new Li|st<int>(3);", "new List<int>(int capacity)")]
    [InlineData("Uri u = new(|\"a\");", "new Uri(string uriString)")]
    [InlineData("List<int> l; l[|0]", "int List<int>.this[int index]")]
    [InlineData("in|t x;", "readonly struct Int32 (in System)")]
    [InlineData("var| x = 1L;", "readonly struct Int64 (in System)")]
    [InlineData("using System.Te|xt;", "namespace System.Text")]
    [InlineData("DayOfWeek.Fri|day", "DayOfWeek.Friday = 5")]
    [InlineData("void F(int many) { man|y++; }", "int many")]
    [InlineData("var a = new { B = 1 }; a.B|", "int B")]
    [InlineData("int Twi|ce(int x) => x;", "int Twice(int x)")]
    [InlineData("from n in new int[0] where n| > 1 select n", "range variable n")]
    [InlineData("List|", "class List<T> (in System.Collections.Generic)")]
    [InlineData("Math.Sqrt|", "static double Math.Sqrt(double d)")]
    [InlineData("Func<int, int> f = null; f(|", "int Func<int, int>.Invoke(int arg)")]
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
    public async Task All_overloads_are_listed_the_current_one_first_and_once()
    {
        string text = await Inspect("string.Join(|\",\", new List<int>())");
        string[] lines = text.Split('\n');
        Assert.StartsWith("static string string.Join<int>(string? separator, IEnumerable<int> values)", lines[0]);
        string[] overloads = [.. lines.SkipWhile(line => line != "Overloads:").Skip(1)];
        Assert.Contains("static string string.Join(char separator, params string?[] value)", overloads);
        Assert.DoesNotContain(overloads, line => line.Contains("(string? separator, IEnumerable<T> values)"));
        Assert.DoesNotContain(overloads, line => line.Contains("extension"));
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
        Assert.Contains("Returns:\nA string that is equivalent", text);
        Assert.Contains("Exceptions:\n  ArgumentOutOfRangeException: startIndex is less than zero", text);
        Assert.Contains("List", await Inspect("new List<int>().Ad|d(1)"));
        Assert.Contains("Filters a sequence of values", await Inspect("new int[0].Whe|re(x => true)"));
    }

    [Fact]
    public async Task Documentation_of_the_kit_is_shown()
    {
        await Run($"#r \"{s_kit}\"\nusing IntraDistill;");
        string text = await Inspect("Divergences.Comp|ute(");
        Assert.StartsWith("static Tensor Divergences.Compute(", text);
        Assert.Contains("Parameters:\n", text);
        Assert.Contains("  logits: ", text);
        string markdown = await Inspect("Diver|gence.X", mimeType: MimeBundle.Markdown);
        Assert.StartsWith("```csharp\nenum Divergence (in IntraDistill)\n```\n\n", markdown);
        Assert.True(markdown.Length > 60, markdown);
    }

    [Fact]
    public async Task Comments_of_earlier_cells_are_rendered_as_text_and_as_Markdown()
    {
        await Run("""
            /// <summary>Adds <paramref name="a"/> and <c>b</c>, see <see cref="System.Math.Abs(int)"/> and
            /// <see href="https://example.org">there</see>; 2 < 3 is &lt;b&gt; for $1 * 2.
            /// <para>Second.</para>
            /// <list type="bullet"><item><term>one</term><description>first</description></item><item>two</item></list>
            /// <code>
            /// if (x)
            ///     Add(1, 2);
            /// </code></summary>
            /// <remarks>Only when detailed.</remarks>
            int Broken(int a, int b) => a + b;
            """);
        await Run("""
            /// <summary>Adds <paramref name="a"/> and <c>b</c>, see <see cref="System.Math.Abs(int)"/> and
            /// <see href="https://example.org">there</see>; 2 &lt; 3 for $1 * 2.
            /// <para>Second, <see langword="null"/>.</para>
            /// <list type="bullet"><item><term>one</term><description>first</description></item><item>two</item></list>
            /// <code>
            /// if (x)
            ///     Add(1, 2);
            /// </code></summary>
            /// <param name="a">The <b>first</b>.</param>
            /// <returns>The sum.</returns>
            /// <remarks>Only when detailed.</remarks>
            int Add(int a, int b) => a + b;
            """);
        string text = await Inspect("Add(|");
        Assert.Equal("""
            int Add(int a, int b)

            Adds a and b, see Math.Abs and there (https://example.org); 2 < 3 for $1 * 2.

            Second, null.

            - one – first
            - two

                if (x)
                    Add(1, 2);

            Parameters:
              a: The first.

            Returns:
            The sum.
            """.ReplaceLineEndings("\n"), text);
        string markdown = await Inspect("Add(|", mimeType: MimeBundle.Markdown);
        Assert.Equal("""
            ```csharp
            int Add(int a, int b)
            ```

            Adds `a` and `b`, see `Math.Abs` and [there](https://example.org); 2 \< 3 for \$1 \* 2.

            Second, `null`.

            - one – first
            - two

            ```csharp
            if (x)
                Add(1, 2);
            ```

            **Parameters**

            - `a`: The **first**.

            **Returns**

            The sum.
            """.ReplaceLineEndings("\n"), markdown);
        Assert.Contains("Remarks:\nOnly when detailed.", await Inspect("Add(|", detailed: true));
        Assert.Equal("int Broken(int a, int b)", (await Inspect("Broken(|")).Trim());
    }

    [Fact]
    public async Task Inherited_documentation_is_found()
    {
        await Run("""
            class Base
            {
                /// <summary>From the base.</summary>
                /// <param name="x">Also from there.</param>
                public virtual int F(int x) => x;

                /// <summary>Of G.</summary>
                public virtual int G(int x) => x;
            }
            interface IThing
            {
                /// <summary>From the interface.</summary>
                void Do();
            }
            /// <summary>A record.</summary>
            /// <param name="Size">How large.</param>
            record Box(int Size);
            class Derived : Base, IThing
            {
                /// <inheritdoc/>
                /// <param name="x">Its own.</param>
                public override int F(int x) => x;
                public override int G(int x) => x;
                /// <inheritdoc cref="Base.G"/>
                public int H(int x) => x;
                public void Do() { }
            }
            """);
        Assert.EndsWith("From the base.\n\nParameters:\n  x: Its own.", await Inspect("new Derived().F(|"));
        Assert.EndsWith("Of G.", await Inspect("new Derived().G(|"));
        Assert.EndsWith("Of G.", await Inspect("new Derived().H(|"));
        Assert.EndsWith("From the interface.", await Inspect("new Derived().Do(|"));
        Assert.EndsWith("How large.", await Inspect("new Box(1).Si|ze"));
        Assert.EndsWith("Also from there.", await Inspect("new Base().F(x|: 1)"));
    }

    [Fact]
    public async Task Knows_the_variables_of_earlier_cells_below_other_languages()
    {
        await Run("var numbers = new List<int> { 1 };");
        Assert.Equal("List<int> numbers", await Inspect("#!markdown\n😀\n#!csharp\nvar s = \"😀\"; numb|ers.Count"));
    }
}

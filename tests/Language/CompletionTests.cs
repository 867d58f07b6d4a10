using IntraDistill.Kernel.Language;

namespace IntraDistill.Tests.LanguageTests;

[Collection("runner")]
public sealed class CompletionTests : LanguageTest
{
    [Theory]
    [InlineData("Console.Wri|", "WriteLine", "function", "void WriteLine() (+")]
    [InlineData("Console.Wri|teLine(1);", "WriteLine", "function", "void WriteLine() (+")]
    [InlineData("\"text\".Le|", "Length", "property", "int Length")]
    [InlineData("DayOfWeek.F|", "Friday", "constant", "Friday")]
    [InlineData("var d = new Date|", "DateTime", "struct", "readonly struct DateTime")]
    [InlineData("string|", "StringBuilder", "class", "class StringBuilder")]
    [InlineData("IDisp|", "IDisposable", "interface", "interface IDisposable")]
    [InlineData("using System.Te|", "Text", "module", "namespace Text")]
    [InlineData("fore|", "foreach", "keyword", "")]
    [InlineData("int Twice(int amount) { return am|", "amount", "param", "int amount")]
    [InlineData("void F() { int count = 1; cou|", "count", "instance", "int count")]
    [InlineData("new int[0].Sel|", "SelectMany", "function", "IEnumerable<TResult> SelectMany<")]
    [InlineData("var b = new StringBuilder { Cap|", "Capacity", "property", "")]
    [InlineData("Math.Pow(1, |", "y: ", "param", "")]
    [InlineData("disp|", "display", "function", "DisplayedValue display(object? value, params string[] mimeTypes)")]
    [InlineData("var s = \"\"\"\n#!markdown\n\"\"\";\ns.Len|", "Length", "property", "int Length")]
    [InlineData("HT|", "HTML", "function", "IHtmlContent HTML(string content)")]
    public async Task Offers_what_may_stand_at_the_cursor(string marked, string text, string kind, string signature)
    {
        Completion item = Assert.Single((await Complete(marked)).Items, item => item.Text == text);
        Assert.Equal(kind, item.Kind);
        Assert.StartsWith(signature, item.Signature);
    }

    [Fact]
    public async Task Knows_what_earlier_cells_declare_and_import()
    {
        await Run("using System.Globalization; var table = new Dictionary<string, int>(); int Twice(int x) => 2 * x;");
        await Run("class Mine { public int Special; } var table2 = new Mine();");
        Assert.Equal(["table", "table2"], (await Texts("tab|")).Take(2));
        Assert.Contains("TryGetValue", await Texts("table.Try|"));
        Assert.Contains("Special", await Texts("table2.|"));
        Assert.Contains("Twice", await Texts("Tw|"));
        Assert.Contains("CultureInfo", await Texts("Cult|"));
        Completion table = (await Complete("tab|")).Items[0];
        Assert.Equal(("instance", "Dictionary<string, int> table"), (table.Kind, table.Signature));
    }

    [Fact]
    public async Task A_variable_declared_again_has_its_last_type()
    {
        await Run("var x = 1;");
        await Run("var x = \"text\";");
        Assert.Contains("Substring", await Texts("x.|"));
    }

    [Fact]
    public async Task A_cell_run_again_sees_what_was_declared_since()
    {
        await Run("var x = 1;");
        await Run("var y = x;");
        await Run("var x = \"text\";");
        await Run("var y = x;");
        Assert.Contains("Substring", await Texts("y.|"));
    }

    [Fact]
    public async Task A_running_cell_does_not_keep_it_from_answering()
    {
        await Run("var before = 1;");
        var release = new TaskCompletionSource();
        AppContext.SetData("LanguageTests.Release", release.Task);
        Task running = Run("var wait = (Task)AppContext.GetData(\"LanguageTests.Release\"); await wait; var during = 2;");
        Assert.Contains("before", await Texts("bef|"));
        Assert.DoesNotContain("during", await Texts("dur|"));
        release.SetResult();
        await running;
        Assert.Contains("during", await Texts("dur|"));
    }

    [Fact]
    public async Task Replaces_the_word_at_the_cursor()
    {
        Completions found = await Complete("var a = Console.Wri|teLine();");
        Assert.Equal((16, 25), (found.Start, found.End));
        found = await Complete("Console.|");
        Assert.Equal((8, 8), (found.Start, found.End));
    }

    [Fact]
    public async Task Prefixes_come_first_then_parts_and_each_once()
    {
        string[] found = await Texts("\"\".ind|");
        Assert.StartsWith("Index", found[0]);
        Assert.Contains("LastIndexOf", found);
        Assert.True(Array.IndexOf(found, "LastIndexOf") > Array.IndexOf(found, "IndexOfAny"));
        Assert.Equal(found.Distinct(), found);
    }

    [Fact]
    public async Task Only_what_is_imported_is_offered()
    {
        Assert.DoesNotContain("JsonSerializer", await Texts("Json|"));
        Assert.Contains("JsonSerializer", await Texts("using System.Text.Json; Json|"));
    }

    [Fact]
    public async Task An_override_is_offered_with_its_body()
    {
        Completions found = await Complete("class A\n{\n    public override To|\n}");
        Completion item = Assert.Single(found.Items, item => item.Text.Contains("ToString"));
        Assert.StartsWith("string ToString()", item.Text);
        Assert.Contains("base.ToString()", item.Text);
    }

    [Theory]
    [InlineData("#!|", new[] { "#!c#", "#!csharp", "#!html", "#!import", "#!javascript", "#!js", "#!markdown", "#!time" })]
    [InlineData("var x = 1;\n  #!ma|", new[] { "#!markdown" })]
    [InlineData("#lo|", new[] { "#load" })]
    [InlineData("#!markdown\ntext\n#!cs|", new[] { "#!csharp" })]
    [InlineData("#!markdown\nConsole.|", new string[0])]
    [InlineData("#!html\n<b|", new string[0])]
    [InlineData("#!markdown\n#r \"|", new string[0])]
    [InlineData("#!time |", new string[0])]
    public async Task Magics_and_other_languages_are_told_apart(string marked, string[] expected) =>
        Assert.Equal(expected, await Texts(marked));

    [Theory]
    [InlineData("#!time\nConsole.Wri|", 15)]
    [InlineData("#!markdown\n😀 *text*\n#!csharp\nvar s = \"😀\"; Console.Wri|", 52)]
    [InlineData("#!html\r\n<b>\r\n#!csharp\r\nConsole.Wri|", 31)]
    public async Task Positions_are_the_cells_also_below_other_languages(string marked, int start)
    {
        Completions found = await Complete(marked);
        Assert.Contains(found.Items, item => item.Text == "WriteLine");
        Assert.Equal(start, found.Start);
    }

    [Fact]
    public async Task Files_are_offered_where_a_directive_names_one()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "lib"));
        string[] files = ["lib/One.dll", "lib/Other.txt", "lib/One.csx", "notes.ipynb", "helpers.cs", ".hidden.dll"];
        foreach (string file in files)
            File.WriteAllText(Path.Combine(Folder, file), "");
        Assert.Equal(["lib/"], await Texts("#r \"|"));
        Assert.Equal(["One.dll"], await Texts("#r \"lib/|"));
        Assert.Equal(["One.dll"], await Texts("#r \"./lib/o|\""));
        Assert.Equal(["helpers.cs", "lib/"], await Texts("var x = 1;\n#load \"|"));
        Assert.Equal(["One.csx"], await Texts("#load \"lib/|"));
        Assert.Equal(["helpers.cs", "lib/", "notes.ipynb"], await Texts("#!import |"));
        Assert.Equal(["notes.ipynb"], await Texts("#!import \"n|"));
        Assert.Equal(["One.dll"], await Texts($"#r \"{Folder}/lib/On|"));
        Assert.Empty(await Texts("#r \"nowhere/|"));
        Assert.Empty(await Texts("#r \"nuget: On|"));
        Completions path = await Complete("#r \"lib/On|");
        Assert.Equal((8, 10, "path"), (path.Start, path.End, path.Items[0].Kind));
    }

    [Fact]
    public async Task Looking_at_a_reference_does_not_add_it()
    {
        int before = Session.References.All.Length;
        string kit = typeof(IntraDistillException).Assembly.Location;
        await Texts($"#r \"{kit}\"\nIntra|");
        await Inspect($"#r \"{kit}\"\nConsole.Write|Line();");
        Assert.Equal(before, Session.References.All.Length);
        Assert.Null(Session.References.Error);
    }

    [Fact]
    public async Task The_kit_is_offered_once_a_cell_referenced_it()
    {
        await Run($"#r \"{typeof(IntraDistillException).Assembly.Location}\"");
        Assert.Contains("IntraDistillException", await Texts("using IntraDistill; IntraDistillE|"));
        Assert.Contains("ones", await Texts("using TorchSharp; torch.on|"));
    }

    [Fact]
    public async Task Questions_may_come_from_many_threads_also_while_it_warms_up_and_cells_run()
    {
        Language.WarmUp();
        Task<string[][]> answers = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Texts("new int[0].Sel|"))));
        for (int i = 0; i < 8; i++)
            await Run($"var v{i} = Enumerable.Range(0, {i}).Select(x => x + 1).ToList();");
        Assert.All(await answers, texts => Assert.Equal(["Select", "SelectMany"], texts.Take(2)));
        Assert.Contains("v7", await Texts("v|"));
    }

    [Fact]
    public async Task Answers_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Language.CompleteAsync("Con", 3, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Language.InspectAsync("Console", 3, false, cancelled.Token));
        Assert.Contains("Console", await Texts("Con|"));
    }
}

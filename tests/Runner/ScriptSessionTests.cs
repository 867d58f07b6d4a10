using IntraDistill.Kernel.Engine;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace IntraDistill.Tests.RunnerTests;

[Collection("runner")]
public sealed class ScriptSessionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("session-").FullName;
    private readonly List<CellEvent> _events = [];
    private readonly ScriptSession _session;
    private int _cell;

    public ScriptSessionTests() => _session = new ScriptSession(_folder, _events.Add);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task State_usings_and_types_carry_over_to_later_cells()
    {
        Assert.Null(await Run("using System.Globalization;"));
        Assert.Null(await Run("record Point(int X, int Y); var p = new Point(1, 2); int Twice(int x) => 2 * x;"));
        Assert.Null(await Run("p = p with { X = 40 };"));
        Assert.Null(await Run("Twice(p.X) + p.Y + CultureInfo.InvariantCulture.Name.Length"));
        Assert.Equal("82", Result().Content["text/plain"]);
    }

    [Fact]
    public async Task A_cell_may_declare_a_variable_again()
    {
        await Run("var x = 1;");
        await Run("var x = \"new\";");
        await Run("x");
        Assert.Equal("new", Result().Content["text/plain"]);
    }

    [Theory]
    [InlineData("1 + 1", true)]
    [InlineData("Math.Abs(1);", false)]
    [InlineData("await Task.FromResult(3)", true)]
    [InlineData("await Task.Delay(1)", false)]
    [InlineData("Console.Write(\"\")", false)]
    [InlineData("(object)null", true)]
    [InlineData("var v = 3;\nreturn v * 2;", true)]
    [InlineData("if (DateTime.Now.Year > 1) { return 1; }\nConsole.Write(1);", true)]
    [InlineData("return;", false)]
    [InlineData("foreach (int i in new[] { 1 }) { int Two() { return 2; } Two(); }", false)]
    [InlineData("Func<int> f = () => { return 1; };", false)]
    [InlineData("", false)]
    [InlineData("// only a comment", false)]
    public async Task Only_a_last_expression_with_a_value_is_a_result(string code, bool expected)
    {
        Assert.Null(await Run(code));
        Assert.Equal(expected, _events.OfType<ResultProduced>().Any());
    }

    [Fact]
    public async Task Console_output_becomes_stream_events_in_order_even_from_other_threads()
    {
        await Run("Console.Write(\"a\"); await Task.Run(() => Console.WriteLine(\"b\")); Console.Error.WriteLine(\"c\");"
            + "var t = new System.Threading.Thread(() => Console.Write(\"d\")); t.Start(); t.Join();");
        Assert.Equal(
            ["stdout a", "stdout b\n", "stderr c\n", "stdout d"],
            _events.OfType<StreamWritten>().Select(e => $"{e.Name} {e.Text}"));
    }

    [Fact]
    public async Task A_display_is_updated_in_place_also_by_a_later_cell()
    {
        await Run("var handle = display(\"one\"); handle.Update(\"two\");");
        await Run("handle.Update(\"three\");");
        var shown = Assert.Single(_events.OfType<Displayed>());
        Assert.Equal("one", shown.Data.Content["text/plain"]);
        Assert.Equal([("two", shown.DisplayId), ("three", shown.DisplayId)],
            _events.OfType<DisplayUpdated>().Select(e => (e.Data.Content["text/plain"], e.DisplayId)));
    }

    [Fact]
    public async Task Values_render_through_the_formatters_that_cells_register()
    {
        await Run("using Microsoft.DotNet.Interactive.Formatting; record Mine(int X);"
            + "Formatter.Register<Mine>((m, w) => w.Write($\"<i>{m.X}</i>\"), \"text/html\");");
        Assert.Null(await Run("new Mine(7).Display(); display(new Mine(8), \"text/html\"); HTML(\"<b>9</b>\")"));
        Assert.Equal(["<i>7</i>", "<i>8</i>"], _events.OfType<Displayed>().Select(e => e.Data.Content["text/html"]));
        Assert.Equal("<b>9</b>", Result().Content["text/html"]);
    }

    [Fact]
    public async Task The_names_of_dotnet_interactive_compile()
    {
        Assert.Null(await Run("""
            using Microsoft.DotNet.Interactive;
            using Microsoft.DotNet.Interactive.Formatting;
            DisplayedValue d = KernelInvocationContext.Current.Display("a");
            d.Update("b");
            var token = KernelInvocationContext.Current.CancellationToken;
            "{}".DisplayAs("application/json");
            (token.CanBeCanceled, typeof(Formatter).Name)
            """));
    }

    /// <summary>What the sample notebooks of .NET Interactive call.</summary>
    [Theory]
    [InlineData("Javascript(\"console.log(1)\");", "text/html", "<script type=\"text/javascript\">console.log(1)</script>")]
    [InlineData("CSS(\"b { color: red }\");", "text/html", "b { color: red }")]
    [InlineData("#!javascript\nconsole.log(1)", "text/html", "<script type=\"text/javascript\">console.log(1)</script>")]
    [InlineData("new[] { new { a = 1, b = \"x\" } }.DisplayTable();", "text/html", "<table>")]
    [InlineData("using Microsoft.DotNet.Interactive.Formatting;\n(LaTeXString)@\"e = mc^2\"", "text/latex", "e = mc^2")]
    [InlineData("using Microsoft.DotNet.Interactive;\nKernel.Root.Name", "text/plain", "csharp")]
    [InlineData("using Microsoft.DotNet.Interactive;\nKernel.display(5, \"text/plain\");", "text/plain", "5")]
    [InlineData("using Microsoft.DotNet.Interactive;\nawait Kernel.GetInputAsync(\"Name?\")", "text/plain", "the answer")]
    public async Task Helpers_of_dotnet_interactive_do_what_they_do_there(string cell, string mimeType, string content)
    {
        var session = new ScriptSession(_folder, _events.Add) { Input = new OneAnswer() };
        Assert.Null(await session.SubmitAsync(cell, 1, TestContext.Current.CancellationToken));
        MimeBundle shown = Assert.Single(_events) switch
        {
            Displayed displayed => displayed.Data, ResultProduced result => result.Data, var other => throw new Xunit.Sdk.XunitException($"{other}"),
        };
        Assert.Contains(content, shown.Content[mimeType], StringComparison.Ordinal);
        Assert.False(shown.Content.TryGetValue("text/plain", out string? plain) && plain == "<null>");
    }

    private sealed class OneAnswer : ICellInput
    {
        public string Ask(string prompt, bool password) => prompt == "Name?" && !password ? "the answer" : "";
    }

    /// <summary>A night of training updates a display very often: the library that cells speak to must not keep each of them.</summary>
    [Fact]
    public async Task Updates_of_a_display_are_not_kept()
    {
        var session = new ScriptSession(_folder, _ => { });
        Assert.Null(await session.SubmitAsync("""
            using Microsoft.DotNet.Interactive;
            var bar = KernelInvocationContext.Current.Display("0");
            for (int i = 0; i < 1_000; i++) bar.Update(i);
            long before = GC.GetTotalMemory(forceFullCollection: true);
            for (int i = 0; i < 20_000; i++) bar.Update(new string('x', 1_000));
            long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
            if (grown > 5_000_000) throw new Exception($"{grown:N0} bytes are kept");
            """, 1, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_error_without_a_place_in_the_cell_has_its_message()
    {
        foreach (string name in (string[])["one", "two"])
        {
            var code = CSharpSyntaxTree.ParseText("namespace Twice { public class Kind { } }", cancellationToken: TestContext.Current.CancellationToken);
            Assert.True(CSharpCompilation.Create(name, [code], [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)],
                new(OutputKind.DynamicallyLinkedLibrary)).Emit(Path.Combine(_folder, name + ".dll"), cancellationToken: TestContext.Current.CancellationToken).Success);
        }
        CellError error = (await Run("#r \"one.dll\"\n#r \"two.dll\"\nusing static Twice.Kind;\nnew Twice.Kind()"))!;
        Assert.Contains("'Kind'", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("CS", error.Message, StringComparison.Ordinal);
        // Imports of the host that a second assembly makes ambiguous are an error of no line.
        var noPlace = CellError.Of([Diagnostic.Create(new DiagnosticDescriptor("CS0433", "", "Type 'Kernel' exists in both", "", DiagnosticSeverity.Error, true), Location.None)], "1", "cell 1");
        Assert.Equal(("CS0433: Type 'Kernel' exists in both", 0), (noPlace.Message, noPlace.Line));
        Assert.Equal(["CS0433: Type 'Kernel' exists in both"], noPlace.Trace);
    }

    [Fact]
    public async Task A_compile_error_names_each_line_and_what_stood_before_stays()
    {
        await Run("var kept = 5;");
        CellError error = (await Run("var a = 1;\nnope();\n\nint b = \"x\";"))!;
        Assert.Equal("CompilationError", error.Name);
        Assert.Equal(2, error.Line);
        Assert.Contains(error.Trace, line => line.StartsWith("line 2: CS0103", StringComparison.Ordinal));
        Assert.Contains(error.Trace, line => line.StartsWith("line 4: CS0029", StringComparison.Ordinal));
        Assert.Contains("    int b = \"x\";", error.Trace);
        Assert.Equal(error, Assert.IsType<CellFailed>(_events[^1]).Error);
        Assert.Null(await Run("kept"));
    }

    [Fact]
    public async Task An_exception_shows_only_the_frames_within_cells_and_keeps_what_was_declared()
    {
        await Run("int At(int[] a) {\n    return a[3];\n}");
        CellError error = (await Run("var before = 1;\n\nAt(new int[1]);"))!;
        Assert.Equal("IndexOutOfRangeException", error.Name);
        Assert.Equal(3, error.Line);
        Assert.Equal(["   at cell 1, line 2", "   at cell 2, line 3"], error.Trace);
        Assert.Null(await Run("before"));
        Assert.Equal("1", Result().Content["text/plain"]);
    }

    [Fact]
    public async Task An_error_meant_for_users_has_no_trace()
    {
        string kit = typeof(IntraDistillException).Assembly.Location;
        CellError error = (await Run($"#r \"{kit}\"\nthrow new IntraDistill.IntraDistillException(\"corpus.txt: empty\");"))!;
        Assert.Equal(("IntraDistillException", "corpus.txt: empty", 0), (error.Name, error.Message, error.Trace.Count));
    }

    [Theory]
    [InlineData("#!nope x", "#!nope: no such magic; there are #!csharp, #!c#, #!markdown, #!html, #!javascript, #!js, #!time and #!import", 1)]
    [InlineData("var a = 1;\n#!import gone.cs", "#!import gone.cs: there is no file", 2)]
    [InlineData("\n#r \"gone.dll\"", "#r \"gone.dll\": there is no file", 2)]
    [InlineData("#r \"plain.txt\"", "#r \"plain.txt\": ", 1)]
    [InlineData("#r \"nuget: A, B, C\"", "#r \"nuget: A, B, C\": expected", 1)]
    public async Task A_directive_that_cannot_be_followed_is_one_line_that_names_it(string code, string message, int line)
    {
        File.WriteAllText(Path.Combine(_folder, "plain.txt"), "not an assembly");
        CellError error = (await Run(code))!;
        Assert.Equal("DirectiveError", error.Name);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(line, error.Line);
    }

    [Fact]
    public async Task Files_are_loaded_and_imported_relative_to_the_notebook()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "sub"));
        File.WriteAllText(Path.Combine(_folder, "sub", "helper.csx"), "int Helper() => 41;");
        File.WriteAllText(Path.Combine(_folder, "other.cs"), "static class Other { public const int One = 1; }");
        TestNotebook.Write(Path.Combine(_folder, "lib.ipynb"), "# prose", "var fromNotebook = 58;");
        Assert.Null(await Run("#load \"sub/helper.csx\"\nvar a = Helper();"));
        Assert.Null(await Run("#!import other.cs\n#!import \"lib.ipynb\"\na + Other.One + fromNotebook"));
        Assert.Equal("100", Result().Content["text/plain"]);
    }

    [Fact]
    public async Task Magics_switch_the_language_within_a_cell_and_lines_stay_those_of_the_cell()
    {
        CellError error = (await Run("var a = 1;\n#!markdown\n# Title\n#!html\n<p>x</p>\n#!c#\n\nnope();"))!;
        Assert.Equal(8, error.Line);
        Displayed[] shown = [.. _events.OfType<Displayed>()];
        Assert.Equal("# Title", shown[0].Data.Content["text/markdown"]);
        Assert.Equal("<p>x</p>", shown[1].Data.Content["text/html"]);
    }

    [Fact]
    public async Task Time_shows_the_wall_time()
    {
        await Run("#!time\n1 + 1");
        string shown = Assert.Single(_events.OfType<Displayed>()).Data.Content["text/plain"];
        Assert.StartsWith("Wall time:", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_running_cell_finds_its_cancellation_token_under_the_well_known_key()
    {
        using var stop = new CancellationTokenSource();
        Task<CellError?> run = _session.SubmitAsync(
            "Console.Write(\"waiting\");"
            + "var token = Microsoft.DotNet.Interactive.KernelInvocationContext.Current.CancellationToken;"
            + "await Task.Delay(System.Threading.Timeout.Infinite, token);", 1, stop.Token);
        SpinWait.SpinUntil(() => _events.OfType<StreamWritten>().Any() || run.IsCompleted);
        await stop.CancelAsync();
        Assert.Equal("KeyboardInterrupt", (await run)!.Name);
        Assert.Null(await Run("\"alive\""));
    }

    [Fact]
    public async Task A_package_that_is_nowhere_is_one_line()
    {
        const string Reference = "#r \"nuget: IntraDistill.There.Is.No.Such.Package, 1.0.0\"";
        CellError error = (await Run(Reference))!;
        Assert.StartsWith($"{Reference}: NU1", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task A_display_as_the_last_expression_is_shown_once()
    {
        Assert.Null(await Run("display(\"once\")"));
        Assert.IsType<Displayed>(Assert.Single(_events));
    }

    [Fact]
    public async Task What_an_abandoned_cell_still_does_is_not_seen()
    {
        using var never = new ManualResetEventSlim();
        AppContext.SetData("ScriptSessionTests.Gate", never);
        await Run("var kept = 1;");
        Task<CellError?> run = _session.SubmitAsync(
            "Console.Write(\"before\"); var lost = 2;"
            + "((System.Threading.ManualResetEventSlim)AppContext.GetData(\"ScriptSessionTests.Gate\")).Wait(); kept = 3;"
            + "Console.Write(\"after\"); display(\"after\"); lost", ++_cell, CancellationToken.None);
        SpinWait.SpinUntil(() => _events.Count > 0 || run.IsCompleted);
        _session.Abandon();
        Assert.Null(await Run("Console.Write(\"next\");"));
        never.Set();
        await run;
        Assert.Equal(["before", "next"], _events.Cast<StreamWritten>().Select(e => e.Text));
        Assert.Contains("CS0103", (await Run("lost"))!.Message, StringComparison.Ordinal);
        await Run("kept");
        Assert.Equal("3", Result().Content["text/plain"]);
    }

    [Fact]
    public async Task Clearing_the_output_is_an_event()
    {
        await Run("Console.Write(1); ClearOutput(); ClearOutput(wait: true);");
        Assert.Equal([false, true], _events.OfType<OutputCleared>().Select(e => e.Wait));
    }

    [Fact]
    public async Task Input_is_asked_of_the_sessions_user()
    {
        var asked = new List<(string, bool)>();
        var session = new ScriptSession(_folder, _events.Add) { Input = new Answers(asked) };
        TextReader before = Console.In;
        Console.SetIn(new CellInputReader());
        try
        {
            Assert.Null(await session.SubmitAsync(
                "Console.Write((char)Console.Read()); Console.Write(Console.ReadLine() + Console.ReadLine());"
                + "Console.Write(await GetInputAsync(\"Name?\") + (await GetPasswordAsync(\"Word?\")).GetClearTextPassword());",
                1, TestContext.Current.CancellationToken));
        }
        finally
        {
            Console.SetIn(before);
        }
        Assert.Equal([("", false), ("", false), ("Name?", false), ("Word?", true)], asked);
        Assert.Equal("answer 1answer 2answer 3answer 4", string.Concat(_events.OfType<StreamWritten>().Select(e => e.Text)));
    }

    [Fact]
    public async Task Without_a_user_a_cell_that_asks_for_input_fails()
    {
        CellError error = (await Run("await GetInputAsync(\"Name?\")"))!;
        Assert.Contains("headless", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expression_is_evaluated_beside_the_cells()
    {
        await Run("int x = 20;");
        _events.Clear();
        CancellationToken stop = TestContext.Current.CancellationToken;
        Assert.Equal("41", (await _session.EvaluateAsync("2 * x + 1", stop)).Value!.Content["text/plain"]);
        Assert.Null((await _session.EvaluateAsync("int y = 1;", stop)).Error);
        Assert.StartsWith("CS0103", (await _session.EvaluateAsync("y", stop)).Error!.Message, StringComparison.Ordinal);
        Assert.Equal("DivideByZeroException", (await _session.EvaluateAsync("1 / (x - 20)", stop)).Error!.Name);
        Assert.Empty(_events);
        Assert.Null(await Run("x"));
    }

    private sealed class Answers(List<(string, bool)> asked) : ICellInput
    {
        public string Ask(string prompt, bool password)
        {
            asked.Add((prompt, password));
            return $"answer {asked.Count}";
        }
    }

    private Task<CellError?> Run(string code) => _session.SubmitAsync(code, ++_cell, TestContext.Current.CancellationToken);

    private MimeBundle Result() => _events.OfType<ResultProduced>().Last().Data;
}

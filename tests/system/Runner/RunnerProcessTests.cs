using System.Diagnostics;
using System.Text.Json.Nodes;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Tests.RunnerTests;

/// <summary>The runner as its users start it: a process, its exit code, what it prints and what it leaves behind.</summary>
public sealed class RunnerProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("runner-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_notebook_runs_with_the_kit_by_one_reference_and_is_saved_as_a_notebook_and_as_a_page()
    {
        string kit = Path.Combine(ReferenceData.RepositoryRoot, "bin", "IntraDistill.Kit.dll");
        TestNotebook.Write(At("n.ipynb"),
            "# Title\n\n|a|b|\n|--|--|\n|1|2|",
            $"#r \"{Path.GetRelativePath(_folder, kit)}\"",
            "// parameters\nvar preset = \"Quick\"; int K = 3;",
            "using TorchSharp;\nusing static TorchSharp.torch;\nvar total = ones(3, K).sum().item<float>();\n"
            + "Console.WriteLine($\"{preset} {total}\");",
            "using IntraDistill;\n"
            + "KitCharts.LearningCurves(\"Loss\", \"update\", \"nats\",\n"
            + "    new[] { new CurveSeries(\"</script>\", new[] { 1.0, 2 }, new[] { 3.0, 1 }) })");
        (int code, string output, string errors) = await Run("n.ipynb", "-p", "K=4", "-p", "preset=Smoke");
        Assert.Equal(("", 0), (errors, code));
        Assert.Contains("    Smoke 12\n[4/5] ", output, StringComparison.Ordinal);
        string saved = At("runs/notebooks/n.ipynb");
        Assert.Contains($"saved {saved}", output, StringComparison.Ordinal);
        await ValidateAsync(saved);

        JsonNode root = JsonNode.Parse(File.ReadAllText(saved))!;
        Assert.Equal(1, root["metadata"]!["mine"]!.GetValue<int>());
        Assert.Equal(".net-csharp", root["metadata"]!["kernelspec"]!["name"]!.GetValue<string>());
        JsonArray outputs = root["cells"]![5]!["outputs"]!.AsArray();
        Assert.Equal("scatter", outputs[0]!["data"]!["application/vnd.plotly.v1+json"]!["data"]![0]!["type"]!.GetValue<string>());

        string page = File.ReadAllText(At("runs/notebooks/n.html"));
        Assert.Contains("<td>1</td>", page, StringComparison.Ordinal);
        Assert.Equal(2, page.Split("plotly.js v").Length);   // plotly.js is there, once
        Assert.Contains("\\u003C/script\\u003E", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_error_stops_the_run_and_what_ran_is_saved()
    {
        TestNotebook.Write(At("n.ipynb"),
            "Console.WriteLine(\"before\");", "int zero = 0;\n\nConsole.WriteLine(1 / zero);", "Console.WriteLine(\"after\");");
        (int code, string output, string errors) = await Run("n.ipynb", "--output", "out/x.ipynb");
        Assert.Equal(1, code);
        Assert.Contains("[2/3] failed after ", output, StringComparison.Ordinal);
        Assert.Equal(
            "error in cell 2, line 3: Console.WriteLine(1 / zero);\n"
            + "  DivideByZeroException: Attempted to divide by zero.\n"
            + "     at cell 2, line 3\n", errors);
        string text = File.ReadAllText(At("out/x.ipynb"));
        await ValidateAsync(At("out/x.ipynb"));
        Assert.Contains("before\\n", text, StringComparison.Ordinal);
        Assert.Contains("\"ename\": \"DivideByZeroException\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("after\\n", text, StringComparison.Ordinal);
        Assert.False(File.Exists(At("out/x.html")));
    }

    [Fact]
    public async Task An_update_by_a_later_cell_replaces_the_saved_output()
    {
        TestNotebook.Write(At("n.ipynb"), "var h = display(\"old\");", "Console.Write(\"a\\rb\"); h.Update(\"new\");");
        (int code, _, _) = await Run("n.ipynb", "--in-place", "--quiet");
        Assert.Equal(0, code);
        JsonArray cells = JsonNode.Parse(File.ReadAllText(At("n.ipynb")))!["cells"]!.AsArray();
        Assert.Equal("new", cells[0]!["outputs"]![0]!["data"]!["text/plain"]![0]!.GetValue<string>());
        Assert.Equal("b", cells[1]!["outputs"]![0]!["text"]![0]!.GetValue<string>());
        Assert.Single(cells[1]!["outputs"]!.AsArray());
    }

    [Theory]
    [InlineData("{ \"cells\": [", "not a notebook: not JSON (line 1)")]
    [InlineData("[1]", "not a notebook: expected an object with \"nbformat\" and \"cells\" (nbformat 4)")]
    [InlineData("{\"nbformat\":3,\"cells\":[]}", "nbformat 3; expected 4")]
    [InlineData("{\"nbformat\":4,\"cells\":[{\"source\":1}]}", "not a notebook: cell 1 has no \"cell_type\"")]
    [InlineData("{\"nbformat\":4,\"cells\":[{\"cell_type\":\"code\",\"source\":1}]}", "not a notebook: a value of")]
    public void What_is_not_a_notebook_is_refused_in_one_line(string content, string message)
    {
        File.WriteAllText(At("n.ipynb"), content);
        var error = Assert.Throws<IntraDistill.Kernel.RunnerException>(() => NotebookDocument.Load(At("n.ipynb")));
        Assert.StartsWith($"{At("n.ipynb")}: {message}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData(1, "gone.ipynb: there is no such file", "gone.ipynb")]
    [InlineData(1, "-p k=2: no parameter 'k'; the notebook has int K = 3", "n.ipynb", "-p", "k=2")]
    [InlineData(1, "cannot be written", "n.ipynb", "--output", "/proc/x.ipynb")]
    [InlineData(1, "cannot be written", "n.ipynb", "--output", "n.ipynb/x.ipynb")]
    [InlineData(1, "cannot be written: it is not a regular file", "n.ipynb", "--output", "/dev/full")]
    [InlineData(1, "cannot be written: it is a folder", "n.ipynb", "--output", ".")]
    [InlineData(1, "cannot be written", "n.ipynb", "--in-place", "--html", "/proc/x.html")]
    [InlineData(2, "exclude each other", "n.ipynb", "--in-place", "--output", "x.ipynb")]
    [InlineData(2, "error: ", "n.ipynb", "--nope")]
    [InlineData(2, "error: ")]
    public async Task Bad_input_is_one_line_before_any_cell_runs_and_nothing_is_written(
        int expected, string message, params string[] arguments)
    {
        TestNotebook.Write(At("n.ipynb"), "// parameters\nint K = 3;", "Console.WriteLine(\"ran\");");
        string before = File.ReadAllText(At("n.ipynb"));
        (int code, string output, string errors) = await Run(arguments);
        Assert.Equal(expected, code);
        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd().Split('\n'));
        Assert.DoesNotContain("ran", output, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(At("n.ipynb")));
        Assert.Equal(["n.ipynb"], Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_missing_dll_is_one_line_that_says_how_to_build_it()
    {
        TestNotebook.Write(At("n.ipynb"), "#r \"../bin/IntraDistill.Kit.dll\"");
        (int code, _, string errors) = await Run("n.ipynb");
        Assert.Equal(1, code);
        Assert.Contains("there is no file", errors, StringComparison.Ordinal);
        Assert.Contains("dotnet build IntraDistill.Kit.csproj", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_reaches_the_cell_as_a_token_and_the_notebook_is_saved()
    {
        TestNotebook.Write(At("n.ipynb"),
            "var token = Microsoft.DotNet.Interactive.KernelInvocationContext.Current.CancellationToken;\n"
            + "Console.WriteLine(\"ready\");\ntoken.WaitHandle.WaitOne();\nConsole.WriteLine(\"stopped\");",
            "Console.WriteLine(\"never\");");
        (int code, string output, _) = await RunAndInterrupt(times: 1);
        Assert.Equal(130, code);
        Assert.Contains("[1/2] interrupted after ", output, StringComparison.Ordinal);
        string saved = File.ReadAllText(At("runs/notebooks/n.ipynb"));
        Assert.Contains("stopped", saved, StringComparison.Ordinal);
        await ValidateAsync(At("runs/notebooks/n.ipynb"));
    }

    // The second is at work in libtorch, whose globals must not be destroyed meanwhile.
    [Theory]
    [InlineData("Console.WriteLine(\"ready\"); while (true) System.Threading.Thread.Sleep(100);")]
    [InlineData("#r \"KIT\"\nusing static TorchSharp.torch;\nvar x = rand(100, 100); x.mm(x);\nConsole.WriteLine(\"ready\");\n"
        + "System.Threading.Tasks.Parallel.For(0, 4, _ => { while (true) x.mm(x).Dispose(); });")]
    public async Task A_second_Ctrl_C_gives_up_a_cell_that_does_not_listen(string code)
    {
        TestNotebook.Write(At("n.ipynb"), code.Replace("KIT", Path.Combine(Repository.Root, "bin", "IntraDistill.Kit.dll")));
        (int exit, _, _) = await RunAndInterrupt(times: 2);
        Assert.Equal(130, exit);
        string saved = File.ReadAllText(At("runs/notebooks/n.ipynb"));
        Assert.Contains("\"ename\": \"KeyboardInterrupt\"", saved, StringComparison.Ordinal);
        Assert.Contains("ready", saved, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "new System.Threading.Thread(() => throw new InvalidOperationException(\"lost thread\")).Start();"
        + "System.Threading.Thread.Sleep(60000);", "lost thread")]
    [InlineData("Environment.Exit(0);", "Environment.Exit(0) would end the process")]
    [InlineData("typeof(Environment).GetMethod(\"Exit\").Invoke(null, new object[] { 0 });", "the cell ended the process")]
    public async Task A_cell_that_takes_the_process_down_leaves_a_saved_notebook_and_a_reason(string code, string reason)
    {
        TestNotebook.Write(At("n.ipynb"), "Console.WriteLine(\"first\");", code);
        (int exit, _, string errors) = await Run("n.ipynb");
        Assert.Equal(1, exit);
        Assert.Contains(reason, errors, StringComparison.Ordinal);
        string saved = File.ReadAllText(At("runs/notebooks/n.ipynb"));
        Assert.Contains("first", saved, StringComparison.Ordinal);
        Assert.Contains(reason, saved, StringComparison.Ordinal);
        await ValidateAsync(At("runs/notebooks/n.ipynb"));
    }

    [Fact]
    public async Task Native_code_that_aborts_leaves_what_ran_before_saved()
    {
        TestNotebook.Write(At("n.ipynb"),
            "Console.WriteLine(\"first\");",
            "[System.Runtime.InteropServices.DllImport(\"libc\")] static extern void abort();\nabort();");
        (int exit, _, _) = await Run("n.ipynb");
        Assert.NotEqual(0, exit);
        Assert.Contains("first\\n", File.ReadAllText(At("runs/notebooks/n.ipynb")), StringComparison.Ordinal);
        await ValidateAsync(At("runs/notebooks/n.ipynb"));
    }

    private string At(string name) => Path.Combine(_folder, name);

    private Task<(int Code, string Output, string Errors)> Run(params string[] arguments) => RunnerProcess.Run(_folder, arguments);

    private async Task<(int Code, string Output, string Errors)> RunAndInterrupt(int times)
    {
        using Process process = RunnerProcess.Start(_folder, "n.ipynb");
        string output = "";
        while (!output.Contains("ready", StringComparison.Ordinal) && await process.StandardOutput.ReadLineAsync() is { } line)
            output += line + "\n";
        for (int i = 0; i < times; i++)
        {
            using Process kill = Process.Start("kill", ["-INT", process.Id.ToString()]);
            await kill.WaitForExitAsync();
            if (i == 0)
                Assert.Contains("interrupting", await process.StandardError.ReadLineAsync(), StringComparison.Ordinal);
        }
        (int code, string rest, string errors) = await RunnerProcess.Finish(process);
        return (code, output + rest, errors);
    }

    /// <summary>Holds the file against nbformat's schema, where Debian's python3-nbformat is there.</summary>
    private static async Task ValidateAsync(string notebook)
    {
        const string Python = "/usr/bin/python3";
        bool required = Environment.GetEnvironmentVariable("CI") is "true";
        if (!File.Exists(Python) && !required)
            return;
        const string Script = "import sys\ntry:\n  import nbformat\nexcept ImportError:\n  sys.exit(77)\n"
            + "n = nbformat.read(sys.argv[1], as_version=nbformat.NO_CONVERT)\n"
            + "assert (n.nbformat, n.nbformat_minor) == (4, 5)\nnbformat.validate(n)";
        var start = new ProcessStartInfo(Python, ["-W", "error", "-c", Script, notebook]) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        bool valid = process.ExitCode == 0 || process.ExitCode == 77 && !required;
        Assert.True(valid, $"{notebook}: exit code {process.ExitCode}\n{errors}");
    }
}

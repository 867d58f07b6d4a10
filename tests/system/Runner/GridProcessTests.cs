using System.Diagnostics;

namespace IntraDistill.Tests.RunnerTests;

/// <summary>Several parameter sets as users run them.</summary>
public sealed class GridProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("grid-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Sets_run_one_by_one_failures_stop_no_other_and_what_is_done_is_skipped_until_the_code_changes()
    {
        const string Parameters = "// parameters\nint k = 0; string s = \"x\";";
        TestNotebook.Write(At("n.ipynb"), Parameters,
            "if (k == 2 && !System.IO.File.Exists(\"ok\")) throw new Exception(\"bad k\");\nConsole.WriteLine($\"k is {k} {s}\");");
        (int code, string output, string errors) = await Run("n.ipynb", "-p", "k=1,2,3", "-p", "s=a,b");
        Assert.Equal(1, code);
        Assert.Equal(3, output.Split("set ").Length - 1);
        Assert.Contains("set 1 of 3: k=1 s=a,b\n", output, StringComparison.Ordinal);
        Assert.Contains("k is 3 a,b\n", output, StringComparison.Ordinal);
        Assert.EndsWith($"\n3 sets: 2 done, 1 failed; in {At("runs/notebooks/n")}\n", output, StringComparison.Ordinal);
        Assert.Contains("Exception: bad k", errors, StringComparison.Ordinal);
        Assert.Contains("k is 1 a,b", File.ReadAllText(At("runs/notebooks/n/k=1,s=a,b.ipynb")), StringComparison.Ordinal);
        Assert.Contains("k is 1 a,b", File.ReadAllText(At("runs/notebooks/n/k=1,s=a,b.html")), StringComparison.Ordinal);

        File.WriteAllText(At("ok"), "");
        File.Delete(At("runs/notebooks/n/k=3,s=a,b.html"));
        File.WriteAllText(At("grid.json"), "[{\"k\": 1}, {\"k\": 2}, {\"k\": 3}]");
        (code, output, _) = await Run("n.ipynb", "--grid", "grid.json", "-p", "s=a,b", "--dry-run");
        Assert.Equal((0, "done    k=1 s=a,b\nto run  k=2 s=a,b\nto run  k=3 s=a,b\n"), (code, output));
        (code, output, _) = await Run("n.ipynb", "--grid", "grid.json", "-p", "s=a,b");
        Assert.Equal(0, code);
        Assert.DoesNotContain("k is 1", output, StringComparison.Ordinal);
        Assert.Contains("\n3 sets: 2 done, 1 skipped; in ", output, StringComparison.Ordinal);

        TestNotebook.Write(At("n.ipynb"), "# Only prose is new", Parameters,
            "if (k == 2 && !System.IO.File.Exists(\"ok\")) throw new Exception(\"bad k\");\nConsole.WriteLine($\"k is {k} {s}\");");
        (_, output, _) = await Run("n.ipynb", "-p", "k=1,2,3", "-p", "s=a,b", "--dry-run");
        Assert.DoesNotContain("to run", output, StringComparison.Ordinal);
        TestNotebook.Write(At("n.ipynb"), Parameters, "Console.WriteLine(\"other\");");
        (_, output, _) = await Run("n.ipynb", "-p", "k=1,2,3", "-p", "s=a,b", "--dry-run");
        Assert.DoesNotContain("done", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signal_stops_the_running_set_and_the_ones_behind_it_and_the_next_call_goes_on()
    {
        TestNotebook.Write(At("n.ipynb"), "// parameters\nint k = 0;",
            "var token = Microsoft.DotNet.Interactive.KernelInvocationContext.Current.CancellationToken;\n"
            + "Console.WriteLine($\"ready {k}\");\n"
            + "if (k == 2 && !System.IO.File.Exists(\"ok\")) token.WaitHandle.WaitOne();\nConsole.WriteLine(\"stopped\");",
            "Console.WriteLine(\"last cell\");");
        using Process process = RunnerProcess.Start(_folder, "n.ipynb", "-p", "k=1,2,3");
        string output = "";
        while (!output.Contains("ready 2", StringComparison.Ordinal)
            && await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            output += line + "\n";
        using Process kill = Process.Start("kill", ["-TERM", process.Id.ToString()]);
        (int code, output, _) = await RunnerProcess.Finish(process);
        Assert.Equal(130, code);
        Assert.Contains("stopped", output, StringComparison.Ordinal);
        Assert.Contains("\n3 sets: 1 done, 1 interrupted, 1 not run; in ", output, StringComparison.Ordinal);

        File.WriteAllText(At("ok"), "");
        (code, output, _) = await Run("n.ipynb", "-p", "k=1,2,3");
        Assert.Equal(0, code);
        Assert.DoesNotContain("ready 1", output, StringComparison.Ordinal);
        Assert.Contains("\n3 sets: 2 done, 1 skipped; in ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_set_runs_by_its_number_beside_others_and_is_then_done_for_the_whole_grid()
    {
        TestNotebook.Write(At("n.ipynb"), "// parameters\nint k = 0;", "Console.WriteLine($\"k is {k}\");");
        (int code, string output, _) = await Run("n.ipynb", "-p", "k=1,2,3", "--set", "2");
        Assert.Equal(0, code);
        Assert.StartsWith("set 2 of 3: k=2\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("k is 1", output, StringComparison.Ordinal);
        Assert.Contains("\n1 set: 1 done; in ", output, StringComparison.Ordinal);
        (_, output, _) = await Run("n.ipynb", "-p", "k=1,2,3", "--dry-run");
        Assert.Equal("to run  k=1\ndone    k=2\nto run  k=3\n", output);
        (code, output, _) = await Run("n.ipynb", "-p", "k=1,2,3", "--set", "2");
        Assert.Equal(0, code);
        Assert.Contains("\n1 set: 1 skipped; in ", "\n" + output, StringComparison.Ordinal);
        Assert.Equal(0, (await Run("n.ipynb", "--set", "1")).Code);
    }

    [Theory]
    [InlineData("grid.json:1: 1.5 is not a value for int k = 0", "--grid", "grid.json")]
    [InlineData("--in-place and --html are for one parameter set", "-p", "k=1,2", "--in-place")]
    [InlineData("--in-place and --html are for one parameter set", "-p", "k=1,2", "--html", "x.html")]
    [InlineData("cannot be written", "-p", "k=1,2", "--output", "n.ipynb")]
    [InlineData("--set 3: there are 2 parameter sets; expected a number from 1 to 2", "-p", "k=1,2", "--set", "3")]
    [InlineData("--set 0: there are 2 parameter sets; expected a number from 1 to 2", "-p", "k=1,2", "--set", "0")]
    public async Task Bad_input_is_one_line_before_any_set_runs(string message, params string[] arguments)
    {
        TestNotebook.Write(At("n.ipynb"), "// parameters\nint k = 0;", "Console.WriteLine(\"ran\");");
        File.WriteAllText(At("grid.json"), "[{\"k\": 1}, {\"k\": 1.5}]");
        (int code, string output, string errors) = await Run(["n.ipynb", .. arguments]);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd().Split('\n'));
        Assert.Equal(2, Directory.EnumerateFileSystemEntries(_folder).Count());
    }

    private string At(string name) => Path.Combine(_folder, name);

    private Task<(int Code, string Output, string Errors)> Run(params string[] arguments) => RunnerProcess.Run(_folder, arguments);
}

using System.Diagnostics;
using System.Text.Json.Nodes;
using IntraDistill.Kernel;
using IntraDistill.Kernel.Kernelspec;

namespace IntraDistill.Tests.JupyterTests;

public sealed class InstallCommandTests : IDisposable
{
    private const string Another = """{"argv":["dotnet-interactive"],"display_name":".NET (C#)","metadata":{}}""";

    private readonly string _data = Directory.CreateTempSubdirectory("kernelspec-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task The_command_installs_for_this_user_says_where_and_Jupyter_finds_a_kernel_that_starts()
    {
        (int code, string output, string errors) = await Run("install");
        Assert.Equal(("", 0), (errors, code));
        Assert.Contains($"wrote {Kernel("intradistill")}\n", output, StringComparison.Ordinal);
        JsonNode spec = JsonNode.Parse(File.ReadAllText(Path.Combine(Kernel("intradistill"), "kernel.json")))!;
        Assert.Equal(
            (".NET (C#) IntraDistill", "C#", "message", false),
            ((string)spec["display_name"]!, (string)spec["language"]!, (string)spec["interrupt_mode"]!,
             (bool)spec["metadata"]!["debugger"]!));
        string[] argv = [.. spec["argv"]!.AsArray().Select(argument => (string)argument!)];
        Assert.All(argv[..2], path => Assert.True(Path.IsPathFullyQualified(path) && File.Exists(path), path));
        Assert.Equal(["jupyter", "{connection_file}"], argv[2..]);
        string plotly = File.ReadAllText(Path.Combine(Kernel("intradistill"), "plotly.min.js"));
        Assert.Contains("plotly.js v", plotly[..200], StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Kernel("intradistill"), "logo-svg.svg")));
        string template = Path.Combine(_data, "nbconvert", "templates", "intradistill");
        Assert.Equal(
            ["conf.json", "index.html.j2", "plotly.min.js"], Directory.EnumerateFiles(template).Select(Path.GetFileName).Order());
        Assert.Contains($"wrote {template}\n", output, StringComparison.Ordinal);

        (code, output, _) = await Run("uninstall");
        Assert.Equal(0, code);
        Assert.Contains($"removed {Kernel("intradistill")}\n", output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_data, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_prefix_is_a_folder_whose_share_jupyter_is_used()
    {
        (int code, string output, _) = await Run("install", "--prefix", _data, "--name", ".Net-CSharp", "--display-name", "Mine");
        Assert.Equal(0, code);
        string folder = Path.Combine(_data, "share", "jupyter", "kernels", ".net-csharp");
        Assert.Contains("\"Mine\"", File.ReadAllText(Path.Combine(folder, "kernel.json")), StringComparison.Ordinal);
        Assert.Contains($"uninstall --prefix {_data} --name .net-csharp", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_data, "kernels")));
    }

    [Fact]
    public void Installing_again_replaces_every_file_of_the_earlier_one()
    {
        Installer.Install("mine", "first");
        File.WriteAllText(Path.Combine(Kernel("mine"), "old.js"), "");
        Installer.Install("mine", "second");
        Assert.False(File.Exists(Path.Combine(Kernel("mine"), "old.js")));
        Assert.Contains("\"second\"", File.ReadAllText(Path.Combine(Kernel("mine"), "kernel.json")), StringComparison.Ordinal);
        Assert.Equal([Kernel("mine")], Directory.EnumerateDirectories(Path.Combine(_data, "kernels")));
    }

    [Theory]
    [InlineData(Another)]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("""{"metadata":[]}""")]
    public void Another_kernels_kernelspec_is_neither_replaced_nor_removed(string spec)
    {
        string file = Path.Combine(Directory.CreateDirectory(Kernel(".net-csharp")).FullName, "kernel.json");
        File.WriteAllText(file, spec);
        RunnerException[] errors =
        [
            Assert.Throws<RunnerException>(() => Installer.Install(".net-csharp", "x")),
            Assert.Throws<RunnerException>(() => Installer.Uninstall(".net-csharp")),
        ];
        string refusal = $"{Kernel(".net-csharp")}: another kernel's kernelspec";
        Assert.All(errors, error => Assert.StartsWith(refusal, error.Message, StringComparison.Ordinal));
        Assert.Equal([file], Directory.EnumerateFiles(_data, "*", SearchOption.AllDirectories));
        Assert.Equal(spec, File.ReadAllText(file));
    }

    [Fact]
    public void The_template_goes_with_the_last_kernelspec()
    {
        string template = Path.Combine(_data, "nbconvert", "templates", "intradistill");
        Installer.Install("one", "1");
        Installer.Install("two", "2");
        Directory.CreateDirectory(Path.Combine(_data, "nbconvert", "templates", "mine"));
        Assert.Equal([Kernel("one")], Installer.Uninstall("one"));
        Assert.True(Directory.Exists(template));
        Assert.Equal([Kernel("two"), template], Installer.Uninstall("two"));
        Assert.False(Directory.Exists(template));
        Assert.True(Directory.Exists(Path.Combine(_data, "nbconvert", "templates", "mine")));
    }

    [Theory]
    [InlineData("kernels")]
    [InlineData("kernels/intradistill")]
    public void A_file_where_a_folder_is_expected_is_one_line_and_nothing_is_left(string file)
    {
        string path = Path.Combine(_data, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "x");
        var error = Assert.Throws<RunnerException>(() => Installer.Install("intradistill", "x"));
        Assert.StartsWith($"{Kernel("intradistill")}: cannot be written: ", error.Message, StringComparison.Ordinal);
        Assert.Equal([path], Directory.EnumerateFiles(_data, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("cannot be written", "install", "--prefix", "/proc")]
    [InlineData("--name 'a/b': expected ASCII letters, digits and - . _ only", "install", "--name", "a/b")]
    [InlineData("--name '..': expected", "install", "--name", "..")]
    [InlineData("--name '': expected", "uninstall", "--name", "")]
    [InlineData("--display-name: expected some text", "install", "--display-name", " ")]
    [InlineData("nope: there is no such kernelspec", "uninstall", "--name", "nope")]
    public async Task What_cannot_be_done_is_one_line(string message, params string[] arguments)
    {
        (int code, string output, string errors) = await Run(arguments);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(message, Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_data));
    }

    private KernelspecInstaller Installer => new(_data);

    private string Kernel(string name) => Path.Combine(_data, "kernels", name);

    private async Task<(int Code, string Output, string Errors)> Run(params string[] arguments)
    {
        string kernel = Path.Combine(ReferenceData.RepositoryRoot, "environment", "kernel", "bin", "IntraDistill.Kernel.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", kernel, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["JUPYTER_DATA_DIR"] = _data;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }
}

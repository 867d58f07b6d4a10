using System.IO.Compression;
using IntraDistill.Kernel.Engine;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace IntraDistill.Tests.Hosts;

/// <summary>Cells of the kit's kernel that bring packages in, from a feed that is a folder.</summary>
[Collection("runner")]
public sealed class PackageReferenceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("packages-");
    private readonly List<CellEvent> _events = [];
    private readonly ScriptSession _session;

    // Names that no other run has: a package once restored is in the user's cache.
    private readonly string _one = $"one{Guid.NewGuid():N}", _two = $"two{Guid.NewGuid():N}";

    public PackageReferenceTests()
    {
        _session = new ScriptSession(_folder.FullName, _events.Add);
        Pack(_one, "1.0.0");
        Pack(_one, "1.2.0");
        Pack(_one, "2.0.0");
        Pack(_two, "1.0.0", $"<dependency id=\"{_one}\" version=\"1.2.0\" />");
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (string name in (string[])[_one, _two])
            if (Directory.Exists(Path.Combine(cache, name)))
                Directory.Delete(Path.Combine(cache, name), recursive: true);
    }

    [Fact]
    public async Task A_source_is_named_in_the_cell_and_a_version_may_be_an_interval()
    {
        Assert.Equal("1.2.0.0", await Version($"#i \"nuget: feed\"\n#r \"nuget: {_one}, [1.1,2.0)\""));
        Assert.Empty(_events.OfType<StreamWritten>());
        // Asked for again as it is, or as one that it suits, it is there.
        Assert.Null(await Run($"#r \"nuget: {_one}, 1.2.0\"\n#r \"nuget: {_one}\"\n#r \"nuget: {_two}, 1.0.0\""));
    }

    [Fact]
    public async Task A_nuget_config_beside_the_notebook_counts()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "nuget.config"),
            "<configuration><packageSources><add key=\"local\" value=\"feed\" /></packageSources></configuration>");
        Assert.Equal("2.0.0.0", await Version($"#r \"nuget: {_one}\""));
    }

    [Fact]
    public async Task Another_version_of_what_is_loaded_is_refused()
    {
        Assert.Equal("1.0.0.0", await Version($"#i \"nuget: feed\"\n#r \"nuget: {_one}, 1.0.0\""));
        Assert.Contains("version 1.0.0 is loaded already", (await Run($"#r \"nuget: {_one}, [1.1,3.0)\""))!.Message, StringComparison.Ordinal);
        Assert.Null(await Run($"#r \"nuget: {_one}, [0.5,3.0)\"\n#r \"nuget: {_one}, 1.*\""));
        CellError other = (await Run($"#r \"nuget: {_one}, 2.0.0\""))!;
        Assert.Equal(("DirectiveError", 1), (other.Name, other.Line));
        Assert.Contains("version 1.0.0 is loaded already", other.Message, StringComparison.Ordinal);
        // Through another package: NuGet refuses to take the older one, or the session to exchange it.
        CellError needed = (await Run($"\n#r \"nuget: {_two}, 1.0.0\""))!;
        Assert.Equal(2, needed.Line);
        Assert.Contains(_one, needed.Message, StringComparison.Ordinal);
        Assert.Contains("1.2.0", needed.Message, StringComparison.Ordinal);
        Assert.Equal("1.0.0.0", await Version(""));
    }

    [Fact]
    public async Task A_version_that_the_feed_has_not_and_replaces_is_a_warning()
    {
        Assert.Equal("1.2.0.0", await Version($"#i \"nuget: feed\"\n#r \"nuget: {_one}, 1.1.7\""));
        StreamWritten warning = Assert.Single(_events.OfType<StreamWritten>());
        Assert.Equal("stderr", warning.Name);
        Assert.Contains($"NU1603: restore depends on {_one} (>= 1.1.7) but {_one} 1.1.7 was not found", warning.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#r \"nuget: there.is.no.such.package.0, 1.0.0\"", "NU1101")]
    [InlineData("#i \"nuget: no/such/folder\"\n#r \"nuget: there.is.no.such.package.0\"", "no/such/folder")]
    [InlineData("#i \"nuget: http://127.0.0.1:9/index.json\"\n#r \"nuget: there.is.no.such.package.0\"", "127.0.0.1:9")]
    [InlineData("#r \"nuget: Newtonsoft.Json, [one\"", "expected \"nuget: Name\" or \"nuget: Name, Version\"")]
    [InlineData("#r \"nuget: Newtonsoft.Json,\"", "expected \"nuget: Name\" or \"nuget: Name, Version\"")]
    public async Task What_cannot_be_had_is_one_line(string cell, string reason)
    {
        CellError error = (await Run(cell))!;
        Assert.Equal("DirectiveError", error.Name);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task A_dll_of_a_later_version_than_the_loaded_one_is_a_warning()
    {
        string assembly = $"Mine{Guid.NewGuid():N}";
        foreach (string version in (string[])["1.0.0", "3.0.0"])
            Compile(assembly, version, Directory.CreateDirectory(Path.Combine(_folder.FullName, version)).FullName);
        Assert.Null(await Run($"#r \"1.0.0/{assembly}.dll\"\n#r \"1.0.0/{assembly}.dll\""));
        Assert.Empty(_events.OfType<StreamWritten>());
        Assert.Null(await Run($"#r \"3.0.0/{assembly}.dll\""));
        Assert.Contains("3.0.0.0, and 1.0.0.0 is loaded already", Assert.Single(_events.OfType<StreamWritten>()).Text, StringComparison.Ordinal);
    }

    /// <summary>The package that the kit was ordered with, in the kit's own kernel.</summary>
    [Fact]
    public async Task Plotly_nets_extension_is_loaded_and_draws()
    {
        Assert.Null(await Run("#r \"nuget: Plotly.NET.Interactive, 6.0.0\""));
        Assert.Null(await Run("var trace = new Plotly.NET.Trace(\"scatter\"); Plotly.NET.GenericChart.ofTraceObject(true, trace)"));
        Assert.Contains("Plotly.newPlot", _events.OfType<ResultProduced>().Last().Data.Content["text/html"], StringComparison.Ordinal);
    }

    private async Task<string> Version(string directives)
    {
        CellError? error = await Run($"{directives}\ntypeof({_one}.Kind).Assembly.GetName().Version.ToString()");
        Assert.True(error is null, error?.Message);
        return _events.OfType<ResultProduced>().Last().Data.Content["text/plain"];
    }

    private Task<CellError?> Run(string cell) => _session.SubmitAsync(cell, 1, TestContext.Current.CancellationToken);

    private void Pack(string name, string version, string dependencies = "")
    {
        string feed = Directory.CreateDirectory(Path.Combine(_folder.FullName, "feed")).FullName;
        using ZipArchive package = ZipFile.Open(Path.Combine(feed, $"{name}.{version}.nupkg"), ZipArchiveMode.Create);
        package.CreateEntryFromFile(Compile(name, version, _folder.FullName), $"lib/net10.0/{name}.dll");
        using var spec = new StreamWriter(package.CreateEntry($"{name}.nuspec").Open());
        spec.Write($"""
            <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>
              <id>{name}</id><version>{version}</version><authors>test</authors><description>test</description>
              <dependencies><group targetFramework="net10.0">{dependencies}</group></dependencies>
            </metadata></package>
            """);
    }

    private static string Compile(string name, string version, string folder)
    {
        SyntaxTree code = CSharpSyntaxTree.ParseText(
            $"[assembly: System.Reflection.AssemblyVersion(\"{version}.0\")] namespace {name} {{ public class Kind {{ }} }}");
        string path = Path.Combine(folder, name + ".dll");
        Assert.True(CSharpCompilation.Create(name, [code], [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)],
            new(OutputKind.DynamicallyLinkedLibrary)).Emit(path).Success);
        return path;
    }
}

using System.IO.Compression;
using System.Xml.Linq;
using IntraDistill.Tests.RunnerTests;

namespace IntraDistill.Tests.Hosts;

/// <summary>The kit as a NuGet package, packed from this clone into a folder, where there is no clone: in an empty project, and by
/// <c>#r "nuget: …"</c> in both notebook hosts.</summary>
public sealed class PackageTests(PackedKit kit) : IClassFixture<PackedKit>, IDisposable
{
    private const string ThreeLines = """
        var intraDistillation = new IntraDistillation(new() { Alpha = 1, TotalSteps = steps, Reduction = DivergenceReduction.Mean });
        var loss = intraDistillation.Loss(() => model.forward(x), logits => cross_entropy(logits, y), step);
        loss.Total.backward();
        """;

    private const string Around = """
        using IntraDistill; using TorchSharp; using static TorchSharp.torch; using static TorchSharp.torch.nn.functional;
        var model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3), nn.Linear(8, 3)); model.train();
        Tensor x = randn(5, 4), y = randint(0, 3, 5); int steps = 10, step = 1;
        """;

    // Not optimized, as the build mends it: its calls keep their arguments alive.
    private const string Mended = "System.Reflection.CustomAttributeExtensions.GetCustomAttribute<System.Diagnostics.DebuggableAttribute>("
        + "typeof(torch).Assembly).IsJITOptimizerDisabled";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("package-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Its_description_is_whole()
    {
        using ZipArchive package = ZipFile.OpenRead(kit.File);
        using Stream file = package.Entries.Single(entry => entry.Name.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        XElement metadata = XDocument.Load(file).Root!.Elements().Single();
        XNamespace names = metadata.Name.Namespace;
        Assert.Equal(("MIT", "README.md"), ((string?)metadata.Element(names + "license"), (string?)metadata.Element(names + "readme")));
        Assert.Equal("git", (string?)metadata.Element(names + "repository")!.Attribute("type"));
        string[] depended = [.. metadata.Descendants(names + "dependency").Select(one => (string)one.Attribute("id")!)];
        Assert.Empty(((string[])["TorchSharp", "Plotly.NET", "libtorch-cpu-linux-x64", "libtorch-cpu-win-x64", "libtorch-cpu-osx-arm64"]).Except(depended));
        Assert.DoesNotContain(depended, id => id.Contains("Interactive", StringComparison.Ordinal) || id.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal));
        Assert.True(File.Exists(Path.ChangeExtension(kit.File, ".snupkg")));
        Assert.DoesNotContain("warning", kit.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("-r", "linux-x64")]
    public async Task An_empty_project_runs_the_three_lines_of_the_readme(params string[] options)
    {
        Assert.Contains(ThreeLines.ReplaceLineEndings("\n"), File.ReadAllText(Path.Combine(Repository.Root, "README.md")), StringComparison.Ordinal);
        await Repository.DotnetAsync("new", "console", "--output", _folder.FullName, "--name", "program");
        await Repository.DotnetAsync("add", _folder.FullName, "package", "IntraDistill.Kit", "--version", kit.Version, "--source", kit.Feed, "--no-restore");
        kit.NameFeed(_folder.FullName);
        File.WriteAllText(Path.Combine(_folder.FullName, "Program.cs"),
            $"{Around}\n{ThreeLines}\nConsole.WriteLine($\"{{loss.Total.item<float>() > 0}} {{{Mended}}}\");");
        Assert.EndsWith("True True\n", await Repository.DotnetAsync(["run", "--project", _folder.FullName, .. options]), StringComparison.Ordinal);
        // The libtorch of this machine alone, and none of what is for notebooks.
        string[] built = [.. Directory.EnumerateFiles(Path.Combine(_folder.FullName, "bin"), "*", SearchOption.AllDirectories).Select(file => Path.GetFileName(file)!)];
        Assert.Single(built, "libtorch_cpu.so");
        Assert.DoesNotContain("torch_cpu.dll", built);
        Assert.DoesNotContain(built, file => file.Contains("Interactive", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_kits_runner_takes_it_by_nuget()
    {
        string notebook = TestNotebook.Write(Path.Combine(_folder.FullName, "n.ipynb"), Cells());
        string output = await Repository.DotnetAsync("exec", Path.Combine(Repository.Root, "environment/kernel/bin/IntraDistill.Kernel.dll"),
            "run", notebook, "--output", Path.Combine(_folder.FullName, "o.ipynb"));
        Assert.Contains("True True", output, StringComparison.Ordinal);
        Assert.Contains("image/svg+xml", File.ReadAllText(Path.Combine(_folder.FullName, "o.ipynb")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dotnet_interactive_takes_it_by_nuget()
    {
        using InteractiveTool tool = await InteractiveTool.StartAsync(_folder.FullName);
        var events = new List<InteractiveTool.Event>();
        foreach (string cell in Cells())
        {
            events.AddRange(tool.Run(cell));
            Assert.True(events[^1].Type == "CommandSucceeded", $"{cell}\n{events[^1].Message}");
        }
        // The tool loads what TorchSharp's own package has before it asks the kit: it is not the mended one there.
        Assert.Contains(events, one => one.Type == "StandardOutputValueProduced" && one.In("text/plain").StartsWith("True", StringComparison.Ordinal));
        Assert.Contains(events, one => one.Forms.Contains("application/vnd.plotly.v1+json") && one.Forms.Contains("image/svg+xml"));
    }

    // A step of the method, a step of a translation model, a chart.
    private string[] Cells() =>
    [
        $"#i \"nuget: {kit.Feed}\"\n#r \"nuget: IntraDistill.Kit, {kit.Version}\"",
        Around, ThreeLines, $"Console.WriteLine($\"{{loss.Total.item<float>() > 0}} {{{Mended}}}\");",
        """
        var translation = new TranslationTransformer(new TransformerSettings
        {
            SourceVocabulary = 20, TargetVocabulary = 20, ModelSize = 16, FeedForwardSize = 32, Heads = 2, EncoderLayers = 1, DecoderLayers = 1,
        });
        var objective = new TranslationObjective(intraDistillation);
        Tensor source = randint(1, 20, new long[] { 2, 5 }), input = randint(1, 20, new long[] { 2, 4 }), target = randint(1, 20, new long[] { 2, 4 });
        Tensor states = translation.hidden(source.repeat(3, 1), input.repeat(3, 1)).view(3, 2, 4, 16);
        objective.Loss(states, translation.OutputWeight, target, 1).Total.backward();
        Console.WriteLine(translation.OutputWeight.grad.abs().sum().item<float>() > 0);
        """,
        "KitCharts.LearningCurves(\"t\", \"x\", \"y\", new CurveSeries[] { new(\"a\", new double[] { 1, 2 }, new double[] { 3, 4 }) })",
    ];
}

/// <summary>The package, of a version that no other run has: once restored it is in the user's cache, from which it is taken away.</summary>
public sealed class PackedKit : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("feed-");

    public string Feed => _folder.FullName;

    public string Version { get; } = $"0.1.0-test{Guid.NewGuid():N}";

    public string File => Path.Combine(Feed, $"IntraDistill.Kit.{Version}.nupkg");

    public string Output { get; private set; } = "";

    // Not built again: other tests use what is in bin/.
    public async ValueTask InitializeAsync() => Output = await Repository.BuildAsync(
        "pack", "IntraDistill.Kit.csproj", "--no-build", "--configuration", "Debug", "--output", Feed, $"-p:PackageVersion={Version}");

    /// <summary>Lets a project find it.</summary>
    public void NameFeed(string folder) => System.IO.File.WriteAllText(Path.Combine(folder, "nuget.config"),
        $"<configuration><packageSources><add key=\"kit\" value=\"{Feed}\" /></packageSources></configuration>");

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string mine = Path.Combine(cache, "intradistill.kit", Version);
        if (Directory.Exists(mine))
            Directory.Delete(mine, recursive: true);
        return ValueTask.CompletedTask;
    }
}

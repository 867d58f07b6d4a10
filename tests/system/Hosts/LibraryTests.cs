namespace IntraDistill.Tests.Hosts;

/// <summary>The kit in a program of somebody else, outside of the clone.</summary>
public sealed class LibraryTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("library-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>References to files of bin/, without any package: what needs no libtorch works, and nothing of .NET Interactive is asked
    /// for, of which bin/ has nothing.</summary>
    [Fact]
    public async Task A_plain_reference_to_the_dll_works_and_loads_nothing_of_a_notebook()
    {
        string bin = Path.Combine(Repository.Root, "bin");
        Assert.Empty(Directory.GetFiles(bin, "Microsoft.DotNet.Interactive*"));
        Assert.Empty(Directory.GetFiles(bin, "Microsoft.CodeAnalysis*"));
        File.WriteAllText(Path.Combine(_folder.FullName, "program.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
              <ItemGroup>
                <Reference Include="{bin}/IntraDistill.Kit.dll" />
                <Reference Include="{bin}/Plotly.NET.dll" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(_folder.FullName, "program.cs"), """
            using IntraDistill;
            Console.WriteLine(new KitTable("Title", new KitColumn("a")).Row("1"));
            Console.WriteLine(NotebookFormatters.ToSvg(KitCharts.LearningCurves("t", "x", "y", [new CurveSeries("a", [1, 2], [3, 4])]))[..4]);
            Console.WriteLine(string.Join(", ", AppDomain.CurrentDomain.GetAssemblies().Select(one => one.GetName().Name)));
            """);
        string output = await Repository.DotnetAsync("run", "--project", _folder.FullName);
        Assert.StartsWith("Title\na\n-\n1", output, StringComparison.Ordinal);
        Assert.Contains("<svg", output, StringComparison.Ordinal);
        Assert.Contains("IntraDistill.Kit", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Interactive", output, StringComparison.Ordinal);
        Assert.DoesNotContain("CodeAnalysis", output, StringComparison.Ordinal);
    }
}

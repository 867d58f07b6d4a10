using System.Text.Json;
using IntraDistill.Build;

namespace IntraDistill.Tests.BuildTests;

/// <summary>What the kit's build puts where, and which packages it asks for.</summary>
public class KitBuildTests
{
    [Fact]
    public void Plotly_lies_beside_the_kit()
    {
        string script = Path.Combine(Repository.Root, "bin", "plotly.min.js");
        Assert.True(File.Exists(Path.Combine(Repository.Root, "bin", "IntraDistill.Kit.dll")));
        Assert.Contains("plotly.js v2.", File.ReadAllText(script)[..200]);
        // A page takes it into a script element as it is.
        Assert.DoesNotContain("</script", File.ReadAllText(script), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void An_assembly_without_plotly_fails_the_build_with_its_name()
    {
        string assembly = typeof(KitBuildTests).Assembly.Location;
        string script = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var engine = new SilentEngine();
        Assert.False(new PlotlyScript { Assembly = assembly, Script = script, BuildEngine = engine }.Execute());
        Assert.Contains(assembly, Assert.Single(engine.Errors));
        Assert.False(File.Exists(script));
    }

    [Fact]
    public async Task The_packages_of_NET_Interactive_are_referenced_only_when_asked_for()
    {
        Dictionary<string, string> plain = await PackagesAsync(), polyglot = await PackagesAsync("-p:NotebookHost=polyglot");

        Assert.DoesNotContain("Microsoft.DotNet.Interactive", plain.Keys);
        Assert.DoesNotContain("Plotly.NET.Interactive", plain.Keys);
        Assert.Equal(["Microsoft.DotNet.Interactive", "Plotly.NET.Interactive"], polyglot.Keys.Except(plain.Keys).Order());
        // The two of one release: another Formatting would be a downgrade.
        Assert.Equal(polyglot["Microsoft.DotNet.Interactive"], polyglot["Microsoft.DotNet.Interactive.Formatting"]);
        Assert.Equal(polyglot["Plotly.NET"], polyglot["Plotly.NET.Interactive"]);
    }

    private static async Task<Dictionary<string, string>> PackagesAsync(params string[] options)
    {
        string json = await Repository.DotnetAsync(
            ["msbuild", "IntraDistill.Kit.csproj", "-getItem:PackageReference,PackageVersion", .. options]);
        JsonElement items = JsonDocument.Parse(json).RootElement.GetProperty("Items");
        Dictionary<string, string> versions = items.GetProperty("PackageVersion").EnumerateArray()
            .ToDictionary(item => item.GetProperty("Identity").GetString()!, item => item.GetProperty("Version").GetString()!);
        return items.GetProperty("PackageReference").EnumerateArray()
            .Select(item => item.GetProperty("Identity").GetString()!).ToDictionary(name => name, name => versions[name]);
    }
}

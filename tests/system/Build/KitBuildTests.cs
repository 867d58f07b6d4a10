using IntraDistill.Build;

namespace IntraDistill.Tests.BuildTests;

/// <summary>What the kit's build puts where.</summary>
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
}

using System.Reflection;
using System.Runtime.Loader;
using Microsoft.FSharp.Collections;

namespace IntraDistill;

/// <summary>What the kit does for itself where a Roslyn script loads it by <c>#r</c>, as .NET Interactive does.</summary>
/// <remarks>
/// Such a host gives each assembly a load context of its own and prefers its own assemblies where their version will do.
/// Plotly.NET asks for FSharp.Core 10.1 and gets the kit's; Giraffe.ViewEngine, which Plotly.NET is built on, asks for 5.0 and
/// gets the host's, which is older than 10.1 up to the last development version of .NET Interactive. Then no chart can be
/// drawn: the two do not speak of the same lists.
/// </remarks>
internal static class ScriptHost
{
    private const string Giraffe = "Giraffe.ViewEngine";

    /// <summary>Lets Giraffe.ViewEngine have the FSharp.Core that the kit and Plotly.NET have.</summary>
    public static void ShareFSharpCore()
    {
        Assembly kit = typeof(ScriptHost).Assembly;
        string path = Path.Combine(Path.GetDirectoryName(kit.Location) ?? "", $"{Giraffe}.dll");
        if (AssemblyLoadContext.GetLoadContext(kit) == AssemblyLoadContext.Default || !File.Exists(path))
            return;
        var context = new SharedFSharp(typeof(FSharpList<>).Assembly);
        // Asked before the host's own way of finding assemblies beside the kit.
        AssemblyLoadContext.Default.Resolving += (_, name) => name.Name == Giraffe ? context.LoadFromAssemblyPath(path) : null;
    }

    private sealed class SharedFSharp(Assembly fsharpCore) : AssemblyLoadContext(nameof(SharedFSharp))
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name == fsharpCore.GetName().Name ? fsharpCore : null;
    }
}

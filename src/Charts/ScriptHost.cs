using System.Reflection;
using System.Runtime.Loader;
using Microsoft.FSharp.Collections;

namespace IntraDistill;

// A host of Roslyn scripts, such as .NET Interactive, gives each assembly that #r loads a load context of its own and prefers its own
// assemblies where their version will do. Plotly.NET asks for FSharp.Core 10.1 and gets the kit's; Giraffe.ViewEngine, which Plotly.NET
// is built on, asks for 5.0 and gets the host's, which is older than 10.1. Then no chart can be drawn: the two do not speak of the
// same lists.
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

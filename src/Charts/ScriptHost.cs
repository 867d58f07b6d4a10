using System.Reflection;
using System.Runtime.Loader;

namespace IntraDistill;

// .NET Interactive gives each assembly that #r loads a load context of its own, each of #r "nuget: …" the default one, and its own assemblies
// come before both where their version will do. Its FSharp.Core is older than Plotly.NET's, so one by nuget finds none; and a second
// Plotly.NET, brought by another package, would speak of other charts than the kit.
internal static class ScriptHost
{
    /// <summary>Lets all of such a process have one Plotly.NET and what it is built on: the first that was loaded, else the kit's.</summary>
    public static void ShareCharts()
    {
        Assembly kit = typeof(ScriptHost).Assembly;
        if (AssemblyLoadContext.GetLoadContext(kit) == AssemblyLoadContext.Default && NotebookHost.PackageFolder is null)
            return;
        string folder = NotebookHost.PackageFolder ?? Path.GetDirectoryName(kit.Location) ?? "";
        string[] shared = ["Plotly.NET", "Giraffe.ViewEngine", "DynamicObj", "Fable.Core"];
        foreach (string name in shared.Where(name => Loaded(name) is null))
            AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.Combine(folder, $"{name}.dll"));
        var besideTheHosts = new AssemblyLoadContext($"{nameof(IntraDistill)}: FSharp.Core");
        // Asked when the default context has none, and before the host looks beside the kit.
        AssemblyLoadContext.Default.Resolving += (_, name) => name.Name is not { } wanted ? null
            : wanted == "FSharp.Core" ? Loaded(wanted, folder) ?? besideTheHosts.LoadFromAssemblyPath(Path.Combine(folder, $"{wanted}.dll"))
            : shared.Contains(wanted) ? Loaded(wanted)
            : wanted == kit.GetName().Name ? kit : null;

        static Assembly? Loaded(string name, string? from = null) => AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(
            assembly => assembly.GetName().Name == name && (from is null || Path.GetDirectoryName(assembly.Location) == from));
    }
}

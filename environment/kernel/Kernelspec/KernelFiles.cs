using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntraDistill.Kernel.Html;

namespace IntraDistill.Kernel.Kernelspec;

/// <summary>What an installation consists of: <c>kernel.json</c>, the files for the browser, nbconvert's template.</summary>
internal static class KernelFiles
{
    /// <summary>The key in <c>kernel.json</c>'s metadata that marks a kernelspec as the kit's.</summary>
    public const string Mark = "intradistill";

    private static readonly Assembly s_assembly = typeof(KernelFiles).Assembly;
    private static readonly JsonSerializerOptions s_json =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Where the kit is built to.</summary>
    public static string KitFolder { get; } =
        s_assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "KitFolder").Value!;

    /// <summary><c>kernel.json</c>: how Jupyter starts the kernel.</summary>
    public static string KernelJson(string displayName) => new JsonObject
    {
        ["argv"] = new JsonArray(
            Dotnet(), Path.Combine(AppContext.BaseDirectory, "IntraDistill.Kernel.dll"), "jupyter", "{connection_file}"),
        ["display_name"] = displayName,
        ["language"] = "C#",
        ["interrupt_mode"] = "message",   // works on Windows too
        ["metadata"] = new JsonObject { ["debugger"] = false, [Mark] = Version() },
    }.ToJsonString(s_json) + "\n";

    /// <summary>The files embedded in this assembly below a folder, by their names there.</summary>
    public static IEnumerable<(string Name, Action<Stream> Write)> Embedded(string folder)
    {
        foreach (string resource in s_assembly.GetManifestResourceNames())
        {
            // MSBuild may write the path of an item with the machine's own separator.
            string name = resource.Replace('\\', '/');
            if (!name.StartsWith($"{folder}/", StringComparison.Ordinal))
                continue;
            yield return (name[(folder.Length + 1)..], file =>
            {
                using Stream content = s_assembly.GetManifestResourceStream(resource)!;
                content.CopyTo(file);
            });
        }
    }

    /// <summary>plotly.js, out of the Plotly.NET that the kit was built with.</summary>
    /// <exception cref="RunnerException">The kit is not built.</exception>
    public static string PlotlyJs()
    {
        string path = Path.Combine(KitFolder, "Plotly.NET.dll");
        string? script = File.Exists(path) ? PlotlyScript.ReadFrom(Assembly.LoadFrom(path)) : null;
        return script ?? throw new RunnerException(
            $"{path}: expected Plotly.NET with plotly.js in it; build the kit: dotnet build IntraDistill.Kit.csproj");
    }

    // Jupyter's PATH may be another than that of the shell which installs: an absolute path always works.
    private static string Dotnet()
    {
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string?[] candidates =
        [
            Path.GetFileName(Environment.ProcessPath) == name ? Environment.ProcessPath : null,
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH"),
            // The host of the runtime that runs this: ROOT/shared/Microsoft.NETCore.App/VERSION/
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name)),
        ];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new RunnerException($"there is no '{name}' at {candidates[^1]}; set DOTNET_HOST_PATH to it");
    }

    private static string Version() =>
        s_assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}

using System.Reflection;
using System.Runtime.Loader;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Html;

/// <summary>plotly.js, as Plotly.NET embeds it in its assembly.</summary>
internal static class PlotlyScript
{
    /// <summary>A script element that holds plotly.js; empty where the notebook referenced no Plotly.NET.</summary>
    public static string Inline()
    {
        if (AssemblyProbe.Find("Plotly.NET") is not { } path)
            return "";
        Assembly assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
        string? resource = assembly.GetManifestResourceNames().FirstOrDefault(
            name => name.Contains("plotly", StringComparison.Ordinal) && name.EndsWith(".min.js", StringComparison.Ordinal));
        if (resource is null)
            return "";
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return $"<script>{reader.ReadToEnd().Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase)}</script>";
    }
}

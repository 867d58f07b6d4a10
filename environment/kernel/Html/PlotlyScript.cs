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
        string? script = ReadFrom(AssemblyLoadContext.Default.LoadFromAssemblyPath(path));
        if (script is null)
            return "";
        return $"<script>{script.Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase)}</script>";
    }

    /// <summary>The script itself; null where the assembly holds none.</summary>
    public static string? ReadFrom(Assembly plotlyNet)
    {
        string? resource = plotlyNet.GetManifestResourceNames().FirstOrDefault(
            name => name.Contains("plotly", StringComparison.Ordinal) && name.EndsWith(".min.js", StringComparison.Ordinal));
        if (resource is null)
            return null;
        using var reader = new StreamReader(plotlyNet.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }
}

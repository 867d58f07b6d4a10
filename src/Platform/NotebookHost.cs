using System.Runtime.CompilerServices;
using Microsoft.DotNet.Interactive;

namespace IntraDistill;

/// <summary>The notebook host that the process is: .NET Interactive, or the kit's own kernel, which lives on its types. A program that is
/// neither never loads them.</summary>
internal static class NotebookHost
{
    private static readonly string s_host = nameof(Microsoft) + "." + nameof(Microsoft.DotNet) + "." + nameof(Microsoft.DotNet.Interactive);

    /// <summary>What the package has for notebooks, where the kit was loaded out of the cache of packages, each of them in a folder of its
    /// own; null where what the kit needs lies beside it.</summary>
    public static string? PackageFolder { get; } = FindPackageFolder();

    /// <summary>Whether it is one: a host has them loaded before it runs the first cell.</summary>
    public static bool IsThere => AppDomain.CurrentDomain.GetAssemblies().Any(assembly => assembly.GetName().Name == s_host);

    /// <summary>Cancelled when the user stops the running cell; never, where there is none.</summary>
    public static CancellationToken CellCancellation => IsThere ? OfCurrentCell() : default;

    private static string? FindPackageFolder()
    {
        string beside = Path.GetDirectoryName(typeof(NotebookHost).Assembly.Location) ?? "";
        string folder = Path.GetFullPath(Path.Combine(beside, "..", "..", "notebook"));   // of lib/net10.0
        return File.Exists(Path.Combine(beside, "TorchSharp.dll")) || !File.Exists(Path.Combine(folder, "TorchSharp.dll")) ? null : folder;
    }

    // A method's types are loaded when it is compiled, which is when it is first called.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static CancellationToken OfCurrentCell() => KernelInvocationContext.Current?.CancellationToken ?? default;
}

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace IntraDistill;

/// <summary>What has to be done before libtorch loads, in this order.</summary>
internal static class BeforeTorch
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Nothing later comes before libtorch in every host.")]
    internal static void Prepare()
    {
        OpenMp.SpinBriefly();
        // The mended one, before the host finds that of TorchSharp's own package.
        if (NotebookHost.PackageFolder is { } package)
            AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.Combine(package, "TorchSharp.dll"));
        LibTorch.Load();
    }
}

/// <summary>Has libtorch's threads sleep soon when they wait for work. By default libgomp's spin for long, and as soon as anything else
/// wants a core (an editor, a browser, a second notebook) each of thousands of short parallel loops waits for a thread that is not running:
/// training was measured five to ten times slower.</summary>
internal static partial class OpenMp
{
    /// <summary>What the user has set stays. libtorch reads the variables once, as it loads.</summary>
    public static void SpinBriefly()
    {
        // 100 updates on a nearly quiet machine: 16 s with 1,000 turns, 18 s by default, 20 s with OMP_WAIT_POLICY=passive.
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
            SetEnvironment("GOMP_SPINCOUNT", "1000", overwrite: 0);
    }

    /// <summary>Sets a variable for libraries: on Unix .NET keeps a copy of the environment, and libc has to be told.</summary>
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetEnvironment(string name, string value, int overwrite);
}

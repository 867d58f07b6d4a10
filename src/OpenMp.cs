using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IntraDistill;

/// <summary>
/// Has libtorch's threads sleep soon when they wait for work. By default libgomp's spin for long, and as soon as anything
/// else wants a core (an editor, a browser, a second notebook) each of thousands of short parallel loops waits for a thread
/// that is not running: training was measured five to ten times slower.
/// </summary>
internal static partial class OpenMp
{
    /// <summary>Runs before libtorch loads, which reads the variables once; what the user has set stays.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Nothing later comes before libtorch in every host.")]
    internal static void SpinBriefly()
    {
        // .NET keeps its own copy of the environment on Unix: libc has to be told itself.
        // 1,000 turns were as fast as the default on a quiet machine; OMP_WAIT_POLICY=passive, 0 turns, was 15 % slower.
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
            SetEnvironment("GOMP_SPINCOUNT", "1000", overwrite: 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}

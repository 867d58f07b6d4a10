using System.Runtime.InteropServices;

namespace IntraDistill.Kernel;

/// <summary>How libtorch's threads wait for each other.</summary>
internal static class NativeThreads
{
    /// <summary>
    /// Lets OpenMP's threads sleep soon instead of spinning. Where other work shares the processors, spinning threads keep
    /// those they wait for from running: 40 small updates took 270 s instead of 11 s on two busy cores. To be called before
    /// libtorch is loaded; what the user has set stays.
    /// </summary>
    public static void DoNotSpin()
    {
        // .NET's own SetEnvironmentVariable changes a copy that native libraries do not see.
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
            _ = SetEnvironment("GOMP_SPINCOUNT", "1000", overwrite: 0);
    }

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetEnvironment(string name, string value, int overwrite);
}

using System.Runtime.InteropServices;

namespace IntraDistill;

/// <summary>The C library's memory, where libtorch's CPU tensors live.</summary>
internal static partial class NativeMemory
{
    /// <summary>Gives back to the system what is free. The C library keeps freed memory, an arena a thread, so that without this a run's
    /// working set would hold what earlier runs of the process had used.</summary>
    public static void Trim()
    {
        try
        {
            if (OperatingSystem.IsLinux())
                _ = MallocTrim(0);
        }
        catch (EntryPointNotFoundException) { }      // not glibc; others keep less
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint pad);
}

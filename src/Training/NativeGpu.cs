using System.Runtime.InteropServices;
using System.Text;

namespace IntraDistill.Training;

/// <summary>What NVIDIA's driver says of a GPU; TorchSharp does not pass it on.</summary>
internal static unsafe class NativeGpu
{
    private const int LongestName = 256;

    /// <summary>The name of the GPU that torch calls <c>cuda:index</c>: both number them as the driver does. Null if it is not had.</summary>
    public static string? Name(int index)
    {
        string library = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        if (!NativeLibrary.TryLoad(library, out nint driver)
            || !NativeLibrary.TryGetExport(driver, "cuInit", out nint init)
            || !NativeLibrary.TryGetExport(driver, "cuDeviceGet", out nint get)
            || !NativeLibrary.TryGetExport(driver, "cuDeviceGetName", out nint name))
            return null;
        int device;
        byte* text = stackalloc byte[LongestName];
        if (((delegate* unmanaged<uint, int>)init)(0) != 0 || ((delegate* unmanaged<int*, int, int>)get)(&device, index) != 0
            || ((delegate* unmanaged<byte*, int, int, int>)name)(text, LongestName, device) != 0)
            return null;
        return Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
    }
}

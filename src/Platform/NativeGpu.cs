using System.Runtime.InteropServices;
using System.Text;

namespace IntraDistill;

/// <summary>What NVIDIA's driver says of a GPU, which TorchSharp does not pass on; null where it says nothing or is not there.</summary>
/// <remarks>An index is that of torch's <c>cuda:index</c>: both number the GPUs as the driver's <c>cuDeviceGet</c> does.</remarks>
internal static unsafe class NativeGpu
{
    private const int LongestText = 256;

    private static readonly nint s_driver = Open(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1");
    private static readonly nint s_management = Open(OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1");

    /// <summary>The GPU's name.</summary>
    public static string? Name(int index)
    {
        byte* text = stackalloc byte[LongestText];
        return Device(index) is { } device && Find(s_driver, "cuDeviceGetName", out nint name)
            && ((delegate* unmanaged<byte*, int, int, int>)name)(text, LongestText, device) == 0 ? Text(text) : null;
    }

    /// <summary>The driver's version, as <c>nvidia-smi</c> shows it.</summary>
    public static string? DriverVersion()
    {
        byte* text = stackalloc byte[LongestText];
        return Find(s_management, "nvmlInit_v2", out nint init) && Find(s_management, "nvmlSystemGetDriverVersion", out nint version)
            && ((delegate* unmanaged<int>)init)() == 0
            && ((delegate* unmanaged<byte*, uint, int>)version)(text, LongestText) == 0 ? Text(text) : null;
    }

    /// <summary>The GPU's memory in bytes: what is free, whoever has the rest, and all (<c>cuMemGetInfo</c>).</summary>
    public static (long Free, long Total)? Memory(int index)
    {
        // The primary context is the one that torch works in: if torch has not made it yet, this does.
        nint context;
        nuint free, total;
        if (Device(index) is not { } device
            || !Find(s_driver, "cuDevicePrimaryCtxRetain", out nint retain)
            || !Find(s_driver, "cuDevicePrimaryCtxRelease_v2", out nint release)
            || !Find(s_driver, "cuCtxPushCurrent_v2", out nint push) || !Find(s_driver, "cuCtxPopCurrent_v2", out nint pop)
            || !Find(s_driver, "cuMemGetInfo_v2", out nint info)
            || ((delegate* unmanaged<nint*, int, int>)retain)(&context, device) != 0)
            return null;
        try
        {
            if (((delegate* unmanaged<nint, int>)push)(context) != 0)
                return null;
            bool known = ((delegate* unmanaged<nuint*, nuint*, int>)info)(&free, &total) == 0;
            ((delegate* unmanaged<nint*, int>)pop)(&context);
            return known ? ((long)free, (long)total) : null;
        }
        finally
        {
            ((delegate* unmanaged<int, int>)release)(device);
        }
    }

    /// <summary>Whether the GPU computes with bfloat16 itself: compute capability 8.0 (Ampere) or later.</summary>
    public static bool HasBFloat16(int index)
    {
        const int majorCapability = 75;     // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
        int major;
        return Device(index) is { } device && Find(s_driver, "cuDeviceGetAttribute", out nint attribute)
            && ((delegate* unmanaged<int*, int, int, int>)attribute)(&major, majorCapability, device) == 0 && major >= 8;
    }

    private static int? Device(int index)
    {
        int device;
        return Find(s_driver, "cuInit", out nint init) && Find(s_driver, "cuDeviceGet", out nint get)
            && ((delegate* unmanaged<uint, int>)init)(0) == 0
            && ((delegate* unmanaged<int*, int, int>)get)(&device, index) == 0 ? device : null;
    }

    private static nint Open(string library) => NativeLibrary.TryLoad(library, out nint handle) ? handle : 0;

    private static bool Find(nint library, string function, out nint address)
    {
        address = 0;
        return library != 0 && NativeLibrary.TryGetExport(library, function, out address);
    }

    private static string Text(byte* text) => Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
}

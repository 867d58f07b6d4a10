using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Bench;

/// <summary>The GPU's memory as NVIDIA's driver sees it; TorchSharp does not pass on what libtorch knows.</summary>
internal static class DeviceMemory
{
    private delegate int GetInfo(out nuint free, out nuint total);

    /// <summary>
    /// Bytes in use on the device, of all processes. libtorch keeps what it has once taken, so after training this is its peak.
    /// </summary>
    public static long InUse(Device device)
    {
        cuda.synchronize(device); // also makes the device this thread's, which the driver asks for
        nint driver = NativeLibrary.Load(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1");
        var get = Marshal.GetDelegateForFunctionPointer<GetInfo>(NativeLibrary.GetExport(driver, "cuMemGetInfo_v2"));
        int error = get(out nuint free, out nuint total);
        return error == 0 ? (long)(total - free)
            : throw new IntraDistillException($"the driver does not tell the memory of {device}: cuMemGetInfo returned {error}");
    }
}

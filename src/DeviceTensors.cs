using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Arrays of the host as tensors on a device.</summary>
public static class DeviceTensors
{
    /// <summary>Copies an array. A GPU is given the copy to make when it comes to it: nobody waits.</summary>
    /// <param name="values">(B, T).</param>
    /// <param name="device">Where the tensor is to be.</param>
    /// <param name="step">T is filled up with 0 to a multiple of this; 1 or more.</param>
    /// <returns>(B, T′) int64.</returns>
    public static Tensor From(long[,] values, Device device, int step = 1)
    {
        using var scope = NewDisposeScope();
        Tensor tensor = from_array(values);
        int over = values.GetLength(1) % step;
        if (over > 0)
            tensor = nn.functional.pad(tensor, [0, step - over]);
        return (device.type == DeviceType.CUDA ? tensor.pin_memory().to(device, non_blocking: true) : tensor.to(device))
            .MoveToOuterDisposeScope();
    }
}

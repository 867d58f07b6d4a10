using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Shapes in error messages.</summary>
internal static class TensorShape
{
    /// <summary>A tensor's shape as <c>(3, 5, 7)</c>.</summary>
    public static string Text(this Tensor tensor) => Text(tensor.shape);

    /// <summary>A shape as <c>(3, 5, 7)</c>.</summary>
    public static string Text(ReadOnlySpan<long> shape) => $"({string.Join(", ", shape.ToArray())})";
}

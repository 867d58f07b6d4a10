using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>The tensors alive in this process, for tests that nothing is left behind.</summary>
internal static class LiveTensors
{
    /// <summary>
    /// The count after finalizing what earlier tests left, so that their finalizers do not run in between. Compare it with
    /// <c>Tensor.TotalCount</c>, not with this: a tensor that waits for the garbage collector has been left behind.
    /// </summary>
    public static long Count()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Tensor.TotalCount;
    }
}

using static TorchSharp.torch;

namespace IntraDistill.Tests;

public sealed class TorchScriptTests
{
    private static readonly TorchScript s_script = new("""
        def digits(x: Tensor, a: float, b: float, c: float, d: float, e: int):
            return x + a + 10 * b + 100 * c + 1000 * d + 10000 * e

        """);

    [Fact]
    public void Numbers_reach_the_function_however_often_garbage_is_collected()
    {
        using var ended = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!ended.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            for (int i = 0; i < 15_000; i++)
            {
                using var scope = NewDisposeScope();
                Assert.Equal(54321, s_script.Call<Tensor>("digits", zeros([], float64), 1.0, 2.0, 3.0, 4.0, 5L).item<double>());
            }
        }
        finally
        {
            ended.Cancel();
            collector.Join();
        }
    }
}

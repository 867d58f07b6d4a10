using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>
/// Base of tests that run many small tensor operations: on one thread each, since on a busy machine the threads of such
/// operations wait for each other longer than they work.
/// </summary>
public abstract class SingleThreadedTests : IDisposable
{
    private readonly int _threads = get_num_threads();

    /// <summary>Runs on the test's own thread, whose setting counts.</summary>
    protected SingleThreadedTests() => set_num_threads(1);

    /// <summary>Gives the other tests their threads back.</summary>
    public void Dispose()
    {
        set_num_threads(_threads);
        GC.SuppressFinalize(this);
    }
}

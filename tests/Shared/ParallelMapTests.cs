using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class ParallelMapTests
{
    [Fact]
    public void Entries_are_in_order()
    {
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i * i), ParallelMap.Of(1000, i => i * i));
        Assert.Empty(ParallelMap.Of(0, i => i));
    }

    [Fact]
    public void The_error_is_that_of_the_lowest_index_though_another_came_first()
    {
        using ManualResetEventSlim failed = new();
        IntraDistillException error = Assert.Throws<IntraDistillException>(() => ParallelMap.Of(1000, i =>
        {
            // The first index is slow to fail: another thread, where there is one, is past it by then.
            if (i == 0)
                failed.Wait(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
            else if (i > 1)
                failed.Set();
            return i == 1 ? i : throw new IntraDistillException($"index {i}");
        }));
        Assert.Equal("index 0", error.Message);
    }
}

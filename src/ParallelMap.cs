namespace IntraDistill;

/// <summary>Arrays whose entries are computed on all cores.</summary>
internal static class ParallelMap
{
    /// <summary>Computes <paramref name="count"/> entries, each from its index.</summary>
    /// <exception cref="IntraDistillException">
    /// That of the lowest index that raises one, so that the same input always gives the same error.
    /// </exception>
    public static T[] Of<T>(int count, Func<int, T> compute)
    {
        T[] results = new T[count];
        (long Index, IntraDistillException? Error) first = (long.MaxValue, null);
        Lock gate = new();
        Parallel.For(0, count, (i, loop) =>
        {
            try
            {
                results[i] = compute(i);
            }
            catch (IntraDistillException e)
            {
                // Break, unlike Stop, still runs every lower index.
                loop.Break();
                lock (gate)
                    if (i < first.Index)
                        first = (i, e);
            }
        });
        if (first.Error is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first.Error);
        return results;
    }
}

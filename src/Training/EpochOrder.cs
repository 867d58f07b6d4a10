namespace IntraDistill;

/// <summary>How the examples of an epoch are put into batches: a function of seed and epoch alone.</summary>
internal static class EpochOrder
{
    /// <summary>
    /// Shuffles the examples (Fisher–Yates, <see cref="Random"/> seeded with seed and epoch), takes what does not fill a batch off
    /// their end, sorts the others within windows of so many batches stably by length, cuts them into batches, and shuffles these;
    /// the batch that is not full comes last.
    /// </summary>
    /// <param name="count">How many examples there are.</param>
    /// <param name="length">The length of an example.</param>
    /// <param name="settings">The size of a batch, the batches in a window, the seed.</param>
    /// <param name="epoch">0 for the first pass over the data.</param>
    /// <returns>The examples of each batch, shortest first.</returns>
    public static IReadOnlyList<int[]> Batches(int count, Func<int, int> length, BatchSettings settings, int epoch)
    {
        Random random = RandomOf(settings.Seed, epoch);
        int[] order = [.. Enumerable.Range(0, count)];
        random.Shuffle(order);
        int full = order.Length - order.Length % settings.BatchSize;
        int window = (int)long.Clamp((long)settings.GroupBatches * settings.BatchSize, 1, order.Length);
        int[][] batches = [.. order.Take(full).Chunk(window).SelectMany(examples => Cut(examples, settings.BatchSize, length))];
        random.Shuffle(batches);
        return [.. batches, .. Cut(order.Skip(full), settings.BatchSize, length)];
    }

    /// <summary>Examples in batches, shortest first.</summary>
    public static IEnumerable<int[]> Cut(IEnumerable<int> examples, int size, Func<int, int> length) =>
        examples.OrderBy(length).Chunk(size);

    /// <summary>Examples in batches within a budget of tokens, padding included.</summary>
    /// <param name="sorted">At least one example, shortest first; none is longer than the budget.</param>
    /// <param name="maxTokens">The budget.</param>
    /// <param name="length">The length of an example.</param>
    public static IEnumerable<int[]> CutWithin(IEnumerable<int> sorted, int maxTokens, Func<int, int> length)
    {
        List<int> batch = [];
        foreach (int example in sorted)
        {
            // The last is the longest.
            if ((batch.Count + 1) * length(example) > maxTokens)
            {
                yield return [.. batch];
                batch.Clear();
            }
            batch.Add(example);
        }
        yield return [.. batch];
    }

    /// <summary>What an epoch draws from.</summary>
    public static Random RandomOf(int seed, int epoch) => new(unchecked(seed * 1_000_003 + epoch));
}

namespace IntraDistill.Data;

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
    /// <param name="batchSize">Examples in a batch.</param>
    /// <param name="groupBatches">Batches in a window; 1 sorts nothing that would change the batches.</param>
    /// <param name="seed">With the epoch, decides the order.</param>
    /// <param name="epoch">0 for the first pass over the data.</param>
    /// <returns>The examples of each batch, shortest first.</returns>
    public static IReadOnlyList<int[]> Batches(
        int count, Func<int, int> length, int batchSize, int groupBatches, int seed, int epoch)
    {
        Random random = new(unchecked(seed * 1_000_003 + epoch));
        int[] order = [.. Enumerable.Range(0, count)];
        random.Shuffle(order);
        int full = order.Length - order.Length % batchSize;
        int window = (int)long.Clamp((long)groupBatches * batchSize, 1, order.Length);
        int[][] batches = [.. order.Take(full).Chunk(window).SelectMany(examples => Cut(examples, batchSize, length))];
        random.Shuffle(batches);
        return [.. batches, .. Cut(order.Skip(full), batchSize, length)];
    }

    /// <summary>Examples in batches, shortest first.</summary>
    public static IEnumerable<int[]> Cut(IEnumerable<int> examples, int size, Func<int, int> length) =>
        examples.OrderBy(length).Chunk(size);
}

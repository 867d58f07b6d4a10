namespace IntraDistill;

/// <summary>A batch as the trainer sees it: host memory only, so that holding an epoch of them holds no tensors.</summary>
public interface IBatch
{
    /// <summary>How many predictions the loss is averaged over: target tokens, or examples in classification.</summary>
    int Tokens { get; }
}

/// <summary>The batches of a training run, a function of the seed and the epoch alone, so that a run can be resumed.</summary>
public interface IBatchSource<out TBatch> where TBatch : IBatch
{
    /// <summary>The batches of one epoch, in the order in which they are to be trained on.</summary>
    /// <param name="epoch">0 for the first pass over the data.</param>
    IReadOnlyList<TBatch> Epoch(int epoch);
}

/// <summary>
/// How examples are put into batches of a fixed size: labelled texts, rows of tagged sentences, or windows of questions. The
/// defaults are the paper's for all three.
/// </summary>
public abstract record BatchSettings
{
    private protected BatchSettings() { }

    /// <summary>Examples in one update.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>
    /// The most examples that go through the model at once: a divisor of <see cref="BatchSize"/>, whose batches come in so many
    /// parts for gradient accumulation. Null for the whole batch.
    /// </summary>
    public int? PartSize { get; init; }

    /// <summary>
    /// 1 shuffles, as the authors do. n sorts the examples of n batches by length before they are cut into these batches, so that
    /// less padding is computed; which examples come together in n batches, and the order of batches, stay random.
    /// </summary>
    public int GroupBatches { get; init; } = 1;

    /// <summary>Together with the epoch, decides which examples share a batch and the order of the batches.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The examples in a full part.</summary>
    internal int FullPart => PartSize ?? BatchSize;

    /// <summary>The parts of a full batch.</summary>
    internal int PartsPerUpdate => BatchSize / FullPart;

    /// <exception cref="IntraDistillException">A setting makes no sense; the message names it.</exception>
    internal virtual void Check()
    {
        AtLeast(BatchSize, 1, nameof(BatchSize));
        AtLeast(GroupBatches, 1, nameof(GroupBatches));
        if (PartSize is { } size && (size < 1 || BatchSize % size != 0))
            throw new IntraDistillException(
                $"{GetType().Name}.PartSize is {size}; expected a divisor of BatchSize ({BatchSize})");
    }

    private protected void AtLeast(int value, long least, string name)
    {
        if (value < least)
            throw new IntraDistillException($"{GetType().Name}.{name} is {value}; expected at least {least}");
    }
}

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

/// <summary>The place in the data: the epoch and the number of its batches that are used up.</summary>
internal sealed class EpochCursor<TBatch>(IBatchSource<TBatch> source) where TBatch : IBatch
{
    private IReadOnlyList<TBatch>? _batches;
    private long? _tokens;

    public int Epoch { get; private set; }

    public int Position { get; private set; }

    /// <summary>Epochs that are complete.</summary>
    public int Complete => _batches is not null && Position == _batches.Count ? Epoch + 1 : Epoch;

    /// <summary>How many batches the epoch has.</summary>
    public int Batches => Load().Count;

    /// <summary>How many tokens the epoch has. With <see cref="Batches"/> it tells other data from the same.</summary>
    public long Tokens => _tokens ??= Load().Sum(batch => (long)batch.Tokens);

    /// <summary>The next batches, as many as asked for or as the epoch has left, and at least one.</summary>
    public IReadOnlyList<TBatch> Peek(int count)
    {
        if (Position >= Load().Count) MoveTo(Epoch + 1, 0);
        var batches = Load();
        if (batches.Count == 0) throw new IntraDistillException($"Epoch {Epoch} of the training data has no batches.");
        var next = new List<TBatch>(count);
        for (int i = Position; i < Math.Min(Position + count, batches.Count); i++) next.Add(batches[i]);
        return next;
    }

    /// <summary>Uses up batches that were peeked at.</summary>
    public void Advance(int count) => Position += count;

    public void MoveTo(int epoch, int position)
    {
        if (epoch != Epoch) (_batches, _tokens) = (null, null);
        (Epoch, Position) = (epoch, position);
    }

    private IReadOnlyList<TBatch> Load() => _batches ??= source.Epoch(Epoch);
}

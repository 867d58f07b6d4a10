namespace IntraDistill.Tasks;

/// <summary>How rows are put into batches of a fixed size: labelled texts, rows of tagged sentences, or windows of questions. The defaults
/// are the paper's for all three.</summary>
public abstract record BatchSettings
{
    private protected BatchSettings() { }

    /// <summary>Examples in one update.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>The most examples that go through the model at once: a divisor of <see cref="BatchSize"/>, whose batches come in so many
    /// parts for gradient accumulation. Null for the whole batch.</summary>
    public int? PartSize { get; init; }

    /// <summary>1 shuffles, as the authors do. n sorts the examples of n batches by length before they are cut into these batches, so that
    /// less padding is computed; which examples come together in n batches, and the order of batches, stay random.</summary>
    public int GroupBatches { get; init; } = 1;

    /// <summary>Together with the epoch, decides which examples share a batch and the order of the batches.</summary>
    public int Seed { get; init; } = 1;

    internal int FullPart => PartSize ?? BatchSize;

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

/// <summary>Training batches of encoded rows, every row once an epoch, in batches of a fixed size that may come in parts; host arrays
/// only.</summary>
/// <remarks>An epoch shuffles the rows (Fisher–Yates, <see cref="Random"/> seeded with seed and epoch), takes what does not fill a batch
/// off their end, sorts the others within windows of <see cref="BatchSettings.GroupBatches"/> batches stably by length, cuts them into
/// batches, and shuffles these; the batch that is not full comes last. It depends on seed and epoch only. The parts of a batch follow one
/// another, so that <see cref="PartsPerUpdate"/> of them at a time make whole batches.</remarks>
/// <typeparam name="TBatch">What a row belongs to: a batch, or a part of one.</typeparam>
public abstract class RowBatches<TBatch> : IBatchSource<TBatch> where TBatch : IBatch
{
    private readonly BatchSettings _settings;
    private readonly int _padId;

    private protected RowBatches(BatchSettings settings, int padId)
    {
        settings.Check();
        (_settings, _padId) = (settings, padId);
    }

    /// <summary>How many updates an epoch has; the last one may be of a batch that is not full.</summary>
    public int UpdatesPerEpoch => (Rows - 1) / _settings.BatchSize + 1;

    /// <summary>The parts of a full batch: what <see cref="TrainerSettings.GradientAccumulation"/> is to be. A batch that is not full has
    /// as many or fewer.</summary>
    public int PartsPerUpdate => _settings.BatchSize / _settings.FullPart;

    private protected abstract int Rows { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TBatch> Epoch(int epoch)
    {
        Random random = EpochOrder.RandomOf(_settings.Seed, epoch);
        int[] order = [.. Enumerable.Range(0, Rows)];
        random.Shuffle(order);
        int full = order.Length - order.Length % _settings.BatchSize;
        int window = (int)long.Clamp((long)_settings.GroupBatches * _settings.BatchSize, 1, order.Length);
        int[][] batches = [.. order.Take(full).Chunk(window).SelectMany(rows => Cut(rows, _settings.BatchSize))];
        random.Shuffle(batches);
        return [.. batches.Concat(Cut(order.Skip(full), _settings.BatchSize)).SelectMany(rows =>
        {
            TBatch[] parts = [.. rows.Chunk(_settings.FullPart).Select(Padded)];
            int predictions = parts.Sum(part => part.Tokens);
            return parts.Select(part => OfUpdate(part, predictions));
        })];
    }

    /// <summary>All rows for evaluation: the same each time, shortest first, in the size of a part.</summary>
    private protected IReadOnlyList<TBatch> InOrder() => [.. Cut(Enumerable.Range(0, Rows), _settings.FullPart).Select(Padded)];

    private protected abstract EncodedText Row(int number);

    /// <summary>The padded rows of these numbers as a batch of its own.</summary>
    private protected abstract TBatch Batch(EncodedBatch texts, int[] rows);

    /// <summary>The same as a part of an update that has so many predictions in all.</summary>
    private protected abstract TBatch OfUpdate(TBatch part, int predictions);

    private IEnumerable<int[]> Cut(IEnumerable<int> rows, int size) => rows.OrderBy(row => Row(row).Length).Chunk(size);

    private TBatch Padded(int[] rows) => Batch(EncodedBatch.Pad([.. rows.Select(Row)], _padId), rows);
}

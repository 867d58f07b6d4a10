namespace IntraDistill;

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

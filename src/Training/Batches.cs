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
    /// <summary>The batches of one epoch, 0 for the first, in the order in which they are to be trained on.</summary>
    IReadOnlyList<TBatch> Epoch(int epoch);
}

/// <summary>What the epochs of all data sets share.</summary>
internal static class EpochOrder
{
    /// <summary>Cuts examples into batches within a budget of tokens, padding included.</summary>
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

    public int Epoch { get; private set; }

    public int Position { get; private set; }

    /// <summary>Epochs that are complete.</summary>
    public int Complete => Position > 0 && Position == Batches.Count ? Epoch + 1 : Epoch;

    /// <summary>The epoch's batches.</summary>
    public IReadOnlyList<TBatch> Batches => _batches ??= source.Epoch(Epoch);

    /// <summary>How many tokens the epoch has. With the number of batches it tells other data from the same.</summary>
    public long Tokens => Batches.Sum(batch => (long)batch.Tokens);

    /// <summary>The next batches, as many as asked for or as the epoch has left, and at least one.</summary>
    public IReadOnlyList<TBatch> Peek(int count)
    {
        if (Position >= Batches.Count) MoveTo(Epoch + 1, 0);
        if (Batches.Count == 0) throw new IntraDistillException($"Epoch {Epoch} of the training data has no batches.");
        return [.. Batches.Skip(Position).Take(count)];
    }

    /// <summary>Uses up batches that were peeked at.</summary>
    public void Advance(int count) => Position += count;

    public void MoveTo(int epoch, int position)
    {
        if (epoch != Epoch) _batches = null;
        (Epoch, Position) = (epoch, position);
    }
}

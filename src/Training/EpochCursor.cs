
namespace IntraDistill;

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

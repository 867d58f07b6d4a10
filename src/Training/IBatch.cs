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

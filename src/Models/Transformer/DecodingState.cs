using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// What a decoder remembers between tokens: the keys and values of the encoded sources, made once, and those of the target
/// tokens so far. Each of its sentences has the same number of rows (hypotheses), one after the other. Made by
/// <see cref="TranslationTransformer.StartDecoding"/>; holds tensors until disposed.
/// </summary>
public sealed class DecodingState : IDisposable
{
    internal DecodingState(Tensor sourceMask, (Tensor Keys, Tensor Values)[] source)
    {
        SourceMask = sourceMask.DetachFromDisposeScope();
        Source = source;
        foreach ((Tensor keys, Tensor values) in source)
        {
            keys.DetachFromDisposeScope();
            values.DetachFromDisposeScope();
        }
        Target = new (Tensor, Tensor)?[source.Length];
    }

    /// <summary>How many target tokens were decoded.</summary>
    public int Length { get; internal set; }

    /// <summary>How many source sentences are being decoded.</summary>
    public int Sentences => (int)SourceMask.shape[0];

    /// <summary>(B, 1, 1, S).</summary>
    internal Tensor SourceMask { get; private set; }

    /// <summary>Keys and values of the source a layer, (S, B, d) each.</summary>
    internal (Tensor Keys, Tensor Values)[] Source { get; }

    /// <summary>Keys and values of the target a layer, (T, N, d) each; none before the first token.</summary>
    internal (Tensor Keys, Tensor Values)?[] Target { get; }

    /// <summary>Makes the rows of the next step copies of rows of this one: a beam's survivors.</summary>
    /// <param name="rows">(N′) int64: the row each new row continues.</param>
    public void Reorder(Tensor rows)
    {
        for (int layer = 0; layer < Target.Length; layer++)
            if (Target[layer] is (Tensor keys, Tensor values))
                Remember(layer, keys.index_select(1, rows), values.index_select(1, rows));
    }

    /// <summary>Drops the sources of finished sentences; their rows are left out by <see cref="Reorder"/>.</summary>
    /// <param name="sentences">(B′) int64: the sentences to keep, in their new order.</param>
    public void Keep(Tensor sentences)
    {
        for (int layer = 0; layer < Source.Length; layer++)
        {
            (Tensor keys, Tensor values) = Source[layer];
            Source[layer] = (keys.index_select(1, sentences).DetachFromDisposeScope(),
                values.index_select(1, sentences).DetachFromDisposeScope());
            keys.Dispose();
            values.Dispose();
        }
        Tensor mask = SourceMask;
        SourceMask = mask.index_select(0, sentences).DetachFromDisposeScope();
        mask.Dispose();
    }

    /// <summary>Adds the keys and values of the newest token of every row, and returns those of all its tokens.</summary>
    internal (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values)
    {
        if (Target[layer] is (Tensor earlierKeys, Tensor earlierValues))
            Remember(layer, cat([earlierKeys, keys], 0), cat([earlierValues, values], 0));
        else
            Remember(layer, keys.alias(), values.alias());
        return Target[layer]!.Value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        SourceMask.Dispose();
        for (int layer = 0; layer < Source.Length; layer++)
        {
            Source[layer].Keys.Dispose();
            Source[layer].Values.Dispose();
            Target[layer]?.Keys.Dispose();
            Target[layer]?.Values.Dispose();
        }
    }

    private void Remember(int layer, Tensor keys, Tensor values)
    {
        (Tensor Keys, Tensor Values)? earlier = Target[layer];
        Target[layer] = (keys.DetachFromDisposeScope(), values.DetachFromDisposeScope());
        earlier?.Keys.Dispose();
        earlier?.Values.Dispose();
    }
}

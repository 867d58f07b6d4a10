using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>What a decoder remembers between tokens: the keys and values of the encoded sources, made once, and those of the target tokens
/// so far. Each of its sentences has the same number of rows (hypotheses), one after the other. Made by
/// <see cref="TranslationTransformer.StartDecoding"/>; holds tensors until disposed.</summary>
public sealed class DecodingState : IDisposable
{
    private readonly KeysAndValues?[] _target;      // a layer, (T, N, d); none before the first token

    internal DecodingState(Tensor sourceMask, KeysAndValues[] source) =>
        (SourceMask, Source, _target) = (sourceMask.DetachFromDisposeScope(), source, new KeysAndValues?[source.Length]);

    /// <summary>How many target tokens were decoded.</summary>
    public int Length { get; internal set; }

    /// <summary>How many source sentences are being decoded.</summary>
    public int Sentences => (int)SourceMask.shape[0];

    /// <summary>(B, 1, 1, S).</summary>
    internal Tensor SourceMask { get; private set; }

    /// <summary>A layer, (S, B, d).</summary>
    internal KeysAndValues[] Source { get; }

    /// <summary>Makes the rows of the next step copies of rows of this one: a beam's survivors.</summary>
    /// <param name="rows">(N′) int64: the row each new row continues.</param>
    public void Reorder(Tensor rows)
    {
        for (int layer = 0; layer < _target.Length; layer++)
            _target[layer] = _target[layer]?.Select(rows);
    }

    /// <summary>Drops the sources of finished sentences; their rows are left out by <see cref="Reorder"/>.</summary>
    /// <param name="sentences">(B′) int64: the sentences to keep, in their new order.</param>
    public void Keep(Tensor sentences)
    {
        for (int layer = 0; layer < Source.Length; layer++)
            Source[layer] = Source[layer].Select(sentences);
        using Tensor mask = SourceMask;
        SourceMask = mask.index_select(0, sentences).DetachFromDisposeScope();
    }

    /// <summary>Adds the keys and values of the newest token of every row, (1, N, d) each, and returns those of all its tokens.</summary>
    internal KeysAndValues Append(int layer, (Tensor Keys, Tensor Values) newest) =>
        _target[layer] = _target[layer]?.Append(newest) ?? new(newest);

    /// <inheritdoc/>
    public void Dispose()
    {
        SourceMask.Dispose();
        foreach (KeysAndValues? one in (KeysAndValues?[])[.. Source, .. _target])
            one?.Dispose();
    }
}

/// <summary>Keys and values that outlive the step that makes them, (T, B, d) each; what is made from them takes their place.</summary>
internal sealed class KeysAndValues((Tensor Keys, Tensor Values) made) : IDisposable
{
    public Tensor Keys { get; } = made.Keys.DetachFromDisposeScope();

    public Tensor Values { get; } = made.Values.DetachFromDisposeScope();

    public KeysAndValues Select(Tensor rows) => Replaced(Keys.index_select(1, rows), Values.index_select(1, rows));

    public KeysAndValues Append((Tensor Keys, Tensor Values) newest) =>
        Replaced(cat([Keys, newest.Keys], 0), cat([Values, newest.Values], 0));

    public void Dispose()
    {
        Keys.Dispose();
        Values.Dispose();
    }

    private KeysAndValues Replaced(Tensor keys, Tensor values)
    {
        Dispose();
        return new((keys, values));
    }
}

using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>A stack of <see cref="TransformerDecoderLayer"/>, with a last normalization in a pre-norm model.</summary>
public sealed class TransformerDecoder : nn.Module<Tensor, Tensor, Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "layers")] private readonly ModuleList<TransformerDecoderLayer> _layers;
    [ComponentName(Name = "norm")] private readonly LayerNorm? _norm;

    /// <summary>Makes the stack from the model's settings.</summary>
    public TransformerDecoder(TransformerSettings settings) : base(nameof(TransformerDecoder))
    {
        _layers = new([.. Enumerable.Range(0, settings.DecoderLayers).Select(_ => new TransformerDecoderLayer(settings))]);
        _norm = settings.NormalizeFirst ? nn.LayerNorm(settings.ModelSize) : null;
        RegisterComponents();
    }

    /// <summary>The states of all target positions at once.</summary>
    /// <param name="x">The embedded target, (T, B, d).</param>
    /// <param name="encoded">The encoder's states, (S, B, d).</param>
    /// <param name="sourceMask">The padding mask of the source, (B, 1, 1, S).</param>
    /// <param name="causalMask">Hides the tokens to come, (1, 1, T, T).</param>
    /// <returns>(T, B, d).</returns>
    public override Tensor forward(Tensor x, Tensor encoded, Tensor sourceMask, Tensor causalMask)
    {
        using var scope = NewDisposeScope();
        foreach (TransformerDecoderLayer layer in _layers)
            x = layer.call(x, encoded, sourceMask, causalMask);
        return Finish(x).MoveToOuterDisposeScope();
    }

    /// <summary>The keys and values every layer makes of the encoded source.</summary>
    internal (Tensor Keys, Tensor Values)[] ProjectSource(Tensor encoded) =>
        [.. _layers.Select(layer => layer.ProjectSource(encoded))];

    /// <summary>The states of the newest position, (1, N, d) to (1, N, d).</summary>
    internal Tensor Step(Tensor x, DecodingState state)
    {
        using var scope = NewDisposeScope();
        for (int i = 0; i < _layers.Count; i++)
            x = _layers[i].Step(x, state, i);
        return Finish(x).MoveToOuterDisposeScope();
    }

    private Tensor Finish(Tensor x) => _norm?.call(x) ?? x;
}

/// <summary>Causal self-attention, attention to the source, feed-forward block; each with residual, dropout and norm.</summary>
public sealed class TransformerDecoderLayer : nn.Module<Tensor, Tensor, Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "self_attention")] private readonly MultiHeadAttention _selfAttention;
    [ComponentName(Name = "self_attention_norm")] private readonly LayerNorm _selfAttentionNorm;
    [ComponentName(Name = "cross_attention")] private readonly MultiHeadAttention _crossAttention;
    [ComponentName(Name = "cross_attention_norm")] private readonly LayerNorm _crossAttentionNorm;
    [ComponentName(Name = "feed_forward")] private readonly FeedForward _feedForward;
    [ComponentName(Name = "feed_forward_norm")] private readonly LayerNorm _feedForwardNorm;
    [ComponentName(Name = "dropout")] private readonly Dropout _dropout;
    private readonly bool _normalizeFirst;

    /// <summary>Makes the layer from the model's settings.</summary>
    public TransformerDecoderLayer(TransformerSettings settings) : base(nameof(TransformerDecoderLayer))
    {
        _selfAttention = new MultiHeadAttention(settings.ModelSize, settings.Heads, settings.AttentionDropout);
        _selfAttentionNorm = nn.LayerNorm(settings.ModelSize);
        _crossAttention = new MultiHeadAttention(settings.ModelSize, settings.Heads, settings.AttentionDropout);
        _crossAttentionNorm = nn.LayerNorm(settings.ModelSize);
        _feedForward = new FeedForward(settings);
        _feedForwardNorm = nn.LayerNorm(settings.ModelSize);
        _dropout = new Dropout(settings.Dropout);
        _normalizeFirst = settings.NormalizeFirst;
        RegisterComponents();
    }

    /// <summary>Applies the layer to all target positions.</summary>
    /// <param name="x">(T, B, d).</param>
    /// <param name="encoded">(S, B, d).</param>
    /// <param name="sourceMask">(B, 1, 1, S).</param>
    /// <param name="causalMask">(1, 1, T, T).</param>
    /// <returns>(T, B, d).</returns>
    public override Tensor forward(Tensor x, Tensor encoded, Tensor sourceMask, Tensor causalMask) => Apply(x,
        y => _selfAttention.call(y, y, causalMask),
        y => _crossAttention.call(y, encoded, sourceMask));

    internal (Tensor Keys, Tensor Values) ProjectSource(Tensor encoded) => _crossAttention.Project(encoded);

    /// <summary>Applies the layer to the newest position, (1, N, d), and remembers its keys and values.</summary>
    internal Tensor Step(Tensor x, DecodingState state, int index) => Apply(x,
        y =>
        {
            (Tensor newKeys, Tensor newValues) = _selfAttention.Project(y);
            (Tensor keys, Tensor values) = state.Append(index, newKeys, newValues);
            return _selfAttention.Attend(y, keys, values, null);
        },
        y =>
        {
            // The hypotheses of a sentence share its source: they are positions of one query, and no key is repeated.
            Tensor query = y.view(state.Sentences, -1, y.shape[2]).transpose(0, 1); // (N/B, B, d)
            (Tensor keys, Tensor values) = state.Source[index];
            return _crossAttention.Attend(query, keys, values, state.SourceMask).transpose(0, 1).reshape(y.shape);
        });

    private Tensor Apply(Tensor x, Func<Tensor, Tensor> selfAttention, Func<Tensor, Tensor> crossAttention)
    {
        using var scope = NewDisposeScope();
        x = Residual.Apply(x, _selfAttentionNorm, _dropout, _normalizeFirst, selfAttention);
        x = Residual.Apply(x, _crossAttentionNorm, _dropout, _normalizeFirst, crossAttention);
        x = Residual.Apply(x, _feedForwardNorm, _dropout, _normalizeFirst, _feedForward.call);
        return x.MoveToOuterDisposeScope();
    }
}

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

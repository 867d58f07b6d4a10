using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>The layers of an encoder or, where they attend to the source, of a decoder (Vaswani et al. 2017, section 3.1), with a last
/// normalization in a pre-norm model.</summary>
internal sealed class TransformerStack : nn.Module<Tensor, Tensor, Tensor?, Tensor?, Tensor>
{
    [ComponentName(Name = "layers")] private readonly ModuleList<TransformerLayer> _layers;
    [ComponentName(Name = "norm")] private readonly LayerNorm? _norm;

    public TransformerStack(TransformerSettings settings, int layers, bool attendsToSource) : base(nameof(TransformerStack))
    {
        _layers = new([.. Enumerable.Range(0, layers).Select(_ => new TransformerLayer(settings, attendsToSource))]);
        _norm = settings.NormalizeFirst ? nn.LayerNorm(settings.ModelSize) : null;
        RegisterComponents();
    }

    /// <summary>The states of all positions, (T, B, d) to (T, B, d); the masks are what <see cref="MultiHeadAttention"/> adds.</summary>
    /// <param name="x">Embedded tokens, (T, B, d).</param>
    /// <param name="mask">An encoder's hides padding, (B, 1, 1, T), a decoder's the tokens to come, (1, 1, T, T).</param>
    /// <param name="encoded">A decoder's source as the encoder has it, (S, B, d).</param>
    /// <param name="sourceMask">Hides the padding in it, (B, 1, 1, S).</param>
    public override Tensor forward(Tensor x, Tensor mask, Tensor? encoded, Tensor? sourceMask)
    {
        using var scope = NewDisposeScope();
        foreach (TransformerLayer layer in _layers)
            x = layer.call(x, mask, encoded, sourceMask);
        return Finish(x).MoveToOuterDisposeScope();
    }

    /// <summary>The keys and values that every layer makes of the encoded source.</summary>
    public KeysAndValues[] ProjectSource(Tensor encoded) => [.. _layers.Select(layer => layer.ProjectSource(encoded))];

    /// <summary>The states of the newest position, (1, N, d) to (1, N, d).</summary>
    public Tensor Step(Tensor x, DecodingState state)
    {
        using var scope = NewDisposeScope();
        for (int i = 0; i < _layers.Count; i++)
            x = _layers[i].Step(x, state, i);
        return Finish(x).MoveToOuterDisposeScope();
    }

    private Tensor Finish(Tensor x) => _norm?.call(x) ?? x;
}

/// <summary>Self-attention, attention to the source in a decoder, and a feed-forward block; each with residual, dropout and norm.</summary>
internal sealed class TransformerLayer : nn.Module<Tensor, Tensor, Tensor?, Tensor?, Tensor>
{
    [ComponentName(Name = "self_attention")] private readonly MultiHeadAttention _selfAttention;
    [ComponentName(Name = "self_attention_norm")] private readonly LayerNorm _selfAttentionNorm;
    [ComponentName(Name = "cross_attention")] private readonly MultiHeadAttention? _crossAttention;
    [ComponentName(Name = "cross_attention_norm")] private readonly LayerNorm? _crossAttentionNorm;
    [ComponentName(Name = "feed_forward")] private readonly FeedForward _feedForward;
    [ComponentName(Name = "feed_forward_norm")] private readonly LayerNorm _feedForwardNorm;
    [ComponentName(Name = "dropout")] private readonly Dropout _dropout;
    private readonly bool _normalizeFirst;

    public TransformerLayer(TransformerSettings settings, bool attendsToSource) : base(nameof(TransformerLayer))
    {
        _selfAttention = new MultiHeadAttention(settings.ModelSize, settings.Heads, settings.AttentionDropout);
        _selfAttentionNorm = nn.LayerNorm(settings.ModelSize);
        if (attendsToSource)
        {
            _crossAttention = new MultiHeadAttention(settings.ModelSize, settings.Heads, settings.AttentionDropout);
            _crossAttentionNorm = nn.LayerNorm(settings.ModelSize);
        }
        _feedForward = new FeedForward(settings);
        _feedForwardNorm = nn.LayerNorm(settings.ModelSize);
        _dropout = new Dropout(settings.Dropout);
        _normalizeFirst = settings.NormalizeFirst;
        RegisterComponents();
    }

    /// <summary>All positions, (T, B, d) to (T, B, d); see <see cref="TransformerStack.forward"/>.</summary>
    public override Tensor forward(Tensor x, Tensor mask, Tensor? encoded, Tensor? sourceMask) => Apply(x,
        y => _selfAttention.call(y, y, mask),
        y => _crossAttention!.call(y, encoded!, sourceMask));

    public KeysAndValues ProjectSource(Tensor encoded) => new(_crossAttention!.Project(encoded));

    /// <summary>The newest position, (1, N, d) to (1, N, d); its keys and values are remembered.</summary>
    public Tensor Step(Tensor x, DecodingState state, int index) => Apply(x,
        y => _selfAttention.Attend(y, state.Append(index, _selfAttention.Project(y)), null),
        y =>
        {
            // The hypotheses of a sentence share its source: they are positions of one query, and no key is repeated.
            Tensor query = y.view(state.Sentences, -1, y.shape[2]).transpose(0, 1); // (N/B, B, d)
            return _crossAttention!.Attend(query, state.Source[index], state.SourceMask).transpose(0, 1).reshape(y.shape);
        });

    private Tensor Apply(Tensor x, Func<Tensor, Tensor> selfAttention, Func<Tensor, Tensor> crossAttention)
    {
        using var scope = NewDisposeScope();
        x = Residual.Apply(x, _selfAttentionNorm, _dropout, _normalizeFirst, selfAttention);
        if (_crossAttentionNorm is not null)
            x = Residual.Apply(x, _crossAttentionNorm, _dropout, _normalizeFirst, crossAttention);
        return Residual.Apply(x, _feedForwardNorm, _dropout, _normalizeFirst, _feedForward.call).MoveToOuterDisposeScope();
    }
}

/// <summary>The position-wise block <c>W₂ dropout(relu(W₁x + b₁)) + b₂</c> (Vaswani et al. 2017, section 3.3), (…, d) to (…, d). Its
/// weights keep torch's initialisation of linear layers, as fairseq's do.</summary>
internal sealed class FeedForward : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "inner")] private readonly Linear _inner;
    [ComponentName(Name = "outer")] private readonly Linear _outer;
    [ComponentName(Name = "dropout")] private readonly Dropout _dropout;

    public FeedForward(TransformerSettings settings) : base(nameof(FeedForward))
    {
        _inner = nn.Linear(settings.ModelSize, settings.FeedForwardSize);
        _outer = nn.Linear(settings.FeedForwardSize, settings.ModelSize);
        _dropout = new Dropout(settings.ActivationDropout);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        Tensor hidden = _dropout.call(_inner.call(x).relu_()); // (…, ffn); linear's gradient does not need its output
        return _outer.call(hidden).MoveToOuterDisposeScope();
    }
}

internal static class Residual
{
    /// <summary><c>x + dropout(f(norm(x)))</c> in a pre-norm model, <c>norm(x + dropout(f(x)))</c> in a post-norm one.</summary>
    internal static Tensor Apply(Tensor x, LayerNorm norm, Dropout dropout, bool normalizeFirst, Func<Tensor, Tensor> block)
    {
        using var scope = NewDisposeScope();
        Tensor sum = dropout.AddTo(x, block(normalizeFirst ? norm.call(x) : x));
        return (normalizeFirst ? sum : norm.call(sum)).MoveToOuterDisposeScope();
    }
}

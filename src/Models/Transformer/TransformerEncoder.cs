using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>A stack of <see cref="TransformerEncoderLayer"/>, with a last normalization in a pre-norm model.</summary>
public sealed class TransformerEncoder : nn.Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "layers")] private readonly ModuleList<TransformerEncoderLayer> _layers;
    [ComponentName(Name = "norm")] private readonly LayerNorm? _norm;

    /// <summary>Makes the stack from the model's settings.</summary>
    public TransformerEncoder(TransformerSettings settings) : base(nameof(TransformerEncoder))
    {
        _layers = new([.. Enumerable.Range(0, settings.EncoderLayers).Select(_ => new TransformerEncoderLayer(settings))]);
        _norm = settings.NormalizeFirst ? nn.LayerNorm(settings.ModelSize) : null;
        RegisterComponents();
    }

    /// <summary>Encodes embedded sentences.</summary>
    /// <param name="x">(S, B, d).</param>
    /// <param name="mask">The padding mask, (B, 1, 1, S).</param>
    /// <returns>(S, B, d).</returns>
    public override Tensor forward(Tensor x, Tensor mask)
    {
        using var scope = NewDisposeScope();
        foreach (TransformerEncoderLayer layer in _layers)
            x = layer.call(x, mask);
        return (_norm?.call(x) ?? x).MoveToOuterDisposeScope();
    }
}

/// <summary>Self-attention and a feed-forward block, each with residual, dropout and normalization.</summary>
public sealed class TransformerEncoderLayer : nn.Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "self_attention")] private readonly MultiHeadAttention _selfAttention;
    [ComponentName(Name = "self_attention_norm")] private readonly LayerNorm _selfAttentionNorm;
    [ComponentName(Name = "feed_forward")] private readonly FeedForward _feedForward;
    [ComponentName(Name = "feed_forward_norm")] private readonly LayerNorm _feedForwardNorm;
    [ComponentName(Name = "dropout")] private readonly Dropout _dropout;
    private readonly bool _normalizeFirst;

    /// <summary>Makes the layer from the model's settings.</summary>
    public TransformerEncoderLayer(TransformerSettings settings) : base(nameof(TransformerEncoderLayer))
    {
        _selfAttention = new MultiHeadAttention(settings.ModelSize, settings.Heads, settings.AttentionDropout);
        _selfAttentionNorm = nn.LayerNorm(settings.ModelSize);
        _feedForward = new FeedForward(settings);
        _feedForwardNorm = nn.LayerNorm(settings.ModelSize);
        _dropout = new Dropout(settings.Dropout);
        _normalizeFirst = settings.NormalizeFirst;
        RegisterComponents();
    }

    /// <summary>Applies the layer.</summary>
    /// <param name="x">(S, B, d).</param>
    /// <param name="mask">The padding mask, (B, 1, 1, S).</param>
    /// <returns>(S, B, d).</returns>
    public override Tensor forward(Tensor x, Tensor mask)
    {
        using var scope = NewDisposeScope();
        x = Residual.Apply(x, _selfAttentionNorm, _dropout, _normalizeFirst, y => _selfAttention.call(y, y, mask));
        x = Residual.Apply(x, _feedForwardNorm, _dropout, _normalizeFirst, _feedForward.call);
        return x.MoveToOuterDisposeScope();
    }
}

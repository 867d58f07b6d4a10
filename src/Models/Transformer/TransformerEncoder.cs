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

/// <summary>
/// The position-wise block <c>W₂ dropout(relu(W₁x + b₁)) + b₂</c> (Vaswani et al. 2017, section 3.3). Its weights keep
/// torch's initialisation of linear layers, as fairseq's do.
/// </summary>
public sealed class FeedForward : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "inner")] private readonly Linear _inner;
    [ComponentName(Name = "outer")] private readonly Linear _outer;
    [ComponentName(Name = "dropout")] private readonly Dropout _dropout;

    /// <summary>Makes the module from the model's settings.</summary>
    public FeedForward(TransformerSettings settings) : base(nameof(FeedForward))
    {
        _inner = nn.Linear(settings.ModelSize, settings.FeedForwardSize);
        _outer = nn.Linear(settings.FeedForwardSize, settings.ModelSize);
        _dropout = new Dropout(settings.ActivationDropout);
        RegisterComponents();
    }

    /// <summary>Applies the block to each position.</summary>
    /// <param name="x">(…, d).</param>
    /// <returns>(…, d).</returns>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        Tensor hidden = _dropout.call(_inner.call(x).relu_()); // (…, ffn); linear's gradient does not need its output
        return _outer.call(hidden).MoveToOuterDisposeScope();
    }
}

/// <summary>What surrounds every block of a transformer layer.</summary>
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

/// <summary>
/// Sinusoidal position embeddings laid out as fairseq's: the sines of all frequencies, then their cosines; the frequency
/// of column i of d/2 is <c>10000^(−i / (d/2 − 1))</c>. The first token of a sentence has position pad + 1, padding has
/// position pad, whose row is zero.
/// </summary>
public static class SinusoidalPositions
{
    /// <summary>Makes the table.</summary>
    /// <param name="length">The longest sentence.</param>
    /// <param name="modelSize">The width d, at least 4; the last column is zero where d is odd.</param>
    /// <param name="padId">The id of the padding token.</param>
    /// <returns>(padId + 1 + length, d), float64.</returns>
    public static Tensor Table(int length, int modelSize, int padId)
    {
        int half = modelSize / 2;
        var table = new double[padId + 1 + length, modelSize];
        for (int position = padId + 1; position < table.GetLength(0); position++)
            for (int i = 0; i < half; i++)
            {
                double angle = position * Math.Exp(-i * Math.Log(10000) / (half - 1));
                table[position, i] = Math.Sin(angle);
                table[position, half + i] = Math.Cos(angle);
            }
        return from_array(table);
    }

    /// <summary>The rows of <see cref="Table"/> for the tokens of a batch: padding is not counted.</summary>
    /// <param name="table">What <see cref="Table"/> returned.</param>
    /// <param name="tokens">(T, B) int64, time-first.</param>
    /// <param name="padId">The id of the padding token.</param>
    /// <returns>(T, B, d).</returns>
    public static Tensor Lookup(Tensor table, Tensor tokens, int padId)
    {
        using var scope = NewDisposeScope();
        Tensor real = tokens.ne(padId).to(int64);
        Tensor rows = real.cumsum(0).mul_(real).add_(padId);
        return table.index_select(0, rows.reshape(-1)).view(tokens.shape[0], tokens.shape[1], -1).MoveToOuterDisposeScope();
    }
}

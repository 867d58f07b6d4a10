using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// One layer: self-attention and a feed-forward block, each with dropout, residual and a normalization after it.
/// </summary>
internal sealed class BertLayer : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly BertSettings _settings;
    private readonly Linear _query;
    private readonly Linear _key;
    private readonly Linear _value;
    private readonly Linear _attentionOutput;
    private readonly Linear _inner;
    private readonly Linear _outer;
    private readonly LayerNorm _attentionNorm;
    private readonly LayerNorm _norm;
    private readonly Dropout _attentionDropout;
    private readonly Dropout _dropout;

    public BertLayer(BertSettings settings) : base(nameof(BertLayer))
    {
        _settings = settings;
        int d = settings.HiddenSize;
        _query = BertParts.NewLinear(settings, d, d);
        _key = BertParts.NewLinear(settings, d, d);
        _value = BertParts.NewLinear(settings, d, d);
        _attentionOutput = BertParts.NewLinear(settings, d, d);
        _inner = BertParts.NewLinear(settings, d, settings.FeedForwardSize);
        _outer = BertParts.NewLinear(settings, settings.FeedForwardSize, d);
        _attentionNorm = BertParts.NewNorm(settings);
        _norm = BertParts.NewNorm(settings);
        _attentionDropout = new Dropout(settings.AttentionDropout);
        _dropout = new Dropout(settings.Dropout);
        register_module("attention", new ModuleGroup(
            ("self", new ModuleGroup(("query", _query), ("key", _key), ("value", _value), ("dropout", _attentionDropout))),
            ("output", new ModuleGroup(("dense", _attentionOutput), ("LayerNorm", _attentionNorm)))));
        register_module("intermediate", new ModuleGroup(("dense", _inner)));
        register_module("output", new ModuleGroup(("dense", _outer), ("LayerNorm", _norm), ("dropout", _dropout)));
    }

    /// <summary>(T, B, d) and the mask of <see cref="BertParts.AttentionMask"/> to (T, B, d).</summary>
    public override Tensor forward(Tensor x, Tensor mask)
    {
        using var scope = NewDisposeScope();
        x = Residual.Apply(x, _attentionNorm, _dropout, normalizeFirst: false, y => _attentionOutput.call(
            DotProductAttention.Attend(y, y, _query, _key, _value, mask, _settings.Heads, _attentionDropout)));
        x = Residual.Apply(x, _norm, _dropout, normalizeFirst: false, y => _outer.call(
            BertParts.Activate(_settings.Activation, _inner.call(y))));
        return x.MoveToOuterDisposeScope();
    }
}

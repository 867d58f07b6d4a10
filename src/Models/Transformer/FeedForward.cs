using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace IntraDistill;

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

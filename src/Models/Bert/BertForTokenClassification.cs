using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Classification of every token: a linear layer over each state.</summary>
public sealed class BertForTokenClassification : BertModel<Tensor>
{
    private readonly Dropout _dropout;
    private readonly Linear _output;

    /// <summary>Makes the model, with weights drawn from torch's generator and one output for each of the labels.</summary>
    /// <exception cref="IntraDistillException">The settings do not describe a model.</exception>
    public BertForTokenClassification(BertSettings settings) : base(nameof(BertForTokenClassification), settings, pooler: false)
    {
        _dropout = NewClassifierDropout();
        _output = BertParts.NewLinear(settings, settings.HiddenSize, settings.Labels.Count);
        register_module("classifier", _output);
    }

    /// <summary>The head.</summary>
    /// <param name="hidden">(…, d): the encoder's states.</param>
    /// <returns>(…, labels).</returns>
    public override Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return _output.call(_dropout.call(hidden)).MoveToOuterDisposeScope();
    }

    /// <summary>Cross-entropy, averaged over the tokens that count.</summary>
    /// <param name="logits">(B, T, labels).</param>
    /// <param name="labels">(B, T) int64; −100 for tokens that do not count.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Loss(Tensor logits, Tensor labels)
    {
        using var scope = NewDisposeScope();
        Tensor scores = logits.flatten(0, -2).to(Divergences.SumType(logits.dtype));
        return nn.functional.cross_entropy(scores, labels.flatten(), ignore_index: -100).MoveToOuterDisposeScope();
    }
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Models;

/// <summary>
/// Masked language modelling: a dense layer, a normalization, and an output that shares the embeddings' weights and has a
/// bias of its own.
/// </summary>
public sealed class BertForMaskedLM : BertModel<Tensor>
{
    private readonly Linear _dense;
    private readonly LayerNorm _norm;
    private readonly nn.Module _biasOwner;

    /// <summary>Makes the model, with weights drawn from torch's generator.</summary>
    /// <exception cref="IntraDistillException">The settings do not describe a model.</exception>
    public BertForMaskedLM(BertSettings settings) : base(nameof(BertForMaskedLM), settings, pooler: false)
    {
        _dense = BertParts.NewLinear(settings, settings.HiddenSize, settings.HiddenSize);
        _norm = BertParts.NewNorm(settings);
        if (settings.Family == BertFamily.Bert)
        {
            _biasOwner = new ModuleGroup(("transform", new ModuleGroup(("dense", _dense), ("LayerNorm", _norm))));
            register_module("cls", new ModuleGroup(("predictions", _biasOwner)));
        }
        else
        {
            _biasOwner = new ModuleGroup(("dense", _dense), ("layer_norm", _norm));
            register_module("lm_head", _biasOwner);
        }
        _biasOwner.register_parameter("bias", new Parameter(zeros(settings.VocabularySize)));
    }

    /// <summary>
    /// The head. Of states that were chosen before, (N, d), it makes (N, V): no more logits than there are masks.
    /// </summary>
    /// <param name="hidden">(…, d): the encoder's states, all or some.</param>
    /// <returns>(…, V).</returns>
    public override Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        // RoBERTa's and XLM-R's head has GELU whatever the layers have.
        BertActivation activation = Settings.Family == BertFamily.Bert ? Settings.Activation : BertActivation.Gelu;
        Tensor transformed = _norm.call(BertParts.Activate(activation, _dense.call(hidden)));
        Tensor bias = _biasOwner.get_parameter("bias")!;
        return nn.functional.linear(transformed, Encoder.WordEmbeddings, bias).MoveToOuterDisposeScope();
    }

    /// <summary>Cross-entropy, averaged over the tokens that count.</summary>
    /// <param name="logits">(…, V).</param>
    /// <param name="labels">(…) int64: the tokens behind the masks; −100 for those that do not count.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Loss(Tensor logits, Tensor labels)
    {
        using var scope = NewDisposeScope();
        return nn.functional.cross_entropy(logits.flatten(0, -2), labels.flatten(), ignore_index: -100).MoveToOuterDisposeScope();
    }
}

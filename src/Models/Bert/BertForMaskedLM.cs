using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// Masked language modelling: a dense layer, a normalization, and an output that shares the embeddings' weights and has a
/// bias of its own.
/// </summary>
public sealed class BertForMaskedLM : BertModel<Tensor>
{
    private readonly MaskedLanguageHead _head;

    /// <summary>Makes the model, with weights drawn from torch's generator.</summary>
    /// <exception cref="IntraDistillException">The settings do not describe a model.</exception>
    public BertForMaskedLM(BertSettings settings) : base(nameof(BertForMaskedLM), settings, pooler: false)
    {
        _head = new MaskedLanguageHead(settings);
        if (settings.Family == BertFamily.Bert)
            register_module("cls", new ModuleGroup(("predictions", _head)));
        else
            register_module("lm_head", _head);
    }

    /// <summary>
    /// The head. Of states that were chosen before, (N, d), it makes (N, V): no more logits than there are masks.
    /// </summary>
    /// <param name="hidden">(…, d): the encoder's states, all or some.</param>
    /// <returns>(…, V).</returns>
    public override Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return _head.call(hidden, Encoder.WordEmbeddings).MoveToOuterDisposeScope();
    }

    /// <summary>Cross-entropy, averaged over the tokens that count.</summary>
    /// <param name="logits">(…, V).</param>
    /// <param name="labels">(…) int64: the tokens behind the masks; −100 for those that do not count.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Loss(Tensor logits, Tensor labels)
    {
        using var scope = NewDisposeScope();
        Tensor scores = logits.flatten(0, -2).to(Divergences.SumType(logits.dtype));
        return nn.functional.cross_entropy(scores, labels.flatten(), ignore_index: -100).MoveToOuterDisposeScope();
    }
}

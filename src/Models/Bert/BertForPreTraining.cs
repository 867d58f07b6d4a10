using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// BERT with the two heads it is pretrained with (Devlin et al. 2019, section 3.1): masked language modelling, and next-sentence
/// prediction over the pooler, whether the second text of a pair belongs to the first. RoBERTa and XLM-R have no second head.
/// </summary>
public sealed class BertForPreTraining : BertModel<Tensor>
{
    private readonly MaskedLanguageHead _head;
    private readonly Linear _relationship;

    /// <summary>Makes the model, with weights drawn from torch's generator.</summary>
    /// <exception cref="IntraDistillException">The settings do not describe a model, or one of another family than BERT.</exception>
    public BertForPreTraining(BertSettings settings) : base(nameof(BertForPreTraining), settings, pooler: true)
    {
        if (settings.Family != BertFamily.Bert)
            throw new IntraDistillException(
                $"{nameof(BertForPreTraining)} is BERT's; a {settings.Family} model is pretrained as {nameof(BertForMaskedLM)}");
        _head = new MaskedLanguageHead(settings);
        _relationship = BertParts.NewLinear(settings, settings.HiddenSize, 2);
        register_module("cls", new ModuleGroup(("predictions", _head), ("seq_relationship", _relationship)));
    }

    /// <summary>The head of masked language modelling; see <see cref="BertForMaskedLM.Logits"/>.</summary>
    /// <param name="hidden">(…, d): the encoder's states, all or some.</param>
    /// <returns>(…, V).</returns>
    public override Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return _head.call(hidden, Encoder.WordEmbeddings).MoveToOuterDisposeScope();
    }

    /// <summary>The head of next-sentence prediction.</summary>
    /// <param name="hidden">(B, T, d): the encoder's states.</param>
    /// <returns>(B, 2): that the second text belongs to the first, and that it does not.</returns>
    public Tensor NextSentence(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return _relationship.call(Encoder.Pool(hidden)).MoveToOuterDisposeScope();
    }

    /// <summary>Both objectives' mean cross-entropies, each over what counts; BERT minimizes their sum.</summary>
    /// <param name="logits">(…, V): of masked language modelling.</param>
    /// <param name="labels">(…) int64: the tokens behind the masks; −100 for those that do not count.</param>
    /// <param name="relationship">(B, 2): of next-sentence prediction.</param>
    /// <param name="drawn">(B) int64: 0 or 1; −100 for single texts, which do not count.</param>
    /// <returns>Two scalars: of masked language modelling, and of next-sentence prediction (0 where nothing counts).</returns>
    public static (Tensor MaskedLanguage, Tensor NextSentence) Losses(
        Tensor logits, Tensor labels, Tensor relationship, Tensor drawn)
    {
        using var scope = NewDisposeScope();
        Tensor scores = relationship.to(Divergences.SumType(relationship.dtype));
        Tensor sum = nn.functional.cross_entropy(scores, drawn, ignore_index: -100, reduction: nn.Reduction.Sum);
        Tensor next = sum / drawn.ne(-100).sum().clamp_min(1);
        return (BertForMaskedLM.Loss(logits, labels).MoveToOuterDisposeScope(), next.MoveToOuterDisposeScope());
    }
}

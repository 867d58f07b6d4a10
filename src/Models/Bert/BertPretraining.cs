using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Masked language modelling: what stands behind the masks, by an output that shares the embeddings' weights.</summary>
public sealed class BertForMaskedLM : BertModel<Tensor>
{
    private readonly MaskedLanguageHead _head;

    /// <summary>Makes the model, with weights drawn from torch's generator.</summary>
    public BertForMaskedLM(BertSettings settings) : base(nameof(BertForMaskedLM), settings, pooler: false)
    {
        _head = new MaskedLanguageHead(settings);
        if (settings.Family == BertFamily.Bert)
            register_module("cls", new ModuleGroup(("predictions", _head)));
        else
            register_module("lm_head", _head);
    }

    /// <summary>The head: of the encoder's states (…, d), all or some, it makes (…, V). Of states that were chosen before, (N, d), it makes
    /// no more logits than there are masks.</summary>
    public override Tensor Logits(Tensor hidden) => _head.call(hidden, Encoder);

    /// <summary>Cross-entropy of logits (…, V), averaged over the tokens that count: labels (…) int64, the tokens behind the masks, −100
    /// for those that do not.</summary>
    public static Tensor Loss(Tensor logits, Tensor labels) => CrossEntropy(logits, labels);
}

/// <summary>BERT with the two heads it is pretrained with (Devlin et al. 2019, section 3.1): masked language modelling, and next-sentence
/// prediction over the pooler, whether the second text of a pair belongs to the first. RoBERTa and XLM-R have no second head.</summary>
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
    public override Tensor Logits(Tensor hidden) => _head.call(hidden, Encoder);

    /// <summary>The head of next-sentence prediction: of the encoder's states (B, T, d) it makes (B, 2), that the second text belongs to
    /// the first, and that it does not.</summary>
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

/// <summary>The head of masked language modelling: a dense layer, a normalization, and an output that shares the embeddings' weights and
/// has a bias of its own.</summary>
internal sealed class MaskedLanguageHead : nn.Module<Tensor, BertEncoder, Tensor>
{
    private readonly Linear _dense;
    private readonly LayerNorm _norm;
    private readonly BertActivation _activation;

    public MaskedLanguageHead(BertSettings settings) : base(nameof(MaskedLanguageHead))
    {
        bool bert = settings.Family == BertFamily.Bert;
        // RoBERTa's and XLM-R's head has GELU whatever the layers have.
        _activation = bert ? settings.Activation : BertActivation.Gelu;
        _dense = BertParts.NewLinear(settings, settings.HiddenSize, settings.HiddenSize);
        _norm = BertParts.NewNorm(settings);
        if (bert)
            register_module("transform", new ModuleGroup(("dense", _dense), ("LayerNorm", _norm)));
        else
        {
            register_module("dense", _dense);
            register_module("layer_norm", _norm);
        }
        register_parameter("bias", new Parameter(zeros(settings.VocabularySize)));
    }

    /// <summary>(…, d) to (…, V), with the embeddings of an encoder.</summary>
    public override Tensor forward(Tensor hidden, BertEncoder encoder)
    {
        using var scope = NewDisposeScope(); // also for the embeddings, which come under a handle of their own
        Tensor transformed = _norm.call(BertParts.Activate(_activation, _dense.call(hidden)));
        return nn.functional.linear(transformed, encoder.WordEmbeddings, get_parameter("bias")!).MoveToOuterDisposeScope();
    }
}

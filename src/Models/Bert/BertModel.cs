using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>An encoder with a head.</summary>
public interface IBertModel
{
    /// <summary>The encoder.</summary>
    BertEncoder Encoder { get; }
}

/// <summary>An encoder with a head, which gives a <typeparamref name="TResult"/>. <c>call</c> is <see cref="Logits"/> after the encoder;
/// the two can be called apart to have the states between them. Making one checks the settings
/// (<see cref="BertSettings.Validate"/>).</summary>
public abstract class BertModel<TResult> : nn.Module<Tensor, Tensor, Tensor?, TResult>, IBertModel
{
    private protected BertModel(string name, BertSettings settings, bool pooler) : base(name)
    {
        Encoder = new BertEncoder(settings, pooler);
        register_module(settings.EncoderName, Encoder);
    }

    /// <summary>The encoder.</summary>
    public BertEncoder Encoder { get; }

    /// <summary>What the model was made from.</summary>
    public BertSettings Settings => Encoder.Settings;

    /// <summary>The head, over the encoder's states (B, T, d).</summary>
    public abstract TResult Logits(Tensor hidden);

    /// <summary>Encodes a batch, as <see cref="BertEncoder.forward"/> does, and applies the head.</summary>
    public override TResult forward(Tensor ids, Tensor attentionMask, Tensor? tokenTypes = null)
    {
        using Tensor hidden = Encoder.call(ids, attentionMask, tokenTypes);
        return Logits(hidden);
    }

    private protected Dropout NewClassifierDropout()
    {
        Dropout dropout = new(Settings.ClassifierDropout ?? Settings.Dropout);
        register_module("dropout", dropout);
        return dropout;
    }

    /// <summary>The mean over the labels (…) that are not <paramref name="ignored"/>, of logits (…, classes).</summary>
    private protected static Tensor CrossEntropy(Tensor logits, Tensor labels, long ignored = -100)
    {
        using var scope = NewDisposeScope();
        Tensor scores = logits.flatten(0, -2).to(Divergences.SumType(logits.dtype));
        return nn.functional.cross_entropy(scores, labels.flatten(), ignore_index: ignored).MoveToOuterDisposeScope();
    }
}

/// <summary>Classification of, or a regression on, whole sequences or pairs of them: BERT's pooler and a linear layer, or RoBERTa's
/// and XLM-R's head of two layers, over the state of the first token.</summary>
public sealed class BertForSequenceClassification : BertModel<Tensor>
{
    private readonly Dropout _dropout;
    private readonly Linear? _dense;
    private readonly Linear _output;

    /// <summary>Makes the model, with weights drawn from torch's generator and one output for each of the labels.</summary>
    public BertForSequenceClassification(BertSettings settings)
        : base(nameof(BertForSequenceClassification), settings, pooler: settings.Family == BertFamily.Bert)
    {
        _dropout = NewClassifierDropout();
        if (settings.Family != BertFamily.Bert)
            _dense = BertParts.NewLinear(settings, settings.HiddenSize, settings.HiddenSize);
        _output = BertParts.NewLinear(settings, settings.HiddenSize, settings.Labels.Count);
        register_module("classifier", _dense is null ? _output : new ModuleGroup(("dense", _dense), ("out_proj", _output)));
    }

    /// <summary>What the outputs mean.</summary>
    public BertProblem Problem =>
        Settings.Problem ?? (Settings.Labels.Count == 1 ? BertProblem.Regression : BertProblem.SingleLabel);

    /// <summary>The head: of the encoder's states (B, T, d) it makes (B, labels).</summary>
    public override Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        Tensor first = _dense is null ? Encoder.Pool(hidden) : _dense.call(_dropout.call(hidden.select(1, 0))).tanh();
        return _output.call(_dropout.call(first)).MoveToOuterDisposeScope();
    }

    /// <summary>The task's loss, averaged over the batch.</summary>
    /// <param name="logits">(B, labels).</param>
    /// <param name="labels">By <see cref="Problem"/>: (B) int64, the label; (B, labels), 1 for those that hold; (B) or (B, labels), the
    /// numbers.</param>
    public Tensor Loss(Tensor logits, Tensor labels)
    {
        using var scope = NewDisposeScope();
        logits = logits.to(Divergences.SumType(logits.dtype));
        Tensor loss = Problem switch
        {
            BertProblem.SingleLabel => nn.functional.cross_entropy(logits, labels),
            BertProblem.MultiLabel => nn.functional.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype)),
            _ => nn.functional.mse_loss(logits, labels.to(logits.dtype).view(logits.shape)),
        };
        return loss.MoveToOuterDisposeScope();
    }
}

/// <summary>Classification of every token: a linear layer over each state.</summary>
public sealed class BertForTokenClassification : BertModel<Tensor>
{
    private readonly Dropout _dropout;
    private readonly Linear _output;

    /// <summary>Makes the model, with weights drawn from torch's generator and one output for each of the labels.</summary>
    public BertForTokenClassification(BertSettings settings) : base(nameof(BertForTokenClassification), settings, pooler: false)
    {
        _dropout = NewClassifierDropout();
        _output = BertParts.NewLinear(settings, settings.HiddenSize, settings.Labels.Count);
        register_module("classifier", _output);
    }

    /// <summary>The head: of the encoder's states (…, d) it makes (…, labels).</summary>
    public override Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return _output.call(_dropout.call(hidden)).MoveToOuterDisposeScope();
    }

    /// <summary>Cross-entropy of logits (B, T, labels), averaged over the tokens that count: labels (B, T) int64, −100 for those that do
    /// not.</summary>
    public static Tensor Loss(Tensor logits, Tensor labels) => CrossEntropy(logits, labels);
}

/// <summary>Answers to questions as spans of a text: two scores for every token, as the answer's first and as its last.</summary>
public sealed class BertForQuestionAnswering : BertModel<(Tensor Start, Tensor End)>
{
    private readonly Linear _output;

    /// <summary>Makes the model, with weights drawn from torch's generator.</summary>
    public BertForQuestionAnswering(BertSettings settings) : base(nameof(BertForQuestionAnswering), settings, pooler: false)
    {
        _output = BertParts.NewLinear(settings, settings.HiddenSize, 2);
        register_module("qa_outputs", _output);
    }

    /// <summary>The head: of the encoder's states (B, T, d) the logits of the answer's first and of its last token, (B, T) each.</summary>
    public override (Tensor Start, Tensor End) Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        Tensor scores = _output.call(hidden); // (B, T, 2)
        return (Column(0), Column(1));

        Tensor Column(long column) => scores.select(-1, column).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>The mean of both cross-entropies, averaged over the answers that lie within the sequence.</summary>
    /// <param name="logits">(B, T) each.</param>
    /// <param name="start">(B) int64: the answer's first token; T or more where it lies outside, which does not count.</param>
    /// <param name="end">(B) int64: its last token, likewise.</param>
    public static Tensor Loss((Tensor Start, Tensor End) logits, Tensor start, Tensor end)
    {
        using var scope = NewDisposeScope();
        return ((Inside(logits.Start, start) + Inside(logits.End, end)) / 2).MoveToOuterDisposeScope();

        static Tensor Inside(Tensor scores, Tensor positions) =>
            CrossEntropy(scores, positions.clamp(0, scores.shape[1]), ignored: scores.shape[1]);
    }
}

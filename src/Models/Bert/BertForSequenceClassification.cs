using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// Classification of, or a regression on, whole sequences or pairs of them: BERT's pooler and a linear layer, or RoBERTa's
/// and XLM-R's head of two layers, over the state of the first token.
/// </summary>
public sealed class BertForSequenceClassification : BertModel<Tensor>
{
    private readonly Dropout _dropout;
    private readonly Linear? _dense;
    private readonly Linear _output;

    /// <summary>Makes the model, with weights drawn from torch's generator and one output for each of the labels.</summary>
    /// <exception cref="IntraDistillException">The settings do not describe a model.</exception>
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

    /// <summary>The head.</summary>
    /// <param name="hidden">(B, T, d): the encoder's states.</param>
    /// <returns>(B, labels).</returns>
    public override Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        Tensor first = _dense is null
            ? Encoder.Pool(hidden)
            : _dense.call(_dropout.call(hidden.select(1, 0))).tanh();
        return _output.call(_dropout.call(first)).MoveToOuterDisposeScope();
    }

    /// <summary>The task's loss, averaged over the batch.</summary>
    /// <param name="logits">(B, labels).</param>
    /// <param name="labels">
    /// By <see cref="Problem"/>: (B) int64, the label; (B, labels), 1 for those that hold; (B) or (B, labels), the numbers.
    /// </param>
    /// <returns>A scalar.</returns>
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

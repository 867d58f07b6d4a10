using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>Encoded texts, or pairs of texts, and what is to be predicted of each.</summary>
/// <param name="Texts">B rows.</param>
/// <param name="Labels">B entries: the number of a class, or a score; NaN where there is no label.</param>
public sealed record ClassificationBatch(EncodedBatch Texts, double[] Labels) : KitRecord, IBatch
{
    /// <summary>B, the number of examples.</summary>
    public int Tokens => Labels.Length;

    /// <summary>Which text of the list that the batches were made from each row is; B entries.</summary>
    public IReadOnlyList<int> Indices { get; init; } = [];

    /// <summary>
    /// How many examples the whole update has when this is a part of it (gradient accumulation); else B. It is what
    /// <see cref="IntraDistillation"/> takes as <c>updatePositions</c>.
    /// </summary>
    public int UpdateExamples { get; init; } = Labels.Length;

    /// <summary>The labels on a device, as <see cref="BertForSequenceClassification.Loss"/> takes them.</summary>
    /// <param name="device">The device.</param>
    /// <param name="problem">What is predicted: a score, or a class.</param>
    /// <returns>(B), float32 for a score, int64 for a class.</returns>
    public Tensor LabelsOn(Device device, BertProblem problem) =>
        tensor(Labels, device: device).to(problem == BertProblem.Regression ? float32 : int64);
}

/// <summary>How labelled texts are put into batches; the defaults are the paper's for GLUE.</summary>
public sealed record ClassificationBatchSettings : BatchSettings
{
    /// <summary>The most ids in an example, special tokens included; a longer one is cut as the tokenizer says.</summary>
    public int MaxLength { get; init; } = 128;

    /// <inheritdoc/>
    internal override void Check()
    {
        base.Check();
        AtLeast(MaxLength, 3, nameof(MaxLength));
    }
}

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

    /// <summary>How many examples the whole update has when this is a part of it (gradient accumulation); else B. It is what
    /// <see cref="IntraDistillation"/> takes as <c>updatePositions</c>.</summary>
    public int UpdateExamples { get; init; } = Labels.Length;

    /// <summary>The labels on a device, as <see cref="BertForSequenceClassification.Loss"/> takes them: (B), float32 for a score, int64 for
    /// a class.</summary>
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

/// <summary>The training batches of a classification or regression task: every example once an epoch.</summary>
public sealed class ClassificationBatches : RowBatches<ClassificationBatch>
{
    private readonly EncodedText[] _encoded;
    private readonly double[] _labels;

    /// <summary>Encodes texts with the model's tokenizer.</summary>
    /// <exception cref="IntraDistillException">There are no texts, one has no label or cannot be encoded, or a setting is out of
    /// range.</exception>
    public ClassificationBatches(IReadOnlyList<LabelledText> texts, PretrainedTokenizer tokenizer,
        ClassificationBatchSettings? settings = null) : this(texts, tokenizer, settings ?? new(), labelled: true) { }

    private ClassificationBatches(IReadOnlyList<LabelledText> texts, PretrainedTokenizer tokenizer,
        ClassificationBatchSettings settings, bool labelled) : base(settings, tokenizer.PadId)
    {
        if (texts.Count == 0)
            throw new IntraDistillException("there are no labelled texts to make batches of");
        _labels = [.. texts.Select(text => text.Label ?? double.NaN)];
        if (labelled && Array.FindIndex(_labels, label => !double.IsFinite(label)) is >= 0 and int bad)
            throw new IntraDistillException($"example {texts[bad].Id} has no label; training needs the number of a class, or a score");
        _encoded = EncodedTexts.Encode(texts.Count,
            i => (texts[i].Text, texts[i].Pair, $"example {texts[i].Id}"), tokenizer, settings.MaxLength).Texts;
    }

    /// <summary>The texts in batches for evaluation: the same each time, shortest first, nothing random, in the size of a part;
    /// <see cref="ClassificationBatch.Indices"/> says where each row's result belongs. A text may lack its label, which is NaN
    /// then.</summary>
    /// <exception cref="IntraDistillException">There are no texts, one cannot be encoded, or a setting is out of range.</exception>
    public static IReadOnlyList<ClassificationBatch> InOrder(IReadOnlyList<LabelledText> texts, PretrainedTokenizer tokenizer,
        ClassificationBatchSettings? settings = null) =>
        new ClassificationBatches(texts, tokenizer, settings ?? new(), labelled: false).InOrder();

    private protected override int Rows => _encoded.Length;

    private protected override EncodedText Row(int number) => _encoded[number];

    private protected override ClassificationBatch Batch(EncodedBatch texts, int[] rows) =>
        new(texts, [.. rows.Select(row => _labels[row])]) { Indices = rows };

    private protected override ClassificationBatch OfUpdate(ClassificationBatch part, int predictions) =>
        part with { UpdateExamples = predictions };
}

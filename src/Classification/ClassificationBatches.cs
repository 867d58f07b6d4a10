
namespace IntraDistill.Tasks;

/// <summary>
/// The training batches of a classification or regression task: every example once an epoch.
/// </summary>
public sealed class ClassificationBatches : RowBatches<ClassificationBatch>
{
    private readonly EncodedText[] _encoded;
    private readonly double[] _labels;

    /// <summary>Encodes the texts.</summary>
    /// <param name="texts">At least one; all of them labelled.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <exception cref="IntraDistillException">
    /// There are no texts, one has no label or cannot be encoded, or a setting is out of range.
    /// </exception>
    public ClassificationBatches(IReadOnlyList<LabelledText> texts, IPretrainedTokenizer tokenizer,
        ClassificationBatchSettings? settings = null) : this(texts, tokenizer, settings ?? new(), labelled: true) { }

    private ClassificationBatches(IReadOnlyList<LabelledText> texts, IPretrainedTokenizer tokenizer,
        ClassificationBatchSettings settings, bool labelled) : base(settings, tokenizer.PadId)
    {
        if (texts.Count == 0)
            throw new IntraDistillException("there are no labelled texts to make batches of");
        if (labelled && texts.FirstOrDefault(text => text.Label is not { } label || !double.IsFinite(label)) is { } bad)
            throw new IntraDistillException($"example {bad.Id} has no label; training needs the number of a class, or a score");
        _labels = [.. texts.Select(text => text.Label ?? double.NaN)];
        (_encoded, TruncatedTexts) = EncodedTexts.Encode(texts.Count,
            i => (texts[i].Text, texts[i].Pair, $"example {texts[i].Id}"), tokenizer, settings.MaxLength);
    }

    /// <summary>How many examples were longer than <see cref="ClassificationBatchSettings.MaxLength"/> and cut.</summary>
    public int TruncatedTexts { get; }

    /// <summary>
    /// The texts in batches for evaluation: the same each time, shortest first, nothing random, in the size of a part. A text
    /// may lack its label, which is NaN then.
    /// </summary>
    /// <param name="texts">At least one.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <returns>Batches whose <see cref="ClassificationBatch.Indices"/> say where each row's result belongs.</returns>
    /// <exception cref="IntraDistillException">
    /// There are no texts, one cannot be encoded, or a setting is out of range.
    /// </exception>
    public static IReadOnlyList<ClassificationBatch> InOrder(IReadOnlyList<LabelledText> texts, IPretrainedTokenizer tokenizer,
        ClassificationBatchSettings? settings = null) =>
        new ClassificationBatches(texts, tokenizer, settings ?? new(), labelled: false).InOrder();

    private protected override int Rows => _encoded.Length;

    private protected override EncodedText Row(int number) => _encoded[number];

    private protected override ClassificationBatch Batch(EncodedBatch texts, int[] rows) =>
        new(texts, [.. rows.Select(row => _labels[row])]) { Indices = rows };

    private protected override ClassificationBatch OfUpdate(ClassificationBatch part, int predictions) => part with { UpdateExamples = predictions };
}


namespace IntraDistill.Tasks;

/// <summary>
/// The training batches of a classification or regression task: every example once an epoch, in batches of a fixed size that may
/// come in parts; host arrays only.
/// </summary>
/// <remarks>
/// An epoch shuffles the examples (Fisher–Yates, <see cref="Random"/> seeded with seed and epoch), takes what does not fill a
/// batch off its end, sorts the others within windows of <see cref="BatchSettings.GroupBatches"/> batches stably by
/// length, cuts them into batches, and shuffles these; the batch that is not full comes last. It depends on seed and epoch only.
/// The parts of a batch follow one another, so that <see cref="PartsPerUpdate"/> of them at a time make whole batches.
/// </remarks>
public sealed class ClassificationBatches : IBatchSource<ClassificationBatch>
{
    private readonly EncodedText[] _encoded;
    private readonly double[] _labels;
    private readonly int _padId;
    private readonly ClassificationBatchSettings _settings;

    /// <summary>Encodes the texts.</summary>
    /// <param name="texts">At least one; all of them labelled.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <exception cref="IntraDistillException">
    /// There are no texts, one has no label or cannot be encoded, or a setting is out of range.
    /// </exception>
    public ClassificationBatches(IReadOnlyList<LabelledText> texts, IPretrainedTokenizer tokenizer,
        ClassificationBatchSettings? settings = null) : this(texts, tokenizer, settings, labelled: true) { }

    private ClassificationBatches(IReadOnlyList<LabelledText> texts, IPretrainedTokenizer tokenizer,
        ClassificationBatchSettings? settings, bool labelled)
    {
        _settings = settings ?? new ClassificationBatchSettings();
        _settings.Check();
        if (texts.Count == 0)
            throw new IntraDistillException("there are no labelled texts to make batches of");
        if (labelled && texts.FirstOrDefault(text => text.Label is not { } label || !double.IsFinite(label)) is { } bad)
            throw new IntraDistillException($"example {bad.Id} has no label; training needs the number of a class, or a score");
        _labels = [.. texts.Select(text => text.Label ?? double.NaN)];
        _padId = tokenizer.PadId;
        (_encoded, TruncatedTexts) = EncodedTexts.Encode(texts.Count,
            i => (texts[i].Text, texts[i].Pair, $"example {texts[i].Id}"), tokenizer, _settings.MaxLength);
    }

    /// <summary>How many examples were longer than <see cref="ClassificationBatchSettings.MaxLength"/> and cut.</summary>
    public int TruncatedTexts { get; }

    /// <summary>How many updates an epoch has; the last one may be of a batch that is not full.</summary>
    public int UpdatesPerEpoch => (_encoded.Length - 1) / _settings.BatchSize + 1;

    /// <summary>
    /// The parts of a full batch: what <see cref="TrainerSettings.GradientAccumulation"/> is to be. A batch that is not
    /// full has as many or fewer.
    /// </summary>
    public int PartsPerUpdate => _settings.PartsPerUpdate;

    /// <inheritdoc/>
    public IReadOnlyList<ClassificationBatch> Epoch(int epoch) =>
        [.. EpochOrder.Batches(_encoded.Length, Length, _settings, epoch).SelectMany(Parts)];

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
        ClassificationBatchSettings? settings = null)
    {
        ClassificationBatches batches = new(texts, tokenizer, settings, labelled: false);
        return [.. EpochOrder.Cut(Enumerable.Range(0, texts.Count), batches._settings.FullPart, batches.Length)
            .Select(rows => batches.Batch(rows, rows.Length))];
    }

    private int Length(int example) => _encoded[example].Length;

    private IEnumerable<ClassificationBatch> Parts(int[] batch) =>
        batch.Chunk(_settings.FullPart).Select(rows => Batch(rows, batch.Length));

    private ClassificationBatch Batch(int[] rows, int updateExamples) =>
        new(EncodedBatch.Pad([.. rows.Select(row => _encoded[row])], _padId), [.. rows.Select(row => _labels[row])])
        {
            Indices = rows,
            UpdateExamples = updateExamples,
        };
}

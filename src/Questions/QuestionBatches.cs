
namespace IntraDistill.Tasks;

/// <summary>
/// The training batches of question answering: every window of every question once an epoch, also those without the answer (whose
/// label is the token before the question, as in the authors' code), in batches of a fixed size that may come in parts; host
/// arrays only.
/// </summary>
/// <remarks>
/// An epoch orders the windows as <see cref="ClassificationBatches"/> orders its examples, and depends on seed and epoch only.
/// The parts of a batch follow one another, so that <see cref="PartsPerUpdate"/> of them at a time make whole batches.
/// </remarks>
public sealed class QuestionBatches : IBatchSource<QuestionBatch>
{
    private readonly IReadOnlyList<QuestionWindow> _windows;
    private readonly int _padId;
    private readonly QuestionBatchSettings _settings;

    /// <summary>Encodes the questions.</summary>
    /// <param name="questions">At least one; all of them with an answer.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <exception cref="IntraDistillException">
    /// There are no questions, one has no answer or cannot be encoded, or a setting is out of range.
    /// </exception>
    public QuestionBatches(IReadOnlyList<QuestionExample> questions, IPretrainedTokenizer tokenizer,
        QuestionBatchSettings? settings = null) : this(questions, tokenizer, settings, answered: true) { }

    private QuestionBatches(
        IReadOnlyList<QuestionExample> questions, IPretrainedTokenizer tokenizer, QuestionBatchSettings? settings, bool answered)
    {
        _settings = settings ?? new QuestionBatchSettings();
        if (questions.Count == 0)
            throw new IntraDistillException("there are no questions to make batches of");
        if (answered && questions.FirstOrDefault(question => question.Answers.Count == 0) is { } bad)
            throw new IntraDistillException($"question {bad.Id} has no answer; training needs one for each");
        _padId = tokenizer.PadId;
        _windows = QuestionWindows.Of(questions, tokenizer, _settings);
    }

    /// <summary>The windows: what an epoch goes through.</summary>
    public IReadOnlyList<QuestionWindow> Windows => _windows;

    /// <summary>How many updates an epoch has; the last one may be of a batch that is not full.</summary>
    public int UpdatesPerEpoch => (_windows.Count - 1) / _settings.BatchSize + 1;

    /// <summary>
    /// The parts of a full batch: what <see cref="TrainerSettings.GradientAccumulation"/> is to be. A batch that is not
    /// full has as many or fewer.
    /// </summary>
    public int PartsPerUpdate => _settings.PartsPerUpdate;

    /// <inheritdoc/>
    public IReadOnlyList<QuestionBatch> Epoch(int epoch) =>
        [.. EpochOrder.Batches(_windows.Count, Length, _settings, epoch).SelectMany(Parts)];

    /// <summary>
    /// All windows in batches for evaluation: the same each time, shortest first, nothing random, in the size of a part. What
    /// <see cref="AnswerFinder"/> takes; answers need not be known.
    /// </summary>
    /// <param name="questions">At least one.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <exception cref="IntraDistillException">
    /// There are no questions, one cannot be encoded, or a setting is out of range.
    /// </exception>
    public static IReadOnlyList<QuestionBatch> InOrder(
        IReadOnlyList<QuestionExample> questions, IPretrainedTokenizer tokenizer, QuestionBatchSettings? settings = null)
    {
        QuestionBatches batches = new(questions, tokenizer, settings, answered: false);
        return [.. EpochOrder.Cut(Enumerable.Range(0, batches._windows.Count), batches._settings.FullPart, batches.Length)
            .Select(part => batches.Batch(part, part.Length))];
    }

    private int Length(int window) => _windows[window].Text.Length;

    private IEnumerable<QuestionBatch> Parts(int[] batch) =>
        batch.Chunk(_settings.FullPart).Select(part => Batch(part, batch.Length));

    private QuestionBatch Batch(int[] numbers, int updateWindows)
    {
        QuestionWindow[] windows = [.. numbers.Select(number => _windows[number])];
        return new QuestionBatch(EncodedBatch.Pad([.. windows.Select(window => window.Text)], _padId),
            [.. windows.Select(window => (long)window.Start)], [.. windows.Select(window => (long)window.End)])
        {
            Windows = windows,
            UpdateWindows = updateWindows,
        };
    }
}

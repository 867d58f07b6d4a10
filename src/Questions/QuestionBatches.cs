
namespace IntraDistill.Tasks;

/// <summary>
/// The training batches of question answering: every window of every question once an epoch, also those without the answer (whose
/// label is the token before the question, as in the authors' code).
/// </summary>
public sealed class QuestionBatches : RowBatches<QuestionBatch>
{
    /// <summary>Encodes the questions.</summary>
    /// <param name="questions">At least one; all of them with an answer.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <exception cref="IntraDistillException">
    /// There are no questions, one has no answer or cannot be encoded, or a setting is out of range.
    /// </exception>
    public QuestionBatches(IReadOnlyList<QuestionExample> questions, IPretrainedTokenizer tokenizer,
        QuestionBatchSettings? settings = null) : this(questions, tokenizer, settings ?? new(), answered: true) { }

    private QuestionBatches(
        IReadOnlyList<QuestionExample> questions, IPretrainedTokenizer tokenizer, QuestionBatchSettings settings, bool answered)
        : base(settings, tokenizer.PadId)
    {
        if (questions.Count == 0)
            throw new IntraDistillException("there are no questions to make batches of");
        if (answered && questions.FirstOrDefault(question => question.Answers.Count == 0) is { } bad)
            throw new IntraDistillException($"question {bad.Id} has no answer; training needs one for each");
        Windows = QuestionWindows.Of(questions, tokenizer, settings);
    }

    /// <summary>The windows: what an epoch goes through.</summary>
    public IReadOnlyList<QuestionWindow> Windows { get; }

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
        IReadOnlyList<QuestionExample> questions, IPretrainedTokenizer tokenizer, QuestionBatchSettings? settings = null) =>
        new QuestionBatches(questions, tokenizer, settings ?? new(), answered: false).InOrder();

    private protected override int Rows => Windows.Count;

    private protected override EncodedText Row(int number) => Windows[number].Text;

    private protected override QuestionBatch Batch(EncodedBatch texts, int[] rows)
    {
        QuestionWindow[] windows = [.. rows.Select(row => Windows[row])];
        return new(texts, [.. windows.Select(window => (long)window.Start)], [.. windows.Select(window => (long)window.End)]) { Windows = windows };
    }

    private protected override QuestionBatch OfUpdate(QuestionBatch part, int predictions) => part with { UpdateWindows = predictions };
}

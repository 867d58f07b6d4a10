using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>Windows of questions, B rows, and where their answers are: the first token, 0 where the window has no answer, and the
/// last.</summary>
public sealed record QuestionBatch(EncodedBatch Texts, long[] Starts, long[] Ends) : KitRecord, IBatch
{
    /// <summary>B, the number of windows.</summary>
    public int Tokens => Starts.Length;

    /// <summary>The window of each row; B entries.</summary>
    public IReadOnlyList<QuestionWindow> Windows { get; init; } = [];

    /// <summary>How many windows the whole update has when this is a part of it (gradient accumulation); else B. See
    /// <see cref="SpanDistillation"/>.</summary>
    public int UpdateWindows { get; init; } = Starts.Length;

    /// <summary>The answers on a device: (B) int64 each.</summary>
    public (Tensor Starts, Tensor Ends) AnswersOn(Device device) => (tensor(Starts, device: device), tensor(Ends, device: device));
}

/// <summary>How questions are cut into windows and these put into batches; the defaults are the paper's. An example is a window; the
/// authors have 8 in a part.</summary>
public sealed record QuestionBatchSettings : BatchSettings
{
    // RoBERTa and XLM-R have four around a pair, BERT three.
    private const long Specials = 4;

    /// <summary>The most ids in a window, special tokens included.</summary>
    public int MaxLength { get; init; } = 384;

    /// <summary>How many tokens of the text later the next window begins.</summary>
    public int Stride { get; init; } = 128;

    /// <summary>The most tokens of a question; what is beyond is cut off its end.</summary>
    public int MaxQuestionLength { get; init; } = 64;

    /// <inheritdoc/>
    internal override void Check()
    {
        base.Check();
        AtLeast(Stride, 1, nameof(Stride));
        AtLeast(MaxQuestionLength, 1, nameof(MaxQuestionLength));
        // Else tokens between two windows would be in none.
        AtLeast(MaxLength, Specials + MaxQuestionLength + Stride, $"{nameof(MaxLength)} beside this question length and stride");
    }
}

/// <summary>The training batches of question answering: every window of every question once an epoch, also those without the answer (whose
/// label is the token before the question, as in the authors' code).</summary>
public sealed class QuestionBatches : RowBatches<QuestionBatch>
{
    /// <summary>Encodes questions with the model's tokenizer.</summary>
    /// <exception cref="IntraDistillException">There are no questions, one has no answer or cannot be encoded, or a setting is out of
    /// range.</exception>
    public QuestionBatches(IReadOnlyList<QuestionExample> questions, PretrainedTokenizer tokenizer,
        QuestionBatchSettings? settings = null) : this(questions, tokenizer, settings ?? new(), answered: true) { }

    private QuestionBatches(
        IReadOnlyList<QuestionExample> questions, PretrainedTokenizer tokenizer, QuestionBatchSettings settings, bool answered)
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

    /// <summary>All windows in batches for evaluation: the same each time, shortest first, nothing random, in the size of a part. What
    /// <see cref="AnswerFinder"/> takes; answers need not be known.</summary>
    /// <exception cref="IntraDistillException">There are no questions, one cannot be encoded, or a setting is out of range.</exception>
    public static IReadOnlyList<QuestionBatch> InOrder(
        IReadOnlyList<QuestionExample> questions, PretrainedTokenizer tokenizer, QuestionBatchSettings? settings = null) =>
        new QuestionBatches(questions, tokenizer, settings ?? new(), answered: false).InOrder();

    private protected override int Rows => Windows.Count;

    private protected override EncodedText Row(int number) => Windows[number].Text;

    private protected override QuestionBatch Batch(EncodedBatch texts, int[] rows)
    {
        QuestionWindow[] windows = [.. rows.Select(row => Windows[row])];
        return new(texts, [.. windows.Select(one => (long)one.Start)], [.. windows.Select(one => (long)one.End)]) { Windows = windows };
    }

    private protected override QuestionBatch OfUpdate(QuestionBatch part, int predictions) => part with { UpdateWindows = predictions };
}

using IntraDistill.Text;

namespace IntraDistill.Data;

/// <summary>Windows of questions, and where their answers are.</summary>
/// <param name="Texts">B rows.</param>
/// <param name="Starts">B entries: the answer's first token; 0 where the window has no answer.</param>
/// <param name="Ends">B entries: its last one.</param>
public sealed record QuestionBatch(EncodedBatch Texts, long[] Starts, long[] Ends) : IBatch
{
    /// <summary>B, the number of windows.</summary>
    public int Tokens => Starts.Length;

    /// <summary>The window of each row; B entries.</summary>
    public IReadOnlyList<QuestionWindow> Windows { get; init; } = [];

    /// <summary>
    /// How many windows the whole update has when this is a part of it (gradient accumulation); else B. See
    /// <see cref="Objective.SpanDistillation"/>.
    /// </summary>
    public int UpdateWindows { get; init; } = Starts.Length;
}

/// <summary>How questions are cut into windows and these put into batches; the defaults are the paper's.</summary>
public sealed record QuestionBatchSettings
{
    // RoBERTa and XLM-R have four around a pair, BERT three.
    private const int Specials = 4;

    /// <summary>Windows in one update.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>
    /// The most windows that go through the model at once: a divisor of <see cref="BatchSize"/>, whose batches come in so many
    /// parts for gradient accumulation. Null for the whole batch. The authors have 8.
    /// </summary>
    public int? PartSize { get; init; }

    /// <summary>The most ids in a window, special tokens included.</summary>
    public int MaxLength { get; init; } = 384;

    /// <summary>How many tokens of the text later the next window begins.</summary>
    public int Stride { get; init; } = 128;

    /// <summary>The most tokens of a question; what is beyond is cut off its end.</summary>
    public int MaxQuestionLength { get; init; } = 64;

    /// <summary>
    /// 1 shuffles, as the authors do. n sorts the windows of n batches by length before they are cut into these batches, so that
    /// less padding is computed; which windows come together in n batches, and the order of batches, stay random.
    /// </summary>
    public int GroupBatches { get; init; } = 1;

    /// <summary>Together with the epoch, decides which windows share a batch and the order of the batches.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The parts of a full batch.</summary>
    internal int PartsPerUpdate => BatchSize / (PartSize ?? BatchSize);

    /// <exception cref="IntraDistillException">A setting makes no sense; the message names it.</exception>
    internal void Check()
    {
        AtLeast(BatchSize, 1, nameof(BatchSize));
        AtLeast(Stride, 1, nameof(Stride));
        AtLeast(MaxQuestionLength, 1, nameof(MaxQuestionLength));
        AtLeast(GroupBatches, 1, nameof(GroupBatches));
        // Else tokens between two windows would be in none.
        AtLeast(MaxLength, MaxQuestionLength + Stride + Specials, $"{nameof(MaxLength)} beside this question length and stride");
        if (PartSize is { } size && (size < 1 || BatchSize % size != 0))
            throw new IntraDistillException(
                $"QuestionBatchSettings.PartSize is {size}; expected a divisor of BatchSize ({BatchSize})");
    }

    private static void AtLeast(long value, long least, string name)
    {
        if (value < least)
            throw new IntraDistillException($"QuestionBatchSettings: {name} is {value}; expected at least {least}");
    }
}

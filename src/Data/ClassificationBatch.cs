using IntraDistill.Text;

namespace IntraDistill.Data;

/// <summary>Encoded texts, or pairs of texts, and what is to be predicted of each.</summary>
/// <param name="Texts">B rows.</param>
/// <param name="Labels">B entries: the number of a class, or a score; NaN where there is no label.</param>
public sealed record ClassificationBatch(EncodedBatch Texts, double[] Labels) : IBatch
{
    /// <summary>B, the number of examples.</summary>
    public int Tokens => Labels.Length;

    /// <summary>Which text of the list that the batches were made from each row is; B entries.</summary>
    public IReadOnlyList<int> Indices { get; init; } = [];

    /// <summary>
    /// How many examples the whole update has when this is a part of it (gradient accumulation); else B. It is what
    /// <see cref="Objective.IntraDistillation"/> takes as <c>updatePositions</c>.
    /// </summary>
    public int UpdateExamples { get; init; } = Labels.Length;
}

/// <summary>How labelled texts are put into batches; the defaults are the paper's for GLUE.</summary>
public sealed record ClassificationBatchSettings
{
    /// <summary>Examples in one update.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>
    /// The most examples that go through the model at once: a divisor of <see cref="BatchSize"/>, whose batches come in so many
    /// parts for gradient accumulation. Null for the whole batch.
    /// </summary>
    public int? PartSize { get; init; }

    /// <summary>The most ids in an example, special tokens included; a longer one is cut as the tokenizer says.</summary>
    public int MaxLength { get; init; } = 128;

    /// <summary>
    /// 1 shuffles, as the authors do. n sorts the examples of n batches by length before they are cut into these batches, so that
    /// less padding is computed; which examples come together in n batches, and the order of batches, stay random.
    /// </summary>
    public int GroupBatches { get; init; } = 1;

    /// <summary>Together with the epoch, decides which examples share a batch and the order of the batches.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The parts of a full batch.</summary>
    internal int PartsPerUpdate => BatchSize / (PartSize ?? BatchSize);

    /// <exception cref="IntraDistillException">A setting makes no sense; the message names it.</exception>
    internal void Check()
    {
        AtLeast(BatchSize, 1, nameof(BatchSize));
        AtLeast(MaxLength, 3, nameof(MaxLength));
        AtLeast(GroupBatches, 1, nameof(GroupBatches));
        if (PartSize is { } size && (size < 1 || BatchSize % size != 0))
            throw new IntraDistillException(
                $"ClassificationBatchSettings.PartSize is {size}; expected a divisor of BatchSize ({BatchSize})");
    }

    private static void AtLeast(int value, int least, string name)
    {
        if (value < least)
            throw new IntraDistillException($"ClassificationBatchSettings.{name} is {value}; expected at least {least}");
    }
}

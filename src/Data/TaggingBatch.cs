using IntraDistill.Text;

namespace IntraDistill.Data;

/// <summary>Which words of which sentence a row holds: a sentence that is too long fills several rows.</summary>
/// <param name="Sentence">The sentence's number in the list that the batches were made from.</param>
/// <param name="FirstWord">The first word.</param>
/// <param name="EndWord">The word after the last; a word that has no piece belongs to the row of the word before it.</param>
public readonly record struct TaggingRow(int Sentence, int FirstWord, int EndWord);

/// <summary>Encoded sentences, and what the first piece of each word is to be tagged with.</summary>
/// <param name="Texts">B rows.</param>
/// <param name="Labels">
/// (B, T): the number of the word's tag at its first piece, −100 at its other pieces, special tokens and padding, which is what
/// <see cref="Models.BertForTokenClassification.Loss"/> leaves out.
/// </param>
/// <param name="Words">(B, T): at the first piece of a word its number in the sentence, −1 elsewhere.</param>
/// <param name="Rows">What each row holds; B entries.</param>
public sealed record TaggingBatch(EncodedBatch Texts, long[,] Labels, int[,] Words, IReadOnlyList<TaggingRow> Rows) : IBatch
{
    /// <summary>What stands in <see cref="Labels"/> where there is nothing to predict.</summary>
    public const long NoLabel = -100;

    /// <summary>The number of words that are tagged here, each at its first piece.</summary>
    public int Tokens { get; } = Words.Cast<int>().Count(word => word >= 0);

    /// <summary>
    /// How many words the whole update tags when this is a part of it (gradient accumulation); else <see cref="Tokens"/>. It is what
    /// <see cref="Objective.IntraDistillation"/> takes as <c>updatePositions</c>, with the places of labels as its mask.
    /// </summary>
    public int UpdatePositions { get; init; } = Words.Cast<int>().Count(word => word >= 0);
}

/// <summary>How tagged sentences are put into batches; the defaults are the paper's for NER.</summary>
public sealed record TaggingBatchSettings
{
    /// <summary>Rows in one update: sentences, or parts of those that are too long.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>
    /// The most rows that go through the model at once: a divisor of <see cref="BatchSize"/>, whose batches come in so many parts
    /// for gradient accumulation. Null for the whole batch.
    /// </summary>
    public int? PartSize { get; init; }

    /// <summary>The most ids in a row, special tokens included.</summary>
    public int MaxLength { get; init; } = 128;

    /// <summary>
    /// 1 shuffles, as the authors do. n sorts the rows of n batches by length before they are cut into these batches, so that less
    /// padding is computed; which rows come together in n batches, and the order of batches, stay random.
    /// </summary>
    public int GroupBatches { get; init; } = 1;

    /// <summary>Together with the epoch, decides which rows share a batch and the order of the batches.</summary>
    public int Seed { get; init; } = 1;

    /// <exception cref="IntraDistillException">A setting makes no sense; the message names it.</exception>
    internal void Check()
    {
        AtLeast(BatchSize, 1, nameof(BatchSize));
        AtLeast(MaxLength, 3, nameof(MaxLength));
        AtLeast(GroupBatches, 1, nameof(GroupBatches));
        if (PartSize is { } size && (size < 1 || BatchSize % size != 0))
            throw new IntraDistillException(
                $"TaggingBatchSettings.PartSize is {size}; expected a divisor of BatchSize ({BatchSize})");
    }

    private static void AtLeast(int value, int least, string name)
    {
        if (value < least)
            throw new IntraDistillException($"TaggingBatchSettings.{name} is {value}; expected at least {least}");
    }
}

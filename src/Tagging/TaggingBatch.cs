using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>Which words of which sentence a row holds: a sentence that is too long fills several rows.</summary>
/// <param name="Sentence">The sentence's number in the list that the batches were made from.</param>
/// <param name="FirstWord">The first word.</param>
/// <param name="EndWord">The word after the last; a word that has no piece belongs to the row of the word before it.</param>
public readonly record struct TaggingRow(int Sentence, int FirstWord, int EndWord);

/// <summary>Encoded sentences, and what the first piece of each word is to be tagged with.</summary>
/// <param name="Texts">B rows.</param>
/// <param name="Labels">
/// (B, T): the number of the word's tag at its first piece, −100 at its other pieces, special tokens and padding, which is what
/// <see cref="BertForTokenClassification.Loss"/> leaves out.
/// </param>
/// <param name="Words">(B, T): at the first piece of a word its number in the sentence, −1 elsewhere.</param>
/// <param name="Rows">What each row holds; B entries.</param>
public sealed record TaggingBatch(EncodedBatch Texts, long[,] Labels, int[,] Words, IReadOnlyList<TaggingRow> Rows) : KitRecord, IBatch
{
    /// <summary>What stands in <see cref="Labels"/> where there is nothing to predict.</summary>
    public const long NoLabel = -100;

    /// <summary>The number of words that are tagged here, each at its first piece.</summary>
    public int Tokens { get; } = Words.Cast<int>().Count(word => word >= 0);

    /// <summary>
    /// How many words the whole update tags when this is a part of it (gradient accumulation); else <see cref="Tokens"/>. It is what
    /// <see cref="IntraDistillation"/> takes as <c>updatePositions</c>, with the places of labels as its mask.
    /// </summary>
    public int UpdatePositions { get; init; } = Words.Cast<int>().Count(word => word >= 0);

    /// <summary>The labels on a device: (B, T) int64.</summary>
    public Tensor LabelsOn(Device device) => DeviceTensors.From(Labels, device);
}

/// <summary>
/// How tagged sentences are put into batches; the defaults are the paper's for NER. An example is a row: a sentence, or a part of one
/// that is too long.
/// </summary>
public sealed record TaggingBatchSettings : BatchSettings
{
    /// <summary>The most ids in a row, special tokens included.</summary>
    public int MaxLength { get; init; } = 128;

    /// <inheritdoc/>
    internal override void Check()
    {
        base.Check();
        AtLeast(MaxLength, 3, nameof(MaxLength));
    }
}

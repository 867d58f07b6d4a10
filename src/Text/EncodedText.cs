using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>A part of a .NET string, in UTF-16 indices: <c>text[Start..End]</c>.</summary>
public readonly record struct TextSpan(int Start, int End);

/// <summary>A text, or a pair of texts, as an encoder's input: one entry a token in each list.</summary>
/// <param name="Ids">The ids.</param>
/// <param name="TypeIds">The segment of each token: for BERT 1 in the second text and its [SEP], else 0; for RoBERTa and XLM-R always
/// 0.</param>
/// <param name="Sources">The text that a token is from: 0 the first, 1 the second, -1 for the special tokens around them.</param>
/// <param name="Offsets">What a token stands for in its text (with <see cref="Words"/>: in its word), as it was before lower-casing,
/// accent stripping or normalization. White space at its sides is not part of it, so a piece that is nothing but a space has an empty
/// span, and so have the special tokens around the texts. Pieces of one character (the bytes of an emoji, the letters of ﬁ) share its
/// span; else spans follow one another.</param>
/// <param name="Words">The word that a token is from, -1 for special tokens around them; null unless words were encoded.</param>
public sealed record EncodedText(IReadOnlyList<int> Ids, IReadOnlyList<int> TypeIds, IReadOnlyList<int> Sources,
    IReadOnlyList<TextSpan> Offsets, IReadOnlyList<int>? Words) : KitRecord
{
    /// <summary>How many tokens there are.</summary>
    public int Length => Ids.Count;
}

internal static class EncodedTexts
{
    /// <summary>Encodes the texts of a data set on all cores, once for the batches of all epochs: without sources and offsets, which
    /// batches do not need. And how many texts were too long and cut.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="text">The text of an index, the second one of a pair or null, and what an error is to call them.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="maxLength">The most ids in a text.</param>
    /// <exception cref="IntraDistillException">A text cannot be encoded; the first such one is named.</exception>
    public static (EncodedText[] Texts, int Truncated) Encode(
        int count, Func<int, (string Text, string? Pair, string Name)> text, PretrainedTokenizer tokenizer, int maxLength)
    {
        int truncated = 0;
        EncodedText[] encoded = ParallelMap.Of(count, i =>
        {
            (string first, string? second, string name) = text(i);
            try
            {
                EncodedText ids = tokenizer.Encode(first, second, maxLength);
                // An encoding does not say whether it was cut.
                if (ids.Length == maxLength && tokenizer.Encode(first, second, maxLength + 1).Length > maxLength)
                    Interlocked.Increment(ref truncated);
                return ids with { Sources = [], Offsets = [] };
            }
            catch (IntraDistillException e)
            {
                throw new IntraDistillException($"{name}: {e.Message}", e);
            }
        });
        return (encoded, truncated);
    }
}

/// <summary>Encoded texts as rows of equal length.</summary>
/// <param name="Ids">(B, T), short rows filled with the padding id.</param>
/// <param name="TypeIds">(B, T), 0 in padding.</param>
/// <param name="Mask">(B, T), the attention mask: 1 for a token, 0 for padding.</param>
public sealed record EncodedBatch(long[,] Ids, long[,] TypeIds, long[,] Mask) : KitRecord
{
    /// <summary>Puts B texts side by side, each filled up on the right to the longest.</summary>
    public static EncodedBatch Pad(IReadOnlyList<EncodedText> texts, int padId)
    {
        int rows = texts.Count, length = texts.Select(text => text.Length).DefaultIfEmpty().Max();
        EncodedBatch batch = new(new long[rows, length], new long[rows, length], new long[rows, length]);
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < length; i++)
            {
                bool token = i < texts[row].Length;
                batch.Ids[row, i] = token ? texts[row].Ids[i] : padId;
                batch.TypeIds[row, i] = token ? texts[row].TypeIds[i] : 0;
                batch.Mask[row, i] = token ? 1 : 0;
            }
        }
        return batch;
    }

    /// <summary>The texts as a BERT-like model takes them, (B, T) int64 each.</summary>
    public (Tensor Ids, Tensor Mask, Tensor TypeIds) On(Device device) =>
        (DeviceTensors.From(Ids, device), DeviceTensors.From(Mask, device), DeviceTensors.From(TypeIds, device));
}

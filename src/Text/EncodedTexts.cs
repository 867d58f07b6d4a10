
namespace IntraDistill.Tasks;

/// <summary>Encodes the texts of a data set once, for the batches of all epochs.</summary>
internal static class EncodedTexts
{
    /// <summary>Encodes texts on all cores.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="text">The text of an index, the second one of a pair or null, and what an error is to call them.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="maxLength">The most ids in a text.</param>
    /// <returns>
    /// The encodings, without sources and offsets, which batches do not need; and how many texts were too long and cut.
    /// </returns>
    /// <exception cref="IntraDistillException">A text cannot be encoded; the first such one is named.</exception>
    public static (EncodedText[] Texts, int Truncated) Encode(
        int count, Func<int, (string Text, string? Pair, string Name)> text, IPretrainedTokenizer tokenizer, int maxLength)
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

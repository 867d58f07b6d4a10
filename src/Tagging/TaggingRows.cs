
namespace IntraDistill.Tasks;

/// <summary>A row of a tagging batch before padding.</summary>
/// <param name="Row">What it holds.</param>
/// <param name="Text">Its pieces between the special tokens, each with its word in the sentence.</param>
/// <param name="CutWords">How many of its words have more pieces than a row has room for.</param>
internal sealed record EncodedRow(TaggingRow Row, EncodedText Text, int CutWords)
{
    /// <summary>Whether a word begins at a place.</summary>
    public bool Begins(int place) => Text.Words![place] >= 0 && (place == 0 || Text.Words[place - 1] != Text.Words[place]);

    /// <summary>Whether there is a word in it to tag.</summary>
    public bool HasWords => Text.Length > 2;
}

/// <summary>Encodes tagged sentences, one row each or, where they are too long, several.</summary>
internal static class TaggingRows
{
    /// <summary>
    /// Fills rows with whole words from the left, and begins another one with the word that no longer fits. Of a word that fits in
    /// no row alone, the first pieces fill one.
    /// </summary>
    /// <param name="sentences">The sentences; one may have no words.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="maxLength">The most ids in a row.</param>
    /// <returns>The rows of each sentence, at least one.</returns>
    /// <exception cref="IntraDistillException">A sentence cannot be encoded; the first such one is named.</exception>
    public static EncodedRow[][] Encode(IReadOnlyList<TaggedSentence> sentences, IPretrainedTokenizer tokenizer, int maxLength) =>
        ParallelMap.Of(sentences.Count, i =>
        {
            try
            {
                return Split(i, sentences[i].Tokens.Count, tokenizer.EncodeWords(sentences[i].Tokens, int.MaxValue), maxLength).ToArray();
            }
            catch (IntraDistillException e)
            {
                throw new IntraDistillException($"sentence {i} (from 0): {e.Message}", e);
            }
        });

    private static IEnumerable<EncodedRow> Split(int sentence, int words, EncodedText all, int maxLength)
    {
        int room = maxLength - 2, last = all.Length - 1, firstWord = 0, cut = 0;
        List<int> places = [];
        for (int at = 1, next; at < last; at = next)
        {
            int word = all.Words![at];
            for (next = at + 1; next < last && all.Words[next] == word;)
                next++;
            int pieces = Math.Min(next - at, room);
            if (places.Count + pieces > room)
            {
                yield return Row(word);
                (firstWord, cut) = (word, 0);
                places.Clear();
            }
            cut += pieces < next - at ? 1 : 0;
            places.AddRange(Enumerable.Range(at, pieces));
        }
        yield return Row(words);

        EncodedRow Row(int endWord)
        {
            int[] taken = [0, .. places, last];
            return new EncodedRow(new TaggingRow(sentence, firstWord, endWord), new EncodedText(
                [.. taken.Select(place => all.Ids[place])], [.. taken.Select(place => all.TypeIds[place])], [], [],
                [.. taken.Select(place => all.Words![place])]), cut);
        }
    }
}

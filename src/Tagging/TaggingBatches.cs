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

/// <summary>
/// The training batches of a tagging task: every word once an epoch, labelled at its first piece.
/// </summary>
/// <remarks>
/// A sentence with more than <see cref="TaggingBatchSettings.MaxLength"/> ids fills several rows: whole words from the left, another
/// row from the word that no longer fits, as XTREME's and the authors' preprocessing has it. Two things differ from theirs: they
/// count a third special token for XLM-R, so that its rows end one piece earlier; and a word that fits in no row alone, or that has
/// no piece, is the unknown token with them. Here the first pieces of the former fill a row; the latter is in no row, and is
/// predicted to be O (<see cref="SequenceTagger"/>).
/// </remarks>
public sealed class TaggingBatches : RowBatches<TaggingBatch>
{
    private readonly EncodedRow[] _rows;
    private readonly Dictionary<string, int> _tags;
    private readonly IReadOnlyList<TaggedSentence> _sentences;

    /// <summary>Encodes the sentences.</summary>
    /// <param name="sentences">At least one that has a word with a piece.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="tags">The tags, in the order of the model's labels: <see cref="PanxCorpus.Tags"/>.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <exception cref="IntraDistillException">
    /// There is nothing to tag, a sentence has not a tag for each token, one is not of the list, a sentence cannot be encoded, or a
    /// setting is out of range.
    /// </exception>
    public TaggingBatches(IReadOnlyList<TaggedSentence> sentences, PretrainedTokenizer tokenizer, IReadOnlyList<string> tags,
        TaggingBatchSettings? settings = null) : this(sentences, tokenizer, tags, settings ?? new(), training: true) { }

    private TaggingBatches(IReadOnlyList<TaggedSentence> sentences, PretrainedTokenizer tokenizer, IReadOnlyList<string> tags,
        TaggingBatchSettings settings, bool training) : base(settings, tokenizer.PadId)
    {
        _tags = tags.Select((tag, number) => (tag, number)).ToDictionary(pair => pair.tag, pair => pair.number);
        _sentences = sentences;
        if (training)
            CheckTags();
        EncodedRow[][] rows = TaggingRows.Encode(sentences, tokenizer, settings.MaxLength);
        SplitSentences = rows.Count(one => one.Length > 1);
        CutWords = rows.Sum(one => one.Sum(row => row.CutWords));
        // Nothing is learned from a row without words; predictions want a row for every sentence.
        _rows = [.. rows.SelectMany(one => one).Where(row => !training || row.HasWords)];
        if (_rows.Length == 0)
            throw new IntraDistillException("there are no tagged words to make batches of");
    }

    /// <summary>How many sentences are so long that they fill several rows.</summary>
    public int SplitSentences { get; }

    /// <summary>How many words have more pieces than a row has room for, and lose the last of these.</summary>
    public int CutWords { get; }

    /// <summary>
    /// The sentences in batches for evaluation: the same each time, shortest rows first, nothing random, in the size of a part. Tags
    /// may be missing, or not of the list; they have no label then.
    /// </summary>
    /// <param name="sentences">At least one; each has at least one row, even without words.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="tags">The tags, in the order of the model's labels.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <returns>Batches whose <see cref="TaggingBatch.Rows"/> and <see cref="TaggingBatch.Words"/> say where each result belongs.</returns>
    /// <exception cref="IntraDistillException">
    /// There are no sentences, one cannot be encoded, or a setting is out of range.
    /// </exception>
    public static IReadOnlyList<TaggingBatch> InOrder(IReadOnlyList<TaggedSentence> sentences, PretrainedTokenizer tokenizer,
        IReadOnlyList<string> tags, TaggingBatchSettings? settings = null) =>
        new TaggingBatches(sentences, tokenizer, tags, settings ?? new(), training: false).InOrder();

    private protected override int Rows => _rows.Length;

    private protected override EncodedText Row(int number) => _rows[number].Text;

    private protected override TaggingBatch OfUpdate(TaggingBatch part, int predictions) => part with { UpdatePositions = predictions };

    private protected override TaggingBatch Batch(EncodedBatch texts, int[] numbers)
    {
        EncodedRow[] rows = [.. numbers.Select(number => _rows[number])];
        var labels = new long[rows.Length, texts.Ids.GetLength(1)];
        var words = new int[rows.Length, texts.Ids.GetLength(1)];
        for (int row = 0; row < rows.Length; row++)
            for (int place = 0; place < labels.GetLength(1); place++)
            {
                bool begins = place < rows[row].Text.Length && rows[row].Begins(place);
                words[row, place] = begins ? rows[row].Text.Words![place] : -1;
                labels[row, place] = begins ? Label(rows[row].Row.Sentence, words[row, place]) : TaggingBatch.NoLabel;
            }
        return new TaggingBatch(texts, labels, words, [.. rows.Select(row => row.Row)]);
    }

    private long Label(int sentence, int word)
    {
        IReadOnlyList<string> tags = _sentences[sentence].Tags;
        return word < tags.Count && _tags.TryGetValue(tags[word], out int number) ? number : TaggingBatch.NoLabel;
    }

    private void CheckTags()
    {
        for (int i = 0; i < _sentences.Count; i++)
        {
            TaggedSentence sentence = _sentences[i];
            if (sentence.Tags.Count != sentence.Tokens.Count)
                throw new IntraDistillException($"sentence {i} (from 0): {sentence.Tokens.Count} tokens and {sentence.Tags.Count} "
                    + "tags; training needs a tag for each token");
            if (sentence.Tags.FirstOrDefault(tag => !_tags.ContainsKey(tag)) is { } other)
                throw new IntraDistillException(
                    $"sentence {i} (from 0): tag '{other}', where one of {string.Join(", ", _tags.Keys)} was expected");
        }
    }
}

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
    public static EncodedRow[][] Encode(IReadOnlyList<TaggedSentence> sentences, PretrainedTokenizer tokenizer, int maxLength) =>
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


namespace IntraDistill.Tasks;

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
    public TaggingBatches(IReadOnlyList<TaggedSentence> sentences, IPretrainedTokenizer tokenizer, IReadOnlyList<string> tags,
        TaggingBatchSettings? settings = null) : this(sentences, tokenizer, tags, settings ?? new(), training: true) { }

    private TaggingBatches(IReadOnlyList<TaggedSentence> sentences, IPretrainedTokenizer tokenizer, IReadOnlyList<string> tags,
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
    public static IReadOnlyList<TaggingBatch> InOrder(IReadOnlyList<TaggedSentence> sentences, IPretrainedTokenizer tokenizer,
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

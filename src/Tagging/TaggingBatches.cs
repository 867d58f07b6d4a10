using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>Which words of which sentence of the list that the batches were made from a row holds: a sentence that is too long fills
/// several rows, and a word that has no piece belongs to the row of the word before it.</summary>
public readonly record struct TaggingRow(int Sentence, int FirstWord, int EndWord);

/// <summary>Encoded sentences, and what the first piece of each word is to be tagged with.</summary>
/// <param name="Texts">B rows.</param>
/// <param name="Labels">(B, T): the number of the word's tag at its first piece, −100 at its other pieces, special tokens and padding,
/// which is what <see cref="BertForTokenClassification.Loss"/> leaves out.</param>
/// <param name="Words">(B, T): at the first piece of a word its number in the sentence, −1 elsewhere.</param>
/// <param name="Rows">What each row holds; B entries.</param>
public sealed record TaggingBatch(EncodedBatch Texts, long[,] Labels, int[,] Words, IReadOnlyList<TaggingRow> Rows) : KitRecord, IBatch
{
    /// <summary>What stands in <see cref="Labels"/> where there is nothing to predict.</summary>
    public const long NoLabel = -100;

    /// <summary>The number of words that are tagged here, each at its first piece.</summary>
    public int Tokens { get; } = Words.Cast<int>().Count(word => word >= 0);

    /// <summary>How many words the whole update tags when this is a part of it (gradient accumulation); else <see cref="Tokens"/>. It is
    /// what <see cref="IntraDistillation"/> takes as <c>updatePositions</c>, with the places of labels as its mask.</summary>
    public int UpdatePositions { get; init; } = Words.Cast<int>().Count(word => word >= 0);

    /// <summary>The labels on a device: (B, T) int64.</summary>
    public Tensor LabelsOn(Device device) => DeviceTensors.From(Labels, device);
}

/// <summary>How tagged sentences are put into batches; the defaults are the paper's for NER. An example is a row: a sentence, or a part of
/// one that is too long.</summary>
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

/// <summary>The training batches of a tagging task: every word once an epoch, labelled at its first piece. Tags are given in the order of
/// the model's labels, as <see cref="PanxCorpus.Tags"/>.</summary>
/// <remarks>A sentence with more than <see cref="TaggingBatchSettings.MaxLength"/> ids fills several rows: whole words from the left,
/// another row from the word that no longer fits, as XTREME's and the authors' preprocessing has it. Two things differ from theirs: they
/// count a third special token for XLM-R, so that its rows end one piece earlier; and a word that fits in no row alone, or that has no
/// piece, is the unknown token with them. Here the first pieces of the former fill a row; the latter is in no row, and is predicted to be O
/// (<see cref="SequenceTagger"/>).</remarks>
public sealed class TaggingBatches : RowBatches<TaggingBatch>
{
    private readonly (TaggingRow Row, EncodedText Text)[] _rows;
    private readonly Dictionary<string, int> _tags;
    private readonly IReadOnlyList<TaggedSentence> _sentences;

    /// <summary>Encodes sentences with the model's tokenizer.</summary>
    /// <exception cref="IntraDistillException">There is nothing to tag, a sentence has not a tag for each token, one is not of the list, a
    /// sentence cannot be encoded, or a setting is out of range.</exception>
    public TaggingBatches(IReadOnlyList<TaggedSentence> sentences, PretrainedTokenizer tokenizer, IReadOnlyList<string> tags,
        TaggingBatchSettings? settings = null) : this(sentences, tokenizer, tags, settings ?? new(), training: true) { }

    private TaggingBatches(IReadOnlyList<TaggedSentence> sentences, PretrainedTokenizer tokenizer, IReadOnlyList<string> tags,
        TaggingBatchSettings settings, bool training) : base(settings, tokenizer.PadId)
    {
        _tags = tags.Index().ToDictionary(pair => pair.Item, pair => pair.Index);
        _sentences = sentences;
        if (training)
            CheckTags();
        // Nothing is learned from a row without words; predictions want a row for every sentence.
        _rows = [.. Encode(sentences, tokenizer, settings.MaxLength).Where(row => !training || row.Text.Length > 2)];
        if (_rows.Length == 0)
            throw new IntraDistillException("there are no tagged words to make batches of");
    }

    /// <summary>The sentences in batches for evaluation, each in at least one row: the same each time, shortest rows first, nothing random,
    /// in the size of a part. <see cref="TaggingBatch.Rows"/> and <see cref="TaggingBatch.Words"/> say where each result belongs. Tags may
    /// be missing, or not of the list; they have no label then.</summary>
    /// <exception cref="IntraDistillException">There are no sentences, one cannot be encoded, or a setting is out of range.</exception>
    public static IReadOnlyList<TaggingBatch> InOrder(IReadOnlyList<TaggedSentence> sentences, PretrainedTokenizer tokenizer,
        IReadOnlyList<string> tags, TaggingBatchSettings? settings = null) =>
        new TaggingBatches(sentences, tokenizer, tags, settings ?? new(), training: false).InOrder();

    private protected override int Rows => _rows.Length;

    private protected override EncodedText Row(int number) => _rows[number].Text;

    private protected override TaggingBatch OfUpdate(TaggingBatch part, int predictions) => part with { UpdatePositions = predictions };

    private protected override TaggingBatch Batch(EncodedBatch texts, int[] numbers)
    {
        var labels = new long[numbers.Length, texts.Ids.GetLength(1)];
        var words = new int[numbers.Length, texts.Ids.GetLength(1)];
        for (int row = 0; row < numbers.Length; row++)
            for (int place = 0, before = -1; place < labels.GetLength(1); place++)
            {
                ((int sentence, _, _), EncodedText text) = _rows[numbers[row]];
                int word = place < text.Length ? text.Words![place] : -1;
                bool begins = word >= 0 && word != before;
                (words[row, place], labels[row, place]) = begins ? (word, Label(sentence, word)) : (-1, TaggingBatch.NoLabel);
                before = word;
            }
        return new(texts, labels, words, [.. numbers.Select(number => _rows[number].Row)]);
    }

    private long Label(int sentence, int word)
    {
        IReadOnlyList<string> tags = _sentences[sentence].Tags;
        return word < tags.Count && _tags.TryGetValue(tags[word], out int number) ? number : TaggingBatch.NoLabel;
    }

    private void CheckTags()
    {
        foreach ((int i, TaggedSentence sentence) in _sentences.Index())
        {
            if (sentence.Tags.Count != sentence.Tokens.Count)
                throw new IntraDistillException($"sentence {i} (from 0): {sentence.Tokens.Count} tokens and {sentence.Tags.Count} "
                    + "tags; training needs a tag for each token");
            if (sentence.Tags.FirstOrDefault(tag => !_tags.ContainsKey(tag)) is { } other)
                throw new IntraDistillException(
                    $"sentence {i} (from 0): tag '{other}', where one of {string.Join(", ", _tags.Keys)} was expected");
        }
    }

    // The rows of all sentences, at least one each.
    private static IEnumerable<(TaggingRow Row, EncodedText Text)> Encode(
        IReadOnlyList<TaggedSentence> sentences, PretrainedTokenizer tokenizer, int maxLength) => ParallelMap.Of(sentences.Count, i =>
        {
            try
            {
                return Split(i, sentences[i].Tokens.Count, tokenizer.EncodeWords(sentences[i].Tokens, int.MaxValue), maxLength).ToArray();
            }
            catch (IntraDistillException e)
            {
                throw new IntraDistillException($"sentence {i} (from 0): {e.Message}", e);
            }
        }).SelectMany(rows => rows);

    // Fills rows with whole words from the left; of a word that fits in no row alone, the first pieces fill one.
    private static IEnumerable<(TaggingRow Row, EncodedText Text)> Split(int sentence, int words, EncodedText all, int maxLength)
    {
        int room = maxLength - 2, last = all.Length - 1, firstWord = 0;
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
                firstWord = word;
                places.Clear();
            }
            places.AddRange(Enumerable.Range(at, pieces));
        }
        yield return Row(words);

        (TaggingRow, EncodedText) Row(int endWord)
        {
            int[] taken = [0, .. places, last];
            return (new(sentence, firstWord, endWord), new([.. taken.Select(place => all.Ids[place])],
                [.. taken.Select(place => all.TypeIds[place])], [], [], [.. taken.Select(place => all.Words![place])]));
        }
    }
}

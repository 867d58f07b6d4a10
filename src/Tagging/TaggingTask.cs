namespace IntraDistill.Tasks;

/// <summary>Tagging: a line is the tags of a sentence.</summary>
/// <param name="corpus">The sentences.</param>
/// <param name="tags">The tags, in the order of the model's labels.</param>
public sealed class TaggingTask(TransferCorpus<TaggedSentence> corpus, IReadOnlyList<string> tags) : TransferTask(
    corpus.Name, corpus.Fingerprint, corpus.Train.Count, corpus.Dev.Count, corpus.Test.ToDictionary(part => part.Key, part => part.Value.Count))
{
    /// <summary>The sentences.</summary>
    public TransferCorpus<TaggedSentence> Corpus => corpus;

    /// <summary>The tags.</summary>
    public IReadOnlyList<string> Tags => tags;

    /// <summary>Predicts the test sentences of all languages.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inOrder">Makes batches of sentences, as <see cref="TaggingBatches.InOrder"/> does.</param>
    public IReadOnlyList<string> Predict(
        BertForTokenClassification model, Func<IReadOnlyList<TaggedSentence>, IReadOnlyList<TaggingBatch>> inOrder) =>
        [.. Languages.SelectMany(language => Lines(SequenceTagger.Predict(model, inOrder(corpus.Test[language]))))];

    /// <summary>Tags of sentences as lines.</summary>
    public static IReadOnlyList<string> Lines(IReadOnlyList<IReadOnlyList<string>> tags) => [.. tags.Select(one => string.Join(' ', one))];

    /// <inheritdoc/>
    public override SegmentStatistics Statistics(IReadOnlyList<string> lines, string language) =>
        EntityF1.Statistics([.. lines.Select(line => line.Split(' '))], [.. corpus.Test[language].Select(one => one.Tags)]);

    /// <inheritdoc/>
    public override (string Text, string Answer) Example(string language)
    {
        // A short English sentence with things of two kinds; where there is none, the first.
        int at = corpus.Test["en"].ToList().FindIndex(one =>
            one.Tokens.Count < 16 && one.Tags.Where(tag => tag[0] == 'B').Distinct().Count() > 1);
        TaggedSentence shown = corpus.Test[language][Math.Clamp(at, 0, corpus.Test[language].Count - 1)];
        return (string.Join(' ', shown.Tokens),
            string.Join(", ", shown.Tokens.Zip(shown.Tags).Where(pair => pair.Second != "O").Select(pair => $"{pair.First} {pair.Second}")));
    }
}

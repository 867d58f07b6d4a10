using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>
/// The batches of a seed, to the last id and in their order, of what has batches of a fixed size: a stored run that is resumed or trained
/// again must see the same.
/// </summary>
public class BatchScheduleTests
{
    private static readonly BertTokenizer s_letters =
        WordPieceLearner.Learn(["a b c d e f g h i j"], new WordPieceSettings { CharacterCoverage = 1 });

    private static readonly string[] s_tags = ["O", "B-PER"];

    [Theory]
    [InlineData(null, 1, "68c0416f3959", "edc2f8d93027")]
    [InlineData(2, 3, "3938a8ffe511", "b92e9d360cc6")]
    public void Labelled_texts(int? part, int group, string epochs, string inOrder)
    {
        ClassificationBatchSettings settings = new() { BatchSize = 4, PartSize = part, GroupBatches = group, Seed = 5 };
        LabelledText[] texts = [.. Enumerable.Range(0, 23).Select(i => new LabelledText(Words(i), i % 3 == 0 ? Words(i + 5) : null, i, $"{i}"))];
        Assert.Equal((epochs, inOrder), (Epochs(new ClassificationBatches(texts, s_letters, settings), Line),
            Of(ClassificationBatches.InOrder(texts, s_letters, settings), Line)));

        static string Line(ClassificationBatch batch) =>
            $"{Numbers(batch.Indices)}|{Numbers(batch.Labels)}|{batch.UpdateExamples}|{Numbers(batch.Texts.Ids.Cast<long>())}";
    }

    [Theory]
    [InlineData(null, 1, "8ae0aaf0a190", "c41f1d3ef2a6")]
    [InlineData(2, 3, "1e5febdeb729", "f6b931372cd9")]
    public void Tagged_sentences(int? part, int group, string epochs, string inOrder)
    {
        TaggingBatchSettings settings = new() { BatchSize = 4, PartSize = part, GroupBatches = group, Seed = 5, MaxLength = 8 };
        TaggedSentence[] sentences = [.. Enumerable.Range(0, 23).Select(i => Words(i).Split(' '))
            .Select(words => new TaggedSentence(words, [.. words.Select(word => s_tags[word[0] % 2])]))];
        Assert.Equal((epochs, inOrder), (Epochs(new TaggingBatches(sentences, s_letters, s_tags, settings), Line),
            Of(TaggingBatches.InOrder(sentences, s_letters, s_tags, settings), Line)));

        static string Line(TaggingBatch batch) => $"{string.Join(' ', batch.Rows.Select(row => $"{row.Sentence} {row.FirstWord} {row.EndWord}"))}|"
            + $"{Numbers(batch.Labels.Cast<long>())}|{Numbers(batch.Words.Cast<int>())}|{batch.UpdatePositions}|{Numbers(batch.Texts.Ids.Cast<long>())}";
    }

    [Theory]
    [InlineData(null, 1, "47c3b006b83b", "58e90be86bfb")]
    [InlineData(2, 3, "0df202589070", "aab50d8faf7e")]
    public void Questions(int? part, int group, string epochs, string inOrder)
    {
        QuestionBatchSettings settings = new()
        {
            BatchSize = 4, PartSize = part, GroupBatches = group, Seed = 5, MaxLength = 12, Stride = 4, MaxQuestionLength = 3,
        };
        QuestionExample[] questions = [.. Enumerable.Range(0, 11).Select(i =>
            new QuestionExample($"{i}", "a b", Words(i), [new(Words(i)[^1..], Words(i).Length - 1)]))];
        Assert.Equal((epochs, inOrder), (Epochs(new QuestionBatches(questions, s_letters, settings), Line),
            Of(QuestionBatches.InOrder(questions, s_letters, settings), Line)));

        static string Line(QuestionBatch batch) => $"{string.Join(' ', batch.Windows.Select(window => $"{window.Question} {window.FirstToken}"))}|"
            + $"{Numbers(batch.Starts)}|{Numbers(batch.Ends)}|{batch.UpdateWindows}|{Numbers(batch.Texts.Ids.Cast<long>())}";
    }

    private static string Words(int number) =>
        string.Join(' ', Enumerable.Range(0, 1 + number * 5 % 17).Select(i => (char)('a' + (number + i) % 10)));

    private static string Numbers<T>(IEnumerable<T> numbers) where T : IFormattable => string.Join(' ', numbers);

    private static string Epochs<TBatch>(IBatchSource<TBatch> source, Func<TBatch, string> line) where TBatch : IBatch =>
        Of(source.Epoch(0).Concat(source.Epoch(1)), line);

    private static string Of<TBatch>(IEnumerable<TBatch> batches, Func<TBatch, string> line) => DataFingerprint.Of([batches.Select(line)]);
}

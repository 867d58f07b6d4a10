using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class QuestionBatchesTests
{
    private static readonly BertTokenizer s_letters =
        WordPieceLearner.Learn(["a b c d e f g h i j"], new WordPieceSettings { CharacterCoverage = 1 });

    private static readonly QuestionBatchSettings s_four = new()
    {
        BatchSize = 4, PartSize = 2, MaxLength = 12, Stride = 4, MaxQuestionLength = 3,
    };

    private static QuestionExample[] Questions(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        string context = string.Join(' ', Enumerable.Range(0, 1 + i * 5 % 23).Select(t => (char)('a' + (i + t) % 10)));
        return new QuestionExample($"q{i}", "a b", context, [new(context[^1..], context.Length - 1)]);
    })];

    [Fact]
    public void Every_window_comes_once_an_epoch_in_whole_updates_with_its_labels()
    {
        QuestionBatches source = new(Questions(16), s_letters, s_four);
        Assert.True(source.Windows.Count > 30 && source.Windows.Count % 4 != 0);
        Assert.Equal((source.Windows.Count + 3) / 4, source.UpdatesPerEpoch);
        EpochCursor<QuestionBatch> cursor = new(source);
        List<QuestionWindow> seen = [];
        for (int update = 1; update <= source.UpdatesPerEpoch; update++)
        {
            IReadOnlyList<QuestionBatch> parts = cursor.Peek(source.PartsPerUpdate);
            Assert.All(parts, part => Assert.Equal(parts.Sum(one => one.Tokens), part.UpdateWindows));
            foreach (QuestionBatch part in parts)
                for (int row = 0; row < part.Tokens; row++)
                {
                    QuestionWindow window = part.Windows[row];
                    Assert.Equal((window.Start, window.End), (part.Starts[row], part.Ends[row]));
                    Assert.Equal(window.Text.Ids.Select(id => (long)id),
                        Enumerable.Range(0, window.Text.Length).Select(t => part.Texts.Ids[row, t]));
                    Assert.Equal(window.Text.Length,
                        Enumerable.Range(0, part.Texts.Mask.GetLength(1)).Sum(t => part.Texts.Mask[row, t]));
                    seen.Add(window);
                }
            cursor.Advance(parts.Count);
        }
        Assert.Equal(1, cursor.Complete);
        Assert.Equal(source.Windows.Count, seen.Distinct(ReferenceEqualityComparer.Instance).Count());
        // The answer is the text's last letter: each question's last window has it.
        Assert.Equal(16, seen.Where(window => window.HasAnswer).Select(window => window.Question).Distinct().Count());
    }

    [Fact]
    public void An_epoch_depends_on_seed_and_number_alone()
    {
        foreach (int group in new[] { 1, 3 })
        {
            Assert.Equal(Order(1, 0), Order(1, 0));
            Assert.NotEqual(Order(1, 0), Order(1, 1));
            Assert.NotEqual(Order(1, 0), Order(2, 0));

            IEnumerable<(int, int)> Order(int seed, int epoch) =>
                new QuestionBatches(Questions(16), s_letters, s_four with { Seed = seed, GroupBatches = group }).Epoch(epoch)
                    .SelectMany(batch => batch.Windows.Select(window => (window.Question, window.FirstToken)));
        }
    }

    [Fact]
    public void Evaluation_has_every_window_shortest_first_and_needs_no_answers()
    {
        QuestionExample[] questions = [.. Questions(16).Select(one => one with { Answers = [] })];
        IReadOnlyList<QuestionBatch> batches = QuestionBatches.InOrder(questions, s_letters, s_four);
        Assert.Equal(new QuestionBatches(Questions(16), s_letters, s_four).Windows.Count, batches.Sum(batch => batch.Tokens));
        int[] lengths = [.. batches.Select(batch => batch.Texts.Ids.GetLength(1))];
        Assert.Equal(lengths.Order(), lengths);
        Assert.All(batches, batch => Assert.All(batch.Starts, start => Assert.Equal(0, start)));
        Assert.All(batches, batch => Assert.InRange(batch.Tokens, 1, 2));
    }

    [Fact]
    public void What_cannot_be_trained_on_is_named()
    {
        Assert.Contains("no questions", Refusal([]));
        Assert.Contains("question q1 has no answer", Refusal([Questions(1)[0], Questions(2)[1] with { Answers = [] }]));
        Assert.Contains("PartSize is 3; expected a divisor of BatchSize (4)",
            Refusal(Questions(1), s_four with { PartSize = 3 }));
        Assert.Contains("BatchSize is 0", Refusal(Questions(1), s_four with { BatchSize = 0, PartSize = null }));
        Assert.Contains("GroupBatches is 0", Refusal(Questions(1), s_four with { GroupBatches = 0 }));

        static string Refusal(QuestionExample[] questions, QuestionBatchSettings? settings = null) =>
            Assert.Throws<IntraDistillException>(() => new QuestionBatches(questions, s_letters, settings)).Message;
    }
}

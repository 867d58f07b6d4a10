using IntraDistill.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class ParallelMaskedBatchesTests : SingleThreadedTests
{
    private static readonly Lazy<string[][]> s_groups = new(() =>
    [
        .. MachineCorpus.Value.Messages.Where(message => message.Split == Split.Train).Take(400).Select(message =>
            message.Texts.OrderBy(text => text.Key != "en").ThenBy(text => text.Key, StringComparer.Ordinal)
                .Select(text => text.Value).ToArray()),
    ]);

    private static readonly Lazy<BertTokenizer> s_tokenizer = new(() => WordPieceLearner.Learn(
        s_groups.Value.SelectMany(group => group), new WordPieceSettings { VocabularySize = 4000, LowerCase = false }));

    private static BertTokenizer Tokenizer => s_tokenizer.Value;

    [Fact]
    public void Every_group_is_once_an_epoch_its_first_text_beside_one_of_the_others()
    {
        MaskedLanguageSettings settings = new() { MaxTokens = 800, MaxLength = 80 };
        ParallelMaskedBatches source = new(s_groups.Value, Tokenizer, settings);
        Dictionary<string, int> groupOf = [];
        foreach ((string[] group, int i) in s_groups.Value.Select((group, i) => (group, i)))
            groupOf[Ids(group[0])] = i;
        HashSet<string> seconds = [];
        for (int epoch = 0; epoch < 2; epoch++)
        {
            IReadOnlyList<ParallelMaskedBatch> batches = source.Epoch(epoch);
            List<int> seen = [];
            foreach (ParallelMaskedBatch batch in batches)
            {
                string[] first = Restored(batch.First), second = Restored(batch.Second);
                Assert.Equal(first.Length, second.Length);
                int longest = int.Max(batch.First.Texts.Ids.GetLength(1), batch.Second.Texts.Ids.GetLength(1));
                Assert.InRange(2 * first.Length * longest, 1, 800);
                Assert.Equal(batch.First.Tokens + batch.Second.Tokens, batch.Tokens);
                for (int row = 0; row < first.Length; row++)
                {
                    int group = groupOf[first[row]];
                    seen.Add(group);
                    Assert.Contains(second[row], s_groups.Value[group].Skip(1).Select(Ids));
                    if (epoch == 0)
                        seconds.Add(second[row]);
                    else if (s_groups.Value[group].Length > 2)
                        seconds.Remove(second[row]);
                }
            }
            Assert.Equal(Enumerable.Range(0, s_groups.Value.Length), seen.Order());
        }
        // Another translation is drawn in the second epoch, mostly.
        Assert.InRange(seconds.Count, 300, 400);

        static string Ids(string text) => string.Join(' ', Tokenizer.Encode(text, null, 80).Ids);
    }

    [Fact]
    public void An_epoch_depends_on_seed_and_number_alone()
    {
        MaskedLanguageSettings settings = new() { MaxTokens = 800, MaxLength = 80, Seed = 5 };
        long[] once = All(new ParallelMaskedBatches(s_groups.Value, Tokenizer, settings).Epoch(3));
        Assert.Equal(once, All(new ParallelMaskedBatches(s_groups.Value, Tokenizer, settings).Epoch(3)));
        Assert.NotEqual(once, All(new ParallelMaskedBatches(s_groups.Value, Tokenizer, settings).Epoch(4)));
        Assert.NotEqual(once, All(new ParallelMaskedBatches(s_groups.Value, Tokenizer, settings with { Seed = 6 }).Epoch(3)));

        static long[] All(IReadOnlyList<ParallelMaskedBatch> batches) =>
            [.. batches.SelectMany(batch => batch.First.Texts.Ids.Cast<long>().Concat(batch.Second.Targets))];
    }

    [Fact]
    public void Texts_without_a_token_are_left_out_and_groups_without_a_pair()
    {
        string[][] groups = [["the file", "", "die Datei"], ["a type", " "], ["", "the type"], ["alone"]];
        ParallelMaskedBatch batch = Assert.Single(new ParallelMaskedBatches(groups, Tokenizer).Epoch(0));
        Assert.Equal(Tokenizer.Encode("die Datei", null, 80).Ids.Select(id => (long)id).ToArray(),
            Restored(batch.Second).Single().Split(' ').Select(long.Parse));
    }

    [Fact]
    public void What_cannot_be_learned_from_is_named()
    {
        Assert.Equal("none of the 0 groups has two texts with a token to predict", Refusal([]));
        Assert.Equal("none of the 1 groups has two texts with a token to predict", Refusal([["the", ""]]));
        Assert.StartsWith("group 1: the text has half of a surrogate pair", Refusal([["a", "b"], ["a", "\udc00"]]));
        Assert.Contains("DrawSecond is on", Refusal([["a", "b"]], new() { DrawSecond = true }));
        Assert.Equal("MaskedLanguageSettings: MaxTokens is 90; a pair of texts of MaxLength 50 needs 100",
            Refusal([["a", "b"]], new() { MaxTokens = 90, MaxLength = 50 }));
        Assert.Contains("MaskShare is 0;", Refusal([["a", "b"]], new() { MaskShare = 0 }));

        static string Refusal(string[][] groups, MaskedLanguageSettings? settings = null) =>
            Assert.Throws<IntraDistillException>(() => new ParallelMaskedBatches(groups, Tokenizer, settings)).Message;
    }

    [Fact]
    public async Task Ranking_translations_brings_words_and_their_translations_together()
    {
        // As notebook 04 does in its first step: vectors of pieces, a text as their mean.
        ParallelMaskedBatches source = new(s_groups.Value, Tokenizer, new() { MaxTokens = 4000, MaxLength = 64 });
        Reproducible.Seed(1);
        using var pieces = nn.Embedding(Tokenizer.VocabularySize, 32);
        nn.init.normal_(pieces.weight!, 0, 0.09);
        double before = RightlyRanked();
        using Trainer<ParallelMaskedBatch> trainer = new(pieces, new()
        {
            LearningRate = 1e-2, Schedule = ScheduleKind.Linear, WarmupSteps = 10, MaxUpdates = 400, ValidateEvery = 0, Rules = [],
        }, source, (batch, _) =>
        {
            Tensor cosines = Mean(batch.First).matmul(Mean(batch.Second).t()) / 0.05;
            Tensor loss = nn.functional.cross_entropy(cosines, arange(cosines.shape[0], int64));
            return new(loss.detach(), zeros_like(loss), 0, loss);
        });
        await trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.InRange(before, 0, 0.5);
        Assert.InRange(RightlyRanked(), 0.9, 1);

        Tensor Mean(MaskedLanguageBatch batch)
        {
            Tensor mask = tensor(batch.Texts.Mask).to(float32).unsqueeze(-1);
            return nn.functional.normalize((pieces.call(tensor(batch.Texts.Ids)) * mask).sum(1) / mask.sum(1), dim: -1);
        }

        double RightlyRanked()
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            return source.Epoch(1000).Where(batch => batch.First.Texts.Ids.GetLength(0) > 3).Average(batch =>
            {
                Tensor nearest = Mean(batch.First).matmul(Mean(batch.Second).t()).argmax(1);
                return nearest.eq(arange(nearest.shape[0], int64)).to(float64).mean().ToDouble();
            });
        }
    }

    /// <summary>The ids of each row before they were hidden, without padding.</summary>
    private static string[] Restored(MaskedLanguageBatch batch)
    {
        (int rows, int length) = (batch.Texts.Ids.GetLength(0), batch.Texts.Ids.GetLength(1));
        long[] ids = [.. batch.Texts.Ids.Cast<long>()], mask = [.. batch.Texts.Mask.Cast<long>()];
        foreach ((long position, long target) in batch.Positions.Zip(batch.Targets))
            ids[position] = target;
        return [.. Enumerable.Range(0, rows).Select(row => string.Join(' ',
            Enumerable.Range(row * length, length).Where(at => mask[at] == 1).Select(at => ids[at])))];
    }
}

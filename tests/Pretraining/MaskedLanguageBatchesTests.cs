using IntraDistill.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class MaskedLanguageBatchesTests : SingleThreadedTests
{
    private static readonly Lazy<string[]> s_messages = new(() =>
    {
        string[] english = [.. MachineCorpus.Value.Messages.Select(message => message.English)];
        new Random(4).Shuffle(english);
        return english;
    });

    private static readonly Lazy<BertTokenizer> s_tokenizer =
        new(() => WordPieceLearner.Learn(s_messages.Value.Take(2000), new WordPieceSettings { VocabularySize = 600 }));

    private static BertTokenizer Tokenizer => s_tokenizer.Value;

    [Fact]
    public void Targets_are_what_stood_at_the_positions_and_nothing_else_changes()
    {
        string[] texts = s_messages.Value[..300];
        MaskedLanguageBatches source = Singles(texts, new() { MaxTokens = 500, MaxLength = 60 });
        int[] special = [.. Enumerable.Range(0, 5)];
        for (int epoch = 0; epoch < 3; epoch++)
        {
            IReadOnlyList<MaskedLanguageBatch> batches = source.Epoch(epoch);
            Assert.Equal(Enumerable.Range(0, 300), batches.SelectMany(batch => batch.Indices).Order());
            foreach (MaskedLanguageBatch batch in batches)
            {
                (int rows, int length) = (batch.Texts.Ids.GetLength(0), batch.Texts.Ids.GetLength(1));
                Assert.InRange(rows * length, 1, 500);
                Assert.Equal((batch.Positions.Length, batch.Targets.Length), (batch.Tokens, batch.Tokens));
                Assert.Equal(batch.Positions.Distinct().Order(), batch.Positions);
                long[] restored = [.. batch.Texts.Ids.Cast<long>()];
                foreach ((long position, long target) in batch.Positions.Zip(batch.Targets))
                    restored[position] = target;
                for (int b = 0; b < rows; b++)
                {
                    long[] ids = [.. Tokenizer.Encode(texts[batch.Indices[b]], null, 60).Ids.Select(id => (long)id)];
                    Assert.Equal(ids, restored.Skip(b * length).Take(ids.Length));
                    Assert.Equal(ids.Length, Enumerable.Range(0, length).Sum(t => batch.Texts.Mask[b, t]));
                    int choices = ids.Count(id => !special.Contains((int)id));
                    Assert.Equal(Math.Max(1, (int)Math.Round(0.15 * choices)), batch.Positions.Count(p => p / length == b));
                }
                Assert.All(batch.Targets, target => Assert.DoesNotContain((int)target, special));
            }
        }
    }

    [Fact]
    public void Of_the_chosen_tokens_eighty_percent_are_masked_ten_random_and_ten_left()
    {
        MaskedLanguageBatches source = Singles(s_messages.Value[..1500]);
        (double masked, double same, double all) = (0, 0, 0);
        Dictionary<long, int> random = [];
        for (int epoch = 0; epoch < 8; epoch++)
        {
            foreach (MaskedLanguageBatch batch in source.Epoch(epoch))
            {
                long[] shown = [.. batch.Texts.Ids.Cast<long>()];
                foreach ((long position, long target) in batch.Positions.Zip(batch.Targets))
                {
                    all++;
                    if (shown[position] == Tokenizer.MaskId)
                        masked++;
                    else if (shown[position] == target)
                        same++;
                    else
                        random[shown[position]] = random.GetValueOrDefault(shown[position]) + 1;
                }
            }
        }
        // Within four standard errors; one random token in 595 is the one that stood there.
        Assert.InRange(all, 20_000, 200_000);
        Assert.Equal(0.8, masked / all, 4 * Math.Sqrt(0.16 / all));
        Assert.Equal(0.1, same / all, 4 * Math.Sqrt(0.09 / all) + 0.001);
        Assert.DoesNotContain(random.Keys, id => id < 5 || id >= Tokenizer.VocabularySize);
        // Each of the others about as often.
        Assert.InRange(random.Count, 590, 595);
        Assert.True(random.Values.Max() < 6.0 * random.Values.Sum() / 595);
    }

    [Fact]
    public void Every_place_is_chosen_as_often_as_the_others()
    {
        // Seven of forty, so that 500 draws choose each about 75 times.
        string text = string.Join(' ', Enumerable.Repeat(new[] { "the", "file", "is", "not" }, 10).SelectMany(words => words));
        int length = Tokenizer.Encode(text, null, 128).Length - 2;
        MaskedLanguageBatches source = Singles([text]);
        int[] chosen = new int[length + 2];
        for (int epoch = 0; epoch < 500; epoch++)
            foreach (long position in Assert.Single(source.Epoch(epoch)).Positions)
                chosen[position]++;
        double expected = 500.0 * Math.Round(0.15 * length) / length;
        Assert.Equal((0, 0), (chosen[0], chosen[^1]));
        Assert.All(chosen[1..^1], count => Assert.InRange(count, 0.5 * expected, 1.5 * expected));
    }

    [Fact]
    public void An_epoch_depends_on_seed_and_number_alone()
    {
        string[] texts = s_messages.Value[..100];
        Assert.Equal(Ids(1, 0), Ids(1, 0));
        Assert.NotEqual(Ids(1, 0), Ids(1, 1));
        Assert.NotEqual(Ids(1, 0), Ids(2, 0));
        // Another draw, not just another order.
        MaskedLanguageBatches source = Singles(texts);
        Assert.NotEqual(Targets(source.Epoch(0)), Targets(source.Epoch(1)));

        IEnumerable<long> Ids(int seed, int epoch) =>
            Singles(texts, new() { Seed = seed, MaxTokens = 400 }).Epoch(epoch)
                .SelectMany(batch => batch.Texts.Ids.Cast<long>());
    }

    [Fact]
    public void A_short_text_has_one_token_chosen_and_an_empty_one_is_left_out()
    {
        MaskedLanguageBatches source = Singles(["", "the", "[SEP] [MASK]", "жук", " the [UNK] "]);
        for (int epoch = 0; epoch < 20; epoch++)
        {
            MaskedLanguageBatch batch = Assert.Single(source.Epoch(epoch));
            Assert.Equal([1, 4], batch.Indices.Order());
            Assert.Equal(Enumerable.Repeat((long)Tokenizer.Encode("the", null, 3).Ids[1], 2), batch.Targets);
        }
    }

    [Fact]
    public void Half_of_the_pairs_get_a_second_text_of_another_anew_in_every_epoch()
    {
        (string First, string? Second)[] texts = [.. Enumerable.Range(0, 400).Select(i =>
            (s_messages.Value[i], i % 4 == 3 ? null : s_messages.Value[400 + i]))];
        HashSet<string> seconds = [.. texts.Select(text => text.Second).OfType<string>()];
        MaskedLanguageBatches source = new(texts, Tokenizer, new() { MaxTokens = 2000, MaxLength = 300, DrawSecond = true });
        double drawn = 0, pairs = 0;
        HashSet<int> drawnFirst = [], drawnLater = [];
        for (int epoch = 0; epoch < 4; epoch++)
        {
            foreach (MaskedLanguageBatch batch in source.Epoch(epoch))
            {
                long[] restored = [.. batch.Texts.Ids.Cast<long>()];
                foreach ((long position, long target) in batch.Positions.Zip(batch.Targets))
                    restored[position] = target;
                int length = batch.Texts.Ids.GetLength(1);
                for (int b = 0; b < batch.Indices.Count; b++)
                {
                    (string first, string? second) = texts[batch.Indices[b]];
                    long[] shown = [.. restored.Skip(b * length).Take((int)Enumerable.Range(0, length).Sum(t => batch.Texts.Mask[b, t]))];
                    Assert.Equal(second is null, batch.Drawn[b] == -100);
                    if (batch.Drawn[b] <= 0)
                        Assert.Equal(Tokenizer.Encode(first, second, 300).Ids.Select(id => (long)id), shown);
                    else
                        Assert.Contains(seconds, other => Tokenizer.Encode(first, other, 300).Ids.Select(id => (long)id).SequenceEqual(shown));
                    (drawn, pairs) = (drawn + (batch.Drawn[b] == 1 ? 1 : 0), pairs + (second is null ? 0 : 1));
                    if (batch.Drawn[b] == 1)
                        (epoch == 0 ? drawnFirst : drawnLater).Add(batch.Indices[b]);
                }
            }
        }
        Assert.Equal(1200, pairs);
        Assert.Equal(0.5, drawn / pairs, 4 * Math.Sqrt(0.25 / pairs));
        Assert.False(drawnFirst.IsSubsetOf(drawnLater));
    }

    [Fact]
    public void Without_drawing_pairs_stay_together_and_two_are_needed_to_draw()
    {
        (string, string?)[] texts = [("the file", "is not"), ("the", null)];
        MaskedLanguageBatch batch = Assert.Single(new MaskedLanguageBatches(texts, Tokenizer).Epoch(0));
        Assert.Equal([-100, -100], batch.Drawn);
        Assert.Contains(1, batch.Texts.TypeIds.Cast<long>());
        Assert.Equal("MaskedLanguageSettings.DrawSecond needs at least two pairs of texts; there are 1",
            Assert.Throws<IntraDistillException>(() => new MaskedLanguageBatches(texts, Tokenizer, new() { DrawSecond = true })).Message);
    }

    [Fact]
    public void What_cannot_be_learned_from_is_named()
    {
        Assert.Equal("none of the 0 texts has a token to predict", Refusal([]));
        Assert.Equal("none of the 2 texts has a token to predict", Refusal(["", " "]));
        Assert.StartsWith("text 1: the text has half of a surrogate pair", Refusal(["a", "\udc00"]));
        Assert.Contains("MaxLength is 10 and MaxTokens 9", Refusal(["the"], new() { MaxLength = 10, MaxTokens = 9 }));
        Assert.Contains("MaxLength is 2", Refusal(["the"], new() { MaxLength = 2 }));
        Assert.Contains("MaskShare is 0;", Refusal(["the"], new() { MaskShare = 0 }));
        Assert.Contains("MaskShare is 1.5;", Refusal(["the"], new() { MaskShare = 1.5 }));
        Assert.Contains("MaskShare is NaN;", Refusal(["the"], new() { MaskShare = double.NaN }));
    }

    [Fact]
    public async Task A_small_model_learns_from_the_messages_of_the_sdk()
    {
        MaskedLanguageSettings settings = new() { MaxTokens = 1024, MaxLength = 48 };
        MaskedLanguageBatches source = Singles(s_messages.Value[..500], settings);
        IReadOnlyList<MaskedLanguageBatch> held = Singles(s_messages.Value[500..600], settings).Epoch(0);
        Reproducible.Seed(1);
        using BertForMaskedLM model = new(BertSettings.Small with
        {
            VocabularySize = Tokenizer.VocabularySize, PadId = Tokenizer.PadId, HiddenSize = 32, FeedForwardSize = 64, Layers = 1,
        });
        IntraDistillation objective = new(new() { Passes = 1, Alpha = 0 });
        using Trainer<MaskedLanguageBatch> trainer = new(model, new()
        {
            LearningRate = 1e-2, WarmupSteps = 10, MaxUpdates = 60, ValidateEvery = 20,
        }, source, (batch, update) =>
        {
            Tensor targets = tensor(batch.Targets);
            return objective.Loss(() => Logits(batch), logits => BertForMaskedLM.Loss(logits, targets), update);
        });
        trainer.Validate = () => Validate();
        model.eval();
        double before = Validate();
        TrainingResult result = await trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken);

        // Of 600 equally likely tokens the loss is 6.4; the frequent ones are learned first.
        Assert.InRange(before, 6.2, 6.7);
        Assert.True(result.BestValidation < before - 0.5, $"{result.BestValidation} after {before}");

        // (N, V): the head sees the states of the tokens to predict alone.
        Tensor Logits(MaskedLanguageBatch batch)
        {
            Tensor hidden = model.Encoder.call(tensor(batch.Texts.Ids), tensor(batch.Texts.Mask), tensor(batch.Texts.TypeIds));
            return model.Logits(hidden.flatten(0, 1).index_select(0, tensor(batch.Positions)));
        }

        double Validate()
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            return held.Sum(batch => batch.Tokens * BertForMaskedLM.Loss(Logits(batch), tensor(batch.Targets)).ToDouble())
                / held.Sum(batch => batch.Tokens);
        }
    }

    /// <summary>The targets of each text, in the order of the texts.</summary>
    private static string[] Targets(IReadOnlyList<MaskedLanguageBatch> batches) => [.. batches
        .SelectMany(batch => batch.Positions.Zip(batch.Targets, (position, target) =>
            (Text: batch.Indices[(int)(position / batch.Texts.Ids.GetLength(1))], Target: target)))
        .GroupBy(pair => pair.Text, pair => pair.Target).OrderBy(text => text.Key).Select(text => string.Join(' ', text))];

    private static MaskedLanguageBatches Singles(string[] texts, MaskedLanguageSettings? settings = null) =>
        new([.. texts.Select(text => (text, (string?)null))], Tokenizer, settings);

    private static string Refusal(string[] texts, MaskedLanguageSettings? settings = null)
    {
        string message = Assert.Throws<IntraDistillException>(() => Singles(texts, settings)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}

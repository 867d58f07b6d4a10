using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class ClassificationBatchesTests : SingleThreadedTests
{
    private static readonly BertTokenizer s_letters =
        WordPieceLearner.Learn(["a b c d e f"], new WordPieceSettings { CharacterCoverage = 1 });

    private static readonly ClassificationBatchSettings s_four = new() { BatchSize = 4, PartSize = 2 };

    [Fact]
    public void A_batch_holds_encoded_texts_padding_and_labels()
    {
        ClassificationBatch batch = Assert.Single(ClassificationBatches.InOrder(
            [new LabelledText("a b", "c", 2, "0"), new LabelledText("d", null, 1, "1")], s_letters));
        (long cls, long sep) = (s_letters.ClsId, s_letters.SepId);
        (long a, long b, long c, long d) = (Id("a"), Id("b"), Id("c"), Id("d"));
        Assert.Equal([1, 0], batch.Indices);
        Assert.Equal([1, 2], batch.Labels);
        Assert.Equal(new[,] { { cls, d, sep, 0, 0, 0 }, { cls, a, b, sep, c, sep } }, batch.Texts.Ids);
        Assert.Equal(new long[,] { { 0, 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 1, 1 } }, batch.Texts.TypeIds);
        Assert.Equal(new long[,] { { 1, 1, 1, 0, 0, 0 }, { 1, 1, 1, 1, 1, 1 } }, batch.Texts.Mask);
        Assert.Equal((2, 2), (batch.Tokens, batch.UpdateExamples));
    }

    [Fact]
    public void Every_update_has_its_parts_and_every_example_comes_once()
    {
        Gen<ClassificationBatchSettings> settings = Gen.Choose(1, 4).SelectMany(parts => Gen.Choose(1, 5)
            .SelectMany(part => Gen.Choose(1, 5).Select(group => new ClassificationBatchSettings
            {
                BatchSize = parts * part, PartSize = part, GroupBatches = group, Seed = 3,
            })));
        Prop.ForAll(Corpora().ToArbitrary(), settings.ToArbitrary(), (texts, chosen) =>
        {
            ClassificationBatches source = new(texts, s_letters, chosen);
            EpochCursor<ClassificationBatch> cursor = new(source);
            for (int epoch = 0; epoch < 2; epoch++)
            {
                List<int> seen = [];
                for (int update = 1; update <= source.UpdatesPerEpoch; update++)
                {
                    IReadOnlyList<ClassificationBatch> parts = cursor.Peek(source.PartsPerUpdate);
                    int examples = parts.Sum(part => part.Tokens);
                    Assert.Equal(epoch, cursor.Epoch);
                    Assert.All(parts, part => Assert.Equal(examples, part.UpdateExamples));
                    Assert.All(parts, part => Assert.InRange(part.Tokens, 1, chosen.PartSize!.Value));
                    if (update < source.UpdatesPerEpoch)
                        Assert.Equal((source.PartsPerUpdate, chosen.BatchSize), (parts.Count, examples));
                    seen.AddRange(parts.SelectMany(part => part.Indices));
                    cursor.Advance(parts.Count);
                }
                Assert.Equal(Enumerable.Range(0, texts.Length), seen.Order());
                Assert.Equal(epoch + 1, cursor.Complete);
            }
            foreach (ClassificationBatch batch in source.Epoch(0))
                for (int row = 0; row < batch.Tokens; row++)
                {
                    LabelledText text = texts[batch.Indices[row]];
                    Assert.Equal(text.Label, batch.Labels[row]);
                    Assert.Equal(s_letters.Encode(text.Text, text.Pair, 128).Ids.Select(id => (long)id), Row(batch, row));
                }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void An_epoch_depends_on_seed_and_number_alone()
    {
        LabelledText[] texts = [.. Enumerable.Range(0, 50).Select(i => Text(new string('a', i % 7), i))];
        foreach (int group in new[] { 1, 3 })
        {
            Assert.Equal(Order(1, 0), Order(1, 0));
            Assert.NotEqual(Order(1, 0), Order(1, 1));
            Assert.NotEqual(Order(1, 0), Order(2, 0));

            IEnumerable<int> Order(int seed, int epoch) =>
                new ClassificationBatches(texts, s_letters, s_four with { Seed = seed, GroupBatches = group })
                    .Epoch(epoch).SelectMany(batch => batch.Indices);
        }
    }

    [Fact]
    public void Groups_of_batches_need_less_padding_and_still_vary()
    {
        Random random = new(7);
        LabelledText[] texts = [.. Enumerable.Range(0, 400).Select(i => Words(random.Next(60), i))];
        ClassificationBatches plain = new(texts, s_letters, new() { BatchSize = 8 });
        ClassificationBatches grouped = new(texts, s_letters, new() { BatchSize = 8, GroupBatches = 25 });
        // About 1.8 and 1.05 positions a token.
        Assert.True(Positions(plain) > 1.5 * Positions(grouped), $"{Positions(plain)} and {Positions(grouped)}");
        // Long and short batches come in no order, in other company every time.
        int[] lengths = [.. grouped.Epoch(0).Select(batch => batch.Texts.Ids.GetLength(1))];
        Assert.InRange(lengths.Zip(lengths.Skip(1)).Count(pair => pair.First < pair.Second), 12, 37);
        Assert.NotEqual(Companions(0), Companions(1));

        static int Positions(ClassificationBatches source) => source.Epoch(0).Sum(batch => batch.Texts.Ids.Length);

        IEnumerable<int> Companions(int epoch) => grouped.Epoch(epoch).Single(batch => batch.Indices.Contains(0)).Indices.Order();
    }

    [Fact]
    public void The_batch_that_is_not_full_is_last_and_of_no_special_length()
    {
        LabelledText[] texts = [.. Enumerable.Range(0, 35).Select(i => Words(i, i))];
        ClassificationBatches source = new(texts, s_letters, new() { BatchSize = 8, PartSize = 4, GroupBatches = 100 });
        Assert.Equal((5, 2), (source.UpdatesPerEpoch, source.PartsPerUpdate));
        HashSet<int> last = [];
        for (int epoch = 0; epoch < 40; epoch++)
        {
            IReadOnlyList<ClassificationBatch> batches = source.Epoch(epoch);
            Assert.Equal([8, 8, 8, 8, 8, 8, 8, 8, 3], batches.Select(batch => batch.UpdateExamples));
            last.UnionWith(batches[^1].Indices);
        }
        Assert.True(last.Min() < 5 && last.Max() >= 30, string.Join(' ', last.Order()));
    }

    [Fact]
    public void Evaluation_batches_put_results_back_in_order_and_need_no_labels()
    {
        LabelledText[] texts = [.. Enumerable.Range(0, 41)
            .Select(i => Text(new string('a', i * 7 % 11), i) with { Label = i % 2 == 0 ? i : null })];
        IReadOnlyList<ClassificationBatch> batches = ClassificationBatches.InOrder(texts, s_letters, s_four);
        double[] labels = new double[texts.Length];
        foreach (ClassificationBatch batch in batches)
        {
            Assert.InRange(batch.Tokens, 1, 2);
            Assert.Equal(batch.Tokens, batch.UpdateExamples);
            for (int row = 0; row < batch.Tokens; row++)
                labels[batch.Indices[row]] = batch.Labels[row];
        }
        Assert.Equal(texts.Select(text => text.Label ?? double.NaN), labels);
        int[] lengths = [.. batches.Select(batch => batch.Texts.Ids.GetLength(1))];
        Assert.Equal(lengths.Order(), lengths);
    }

    [Fact]
    public void A_text_too_long_is_cut()
    {
        ClassificationBatches source = new(
            [Text("a a a a", 0), Text("a a a", 1), Text("a b c d e f", 2)], s_letters, new() { MaxLength = 6 });
        ClassificationBatch batch = Assert.Single(source.Epoch(0));
        Assert.Equal(6, batch.Texts.Ids.GetLength(1));
        Assert.Equal(s_letters.SepId, batch.Texts.Ids[batch.Indices.ToList().IndexOf(2), 5]);
    }

    [Fact]
    public void What_cannot_be_trained_on_is_named()
    {
        LabelledText good = Text("a", 1);
        Assert.Contains("no labelled texts", Refusal([]));
        Assert.Contains("example 7 has no label", Refusal([good, good with { Label = null, Id = "7" }]));
        Assert.Contains("example 8 has no label", Refusal([good with { Label = double.NaN, Id = "8" }]));
        Assert.StartsWith("example 20: the text has half of a surrogate pair", Refusal(
            [.. Enumerable.Range(0, 200).Select(i => Text(i is 20 or 21 or 150 or 199 ? "\ud800" : "a", i))]));
        Assert.Contains("PartSize is 3; expected a divisor of BatchSize (4)", Refusal([good], s_four with { PartSize = 3 }));
        Assert.Contains("PartSize is 0", Refusal([good], s_four with { PartSize = 0 }));
        Assert.Contains("BatchSize is 0", Refusal([good], new() { BatchSize = 0 }));
        Assert.Contains("MaxLength is 2", Refusal([good], new() { MaxLength = 2 }));
        Assert.Contains("GroupBatches is 0", Refusal([good], new() { GroupBatches = 0 }));
        Assert.Equal(8, new ClassificationBatches([good], s_letters, new() { BatchSize = 8, GroupBatches = int.MaxValue })
            .Epoch(0).Count * 8);
    }

    [Theory]
    [InlineData(Divergence.X)]
    [InlineData(Divergence.MeanSquaredError)]
    public async Task Parts_train_as_whole_batches_do(Divergence divergence)
    {
        Random random = new(5);
        LabelledText[] texts = [.. Enumerable.Range(0, 45)
            .Select(i => Text(string.Join(' ', random.GetItems("abcdef".AsSpan(), random.Next(12))), i) with { Label = i % 3 })];
        (double[] whole, long updates) = await TrainAsync(null);
        (double[] parts, long same) = await TrainAsync(2);
        Assert.Equal(updates, same);
        for (int i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i], parts[i], 1e-9);

        async Task<(double[] Weights, long Updates)> TrainAsync(int? partSize)
        {
            ClassificationBatches source = new(texts, s_letters, new() { BatchSize = 8, PartSize = partSize });
            manual_seed(3);
            using Sequential model = nn.Sequential(nn.Linear(s_letters.VocabularySize, 3));
            model.to(float64);
            IntraDistillation objective = new(new() { Alpha = 2, AdaptiveAlpha = false, Divergence = divergence });
            using Trainer<ClassificationBatch> trainer = new(model, new()
            {
                GradientAccumulation = source.PartsPerUpdate, MaxUpdates = 2 * source.UpdatesPerEpoch, WarmupSteps = 0,
                LearningRate = 1e-2, ValidateEvery = 0,
            }, source, (batch, update) =>
            {
                // Bags of pieces; passes that differ without dropout, which would not draw the same in parts.
                Tensor bags = zeros([batch.Tokens, s_letters.VocabularySize], dtype: float64)
                    .scatter_add(1, tensor(batch.Texts.Ids), tensor(batch.Texts.Mask).to(float64));
                Tensor logits = stack([model.forward(bags), model.forward(bags * 2), model.forward(bags.square())]);
                Tensor labels = tensor(batch.Labels).to(int64);
                return objective.Loss(logits, pass => nn.functional.cross_entropy(pass, labels), update,
                    updatePositions: batch.UpdateExamples);
            });
            await trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken);
            return ([.. model.parameters().SelectMany(parameter => parameter.data<double>())], trainer.Result.Update);
        }
    }

    private static string Refusal(LabelledText[] texts, ClassificationBatchSettings? settings = null)
    {
        string message = Assert.Throws<IntraDistillException>(
            () => new ClassificationBatches(texts, s_letters, settings)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private static Gen<LabelledText[]> Corpora()
    {
        Gen<string> text = Gen.Choose(0, 20).SelectMany(length => Gen.Elements("abc def".ToCharArray()).ArrayOf(length))
            .Select(letters => new string(letters));
        return text.SelectMany(first => text.Select(second => (first, second))).NonEmptyListOf()
            .Select(pairs => pairs
                .Select((pair, i) => new LabelledText(pair.first, i % 3 == 0 ? pair.second : null, i, $"{i}")).ToArray());
    }

    private static LabelledText Text(string text, int number) => new(text, null, number, $"{number}");

    private static LabelledText Words(int count, int number) =>
        Text(string.Join(' ', Enumerable.Repeat('b', count)), number);

    private static long Id(string word) => s_letters.Encode(word, null, 8).Ids[1];

    private static IEnumerable<long> Row(ClassificationBatch batch, int row) =>
        Enumerable.Range(0, batch.Texts.Ids.GetLength(1)).Where(column => batch.Texts.Mask[row, column] == 1)
            .Select(column => batch.Texts.Ids[row, column]);
}

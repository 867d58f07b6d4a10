using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class TaggingBatchesTests : SingleThreadedTests
{
    private static readonly string[] s_tags = ["O", "B-PER", "I-PER"];

    // Its pieces are letters: a word has as many as it has letters, one of control characters none.
    private static readonly BertTokenizer s_letters =
        WordPieceLearner.Learn(["a b c d e f"], new WordPieceSettings { CharacterCoverage = 1, VocabularySize = 20 });

    [Fact]
    public void A_batch_labels_the_first_piece_of_each_word()
    {
        TaggingBatch batch = Assert.Single(TaggingBatches.InOrder(
            [Sentence("ab:B-PER \u0001:O c:I-PER"), Sentence("d:O")], s_letters, s_tags));
        Assert.Equal([new TaggingRow(1, 0, 1), new TaggingRow(0, 0, 3)], batch.Rows);
        Assert.Equal(new long[,] { { -100, 0, -100, -100, -100 }, { -100, 1, -100, 2, -100 } }, batch.Labels);
        Assert.Equal(new[,] { { -1, 0, -1, -1, -1 }, { -1, 0, -1, 2, -1 } }, batch.Words);
        Assert.Equal(new long[,] { { 1, 1, 1, 0, 0 }, { 1, 1, 1, 1, 1 } }, batch.Texts.Mask);
        Assert.Equal(s_letters.EncodeWords(["ab", "\u0001", "c"], 9).Ids.Select(id => (long)id), Ids(batch, 1));
        Assert.Equal((3, 3), (batch.Tokens, batch.UpdatePositions));
    }

    [Fact]
    public void A_sentence_that_is_too_long_goes_on_in_another_row_and_a_word_in_none_is_cut()
    {
        TaggingBatches source = new([Sentence("ab:O c:O \u0001:O def:B-PER abcdef:O a:I-PER")], s_letters, s_tags, new() { MaxLength = 6 });
        Assert.Equal(1, source.UpdatesPerEpoch);
        TaggingBatch batch = Assert.Single(source.Epoch(0));
        Assert.Equal([new TaggingRow(0, 0, 3), new TaggingRow(0, 3, 4), new TaggingRow(0, 4, 5), new TaggingRow(0, 5, 6)],
            batch.Rows.OrderBy(row => row.FirstWord));
        int cut = batch.Rows.ToList().FindIndex(row => row.FirstWord == 4);
        Assert.Equal([.. s_letters.EncodeWords(["abcd"], 6).Ids.Select(id => (long)id)], Ids(batch, cut));
    }

    [Fact]
    public void No_token_is_lost_whatever_the_length_and_every_update_has_its_parts()
    {
        Gen<string> word = Gen.Choose(0, 9).SelectMany(length => Gen.Elements("abcdef\u0001".ToCharArray()).ArrayOf(length))
            .Select(letters => new string(letters));
        Gen<TaggedSentence[]> corpora = word.SelectMany(text => Gen.Elements(s_tags).Select(tag => (text, tag))).ListOf()
            .Select(pairs => new TaggedSentence([.. pairs.Select(pair => pair.text)], [.. pairs.Select(pair => pair.tag)]))
            .NonEmptyListOf().Select(sentences => sentences.ToArray());
        Gen<TaggingBatchSettings> settings = Gen.Choose(1, 3).SelectMany(parts => Gen.Choose(1, 3).SelectMany(part => Gen.Choose(3, 12)
            .Select(length => new TaggingBatchSettings { BatchSize = parts * part, PartSize = part, MaxLength = length, GroupBatches = 2 })));
        Prop.ForAll(corpora.ToArbitrary(), settings.ToArbitrary(), (corpus, chosen) =>
        {
            IReadOnlyList<TaggingBatch> inOrder = TaggingBatches.InOrder(corpus, s_letters, s_tags, chosen);
            Check(inOrder);
            // Rows divide the words of each sentence, those without a piece too.
            foreach (IGrouping<int, TaggingRow> rows in inOrder.SelectMany(batch => batch.Rows).GroupBy(row => row.Sentence))
            {
                int next = 0;
                foreach (TaggingRow row in rows.OrderBy(row => row.FirstWord))
                {
                    Assert.Equal(next, row.FirstWord);
                    next = row.EndWord;
                }
                Assert.Equal(corpus[rows.Key].Tokens.Count, next);
            }
            Assert.Equal(corpus.Length, inOrder.SelectMany(batch => batch.Rows).Select(row => row.Sentence).Distinct().Count());
            if (corpus.All(sentence => !sentence.Tokens.Any(HasPiece)))
                return;
            TaggingBatches source = new(corpus, s_letters, s_tags, chosen);
            EpochCursor<TaggingBatch> cursor = new(source);
            List<TaggingBatch> epoch = [];
            for (int update = 1; update <= source.UpdatesPerEpoch; update++)
            {
                IReadOnlyList<TaggingBatch> parts = cursor.Peek(source.PartsPerUpdate);
                Assert.All(parts, part => Assert.Equal(parts.Sum(one => one.Tokens), part.UpdatePositions));
                Assert.All(parts, part => Assert.True(part.Tokens >= part.Rows.Count));
                epoch.AddRange(parts);
                cursor.Advance(parts.Count);
            }
            Assert.Equal(1, cursor.Complete);
            Check(epoch);

            void Check(IReadOnlyList<TaggingBatch> batches)
            {
                List<(int, int)> seen = [];
                foreach (TaggingBatch batch in batches)
                {
                    Assert.InRange(batch.Texts.Ids.GetLength(1), 2, chosen.MaxLength);
                    Assert.InRange(batch.Rows.Count, 1, chosen.PartSize!.Value);
                    for (int row = 0; row < batch.Rows.Count; row++)
                        for (int place = 0; place < batch.Words.GetLength(1); place++)
                        {
                            int at = batch.Words[row, place];
                            Assert.Equal(at >= 0, batch.Labels[row, place] >= 0);
                            if (at < 0)
                                continue;
                            TaggingRow held = batch.Rows[row];
                            seen.Add((held.Sentence, at));
                            Assert.InRange(at, held.FirstWord, held.EndWord - 1);
                            Assert.Equal(corpus[held.Sentence].Tags[at], s_tags[batch.Labels[row, place]]);
                            Assert.Equal(s_letters.EncodeWords([corpus[held.Sentence].Tokens[at]], 99).Ids[1], batch.Texts.Ids[row, place]);
                        }
                }
                Assert.Equal(corpus.SelectMany((sentence, i) => sentence.Tokens.Index().Where(token => HasPiece(token.Item))
                    .Select(token => (i, token.Index))), seen.Order());
            }
        }).QuickCheckThrowOnFailure();

        static bool HasPiece(string text) => text.Any(c => c != '\u0001');
    }

    [Fact]
    public void An_epoch_depends_on_seed_and_number_alone()
    {
        TaggedSentence[] sentences = [.. Enumerable.Range(0, 50).Select(i => Sentence($"{new string('a', 1 + i % 7)}:O"))];
        Assert.Equal(Order(1, 0), Order(1, 0));
        Assert.NotEqual(Order(1, 0), Order(1, 1));
        Assert.NotEqual(Order(1, 0), Order(2, 0));

        IEnumerable<int> Order(int seed, int epoch) => new TaggingBatches(sentences, s_letters, s_tags,
            new() { BatchSize = 4, Seed = seed }).Epoch(epoch).SelectMany(batch => batch.Rows).Select(row => row.Sentence);
    }

    [Fact]
    public async Task Parts_train_as_whole_batches_do()
    {
        Random random = new(5);
        TaggedSentence[] sentences = [.. Enumerable.Range(0, 21).Select(_ => Sentence(string.Join(' ',
            Enumerable.Range(0, random.Next(1, 9)).Select(_ => $"{"abcdef"[random.Next(6)]}b:{s_tags[random.Next(3)]}"))))];
        double[] whole = await TrainAsync(null), parts = await TrainAsync(2);
        for (int i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i], parts[i], 1e-9);

        async Task<double[]> TrainAsync(int? partSize)
        {
            TaggingBatches source = new(sentences, s_letters, s_tags, new() { BatchSize = 8, PartSize = partSize, MaxLength = 10 });
            manual_seed(3);
            using Sequential model = nn.Sequential(nn.Linear(s_letters.VocabularySize, 3));
            model.to(float64);
            IntraDistillation objective = new(new() { Alpha = 2, AdaptiveAlpha = false });
            using Trainer<TaggingBatch> trainer = new(model, new()
            {
                GradientAccumulation = source.PartsPerUpdate, MaxUpdates = 2 * source.UpdatesPerEpoch, WarmupSteps = 0,
                LearningRate = 1e-2, ValidateEvery = 0,
            }, source, (batch, update) =>
            {
                Tensor pieces = nn.functional.one_hot(tensor(batch.Texts.Ids), s_letters.VocabularySize).to(float64);
                Tensor logits = stack([model.forward(pieces), model.forward(pieces * 2), model.forward(pieces * 3)]);
                Tensor labels = tensor(batch.Labels);
                return objective.Loss(logits, pass => BertForTokenClassification.Loss(pass, labels), update,
                    labels.ne(TaggingBatch.NoLabel), batch.UpdatePositions);
            });
            await trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken);
            return [.. model.parameters().SelectMany(parameter => parameter.data<double>())];
        }
    }

    [Fact]
    public void What_cannot_be_trained_on_is_named()
    {
        TaggedSentence good = Sentence("a:O");
        Refused("there are no tagged words", []);
        Refused("there are no tagged words", [Sentence("\u0001:O")]);
        Refused("sentence 1 (from 0): 1 tokens and 0 tags", [good, new(["a"], [])]);
        Refused("sentence 1 (from 0): tag 'B-LOC', where one of O, B-PER, I-PER was expected", [good, Sentence("a:B-LOC")]);
        Refused("sentence 0 (from 0): word 0 has half of a surrogate pair", [new(["\ud800"], ["O"])]);
        Refused("TaggingBatchSettings.PartSize is 3; expected a divisor of BatchSize (4)", [good], new() { BatchSize = 4, PartSize = 3 });
        Refused("MaxLength is 2", [good], new() { MaxLength = 2 });
        Assert.Equal(-100, TaggingBatches.InOrder([Sentence("a:B-LOC")], s_letters, s_tags)[0].Labels[0, 1]);

        static void Refused(string message, TaggedSentence[] sentences, TaggingBatchSettings? settings = null) => Assert.Contains(
            message, Assert.Throws<IntraDistillException>(() => new TaggingBatches(sentences, s_letters, s_tags, settings)).Message);
    }

    private static TaggedSentence Sentence(string pairs)
    {
        string[][] cut = [.. pairs.Split(' ').Select(pair => pair.Split(':'))];
        return new([.. cut.Select(pair => pair[0])], [.. cut.Select(pair => pair[1])]);
    }

    private static IEnumerable<long> Ids(TaggingBatch batch, int row) =>
        Enumerable.Range(0, batch.Texts.Ids.GetLength(1)).Where(column => batch.Texts.Mask[row, column] == 1)
            .Select(column => batch.Texts.Ids[row, column]);
}

using IntraDistill.Tasks;
using IntraDistill.Tests.DataScripts;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class SequenceTaggerTests : SingleThreadedTests
{
    // The way of notebook 04: English labels, six languages, real files.
    [Fact]
    public async Task A_tiny_model_is_fine_tuned_on_English_and_tags_six_languages()
    {
        using TemporaryFolder folder = new();
        PretrainedTokenizer tokenizer = PretrainedVocabularies.Get(PretrainedVocabularies.BertCased);
        TransferCorpus<TaggedSentence> corpus = PanxCorpus.LoadTransfer(RealFolders.Panx(folder.Path)).Sample(train: 64, test: 100);
        TaggingBatchSettings batching = new() { BatchSize = 16, PartSize = 8, MaxLength = 32 };
        TaggingBatches batches = new(corpus.Train, tokenizer, PanxCorpus.Tags, batching);
        Reproducible.Seed(1);
        using BertForTokenClassification model = new(BertSettings.Small with
        {
            VocabularySize = tokenizer.VocabularySize, HiddenSize = 32, Layers = 1, FeedForwardSize = 64, Labels = PanxCorpus.Tags,
        });
        // The mean: a sum over a hundred words at α 1 keeps so small a model from learning anything in so few updates.
        IntraDistillation objective = new(new() { Passes = 3, Alpha = 1, TotalSteps = 60, Reduction = DivergenceReduction.Mean });
        using Trainer<TaggingBatch> trainer = new(model, new()
        {
            LearningRate = 1e-2, WarmupSteps = 0, MaxUpdates = 60, ValidateEvery = 0, GradientAccumulation = batches.PartsPerUpdate,
        }, batches, (batch, update) =>
        {
            Tensor labels = from_array(batch.Labels);
            Tensor logits = model.call(from_array(batch.Texts.Ids).repeat(3, 1), from_array(batch.Texts.Mask).repeat(3, 1),
                from_array(batch.Texts.TypeIds).repeat(3, 1)).view(3, batch.Rows.Count, -1, PanxCorpus.Tags.Count);
            return objective.Loss(logits, one => BertForTokenClassification.Loss(one, labels), update,
                labels.ne(TaggingBatch.NoLabel), batch.UpdatePositions);
        });
        TrainingResult result = await trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.All(result.History, point => Assert.True(double.IsFinite(point.Task) && point.Divergence > 0));

        // It learns these 64 sentences by heart.
        double first = result.History.Take(4).Average(point => point.Task), last = result.History.TakeLast(4).Average(point => point.Task);
        Assert.True(last < 0.7 * first, $"{last} after {first}");
        EntityF1 learned = F1(corpus.Train);
        TestContext.Current.TestOutputHelper?.WriteLine($"train: {learned}");
        Assert.True(learned.Overall.Correct > 0, learned.ToString());
        foreach (string language in new[] { "de", "en", "es", "nl", "pl", "ru" })
        {
            EntityF1 score = F1(corpus.Test[language]);
            TestContext.Current.TestOutputHelper?.WriteLine($"{language}: {score}");
            Assert.InRange(score.Overall.F1, 0, 100);
            Assert.True(score.Overall.Gold > 80, $"{language}: {score.Overall.Gold} entities");
        }

        EntityF1 F1(IReadOnlyList<TaggedSentence> sentences) => EntityF1.Of(
            SequenceTagger.Predict(model, TaggingBatches.InOrder(sentences, tokenizer, PanxCorpus.Tags, batching)),
            [.. sentences.Select(sentence => sentence.Tags)]);
    }

    [Fact]
    public void Predictions_are_those_of_each_row_alone_in_the_order_of_the_sentences()
    {
        TaggedSentence[] sentences = [.. Enumerable.Range(0, 17).Select(i =>
            new TaggedSentence([.. Enumerable.Range(0, 5 * i % 13).Select(j => j % 4 == 2 ? "\u0001" : $"ab{i * j}")], []))];
        BertTokenizer tokenizer = WordPieceLearner.Learn(sentences.SelectMany(sentence => sentence.Tokens), new() { VocabularySize = 40 });
        using BertForTokenClassification model = Model(tokenizer);
        model.train();
        IReadOnlyList<IReadOnlyList<string>> predictions = SequenceTagger.Predict(model,
            TaggingBatches.InOrder(sentences, tokenizer, model.Settings.Labels, new() { BatchSize = 4, MaxLength = 64 }));
        Assert.True(model.training);
        model.eval();
        for (int i = 0; i < sentences.Length; i++)
        {
            using var scope = NewDisposeScope();
            EncodedText text = tokenizer.EncodeWords(sentences[i].Tokens, 128);
            EncodedBatch one = EncodedBatch.Pad([text], tokenizer.PadId);
            long[] labels = [.. model.call(from_array(one.Ids), from_array(one.Mask), from_array(one.TypeIds)).argmax(-1).data<long>()];
            Assert.Equal(Enumerable.Range(0, sentences[i].Tokens.Count).Select(word => text.Words!.ToList().IndexOf(word) is >= 0 and int place
                ? model.Settings.Labels[(int)labels[place]] : "O"), predictions[i]);
        }
        // Sentences over the length are put together again from their rows.
        IReadOnlyList<IReadOnlyList<string>> split = SequenceTagger.Predict(model,
            TaggingBatches.InOrder(sentences, tokenizer, model.Settings.Labels, new() { BatchSize = 4, MaxLength = 9 }));
        Assert.Equal(sentences.Select(sentence => sentence.Tokens.Count), split.Select(tags => tags.Count));
        Assert.All(sentences.Zip(split), pair => Assert.All(pair.First.Tokens.Zip(pair.Second),
            token => Assert.Equal(token.First == "\u0001", token.Second == "O")));
    }

    [Fact]
    public void A_validation_is_F1_and_the_mean_loss_of_the_words()
    {
        TaggedSentence[] sentences = [.. Enumerable.Range(0, 9).Select(i => (Sentence: i, Words: Enumerable.Range(0, 1 + i % 4))).Select(of =>
            new TaggedSentence([.. of.Words.Select(j => $"ab{of.Sentence * j}")], [.. of.Words.Select(j => j == 0 ? "B-PER" : "I-PER")]))];
        BertTokenizer tokenizer = WordPieceLearner.Learn(sentences.SelectMany(sentence => sentence.Tokens), new() { VocabularySize = 40 });
        using BertForTokenClassification model = Model(tokenizer);
        IReadOnlyList<TaggingBatch> Batches(int size) =>
            TaggingBatches.InOrder(sentences, tokenizer, model.Settings.Labels, new() { BatchSize = size, MaxLength = 64 });
        Validation measured = SequenceTagger.Validate(model, sentences, Batches(4)), alone = SequenceTagger.Validate(model, sentences, Batches(1));
        Assert.Equal(alone.Loss!.Value, measured.Loss!.Value, 1e-5);

        model.eval();
        using var scope = NewDisposeScope();
        double[] losses = [.. sentences.SelectMany(sentence =>
        {
            TaggingBatch one = Assert.Single(TaggingBatches.InOrder([sentence], tokenizer, model.Settings.Labels, new() { MaxLength = 64 }));
            (Tensor ids, Tensor mask, Tensor types) = one.Texts.On(CPU);
            Tensor labels = one.LabelsOn(CPU), log = model.call(ids, mask, types).log_softmax(-1);
            return log.gather(-1, labels.clamp_min(0).unsqueeze(-1)).squeeze(-1).masked_select(labels.ge(0)).data<float>().Select(one => -(double)one)
                .ToArray();
        })];
        Assert.Equal(losses.Average(), measured.Loss!.Value, 1e-5);
        Assert.Equal(EntityF1.Of(SequenceTagger.Predict(model, Batches(4)), [.. sentences.Select(one => one.Tags)]).Overall.F1, measured.Metric);
    }

    [Fact]
    public void Batches_that_are_not_of_one_whole_list_are_refused()
    {
        BertTokenizer tokenizer = WordPieceLearner.Learn(["a b c"], new() { VocabularySize = 20 });
        using BertForTokenClassification model = Model(tokenizer);
        TaggedSentence long1 = new(["a", "b", "c"], []), short1 = new(["a"], []);
        IReadOnlyList<TaggingBatch> batches = TaggingBatches.InOrder([long1, short1], tokenizer, [], new() { BatchSize = 1, MaxLength = 4 });
        Assert.Equal(3, batches.Count);
        Assert.Equal([3, 1], SequenceTagger.Predict(model, batches).Select(tags => tags.Count));
        Assert.Throws<ArgumentException>(() =>
            SequenceTagger.Predict(model, [.. batches.Where(batch => batch.Rows[0] != new TaggingRow(0, 0, 2))]));
        Assert.Throws<ArgumentException>(() => SequenceTagger.Predict(model, [.. batches, batches[0]]));
    }

    // No label is O, so that an O is a token without a piece.
    private static BertForTokenClassification Model(PretrainedTokenizer tokenizer) => new(BertSettings.Small with
    {
        VocabularySize = tokenizer.VocabularySize, HiddenSize = 32, Labels = ["B-PER", "I-PER", "B-LOC", "I-LOC"],
    });
}

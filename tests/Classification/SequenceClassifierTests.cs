using IntraDistill.Tasks;
using IntraDistill.Tests.DataScripts;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class SequenceClassifierTests : SingleThreadedTests
{
    // The way of notebook 03, from GLUE's files to the file for its server.
    [Theory]
    [InlineData("CoLA")]
    [InlineData("SST-2")]
    [InlineData("MRPC")]
    [InlineData("STS-B")]
    [InlineData("RTE")]
    public async Task A_tiny_model_is_fine_tuned_on_the_real_task_and_predicts_its_test_set(string name)
    {
        GlueTask task = GlueTask.Find(name);
        GlueCorpus corpus = GlueCorpus.Load(ReferenceData.Path("data/glue"), task).Sample(train: 64, dev: 100);
        var tokenizer = PretrainedTokenizer.Load(ReferenceData.Path("data/vocab/bert-base-uncased"));
        ClassificationBatchSettings batching = new() { BatchSize = 16, PartSize = 8, MaxLength = 48 };
        ClassificationBatches batches = new(corpus.Train, tokenizer, batching);
        Reproducible.Seed(1);
        using BertForSequenceClassification model = new(BertSettings.Small with
        {
            VocabularySize = tokenizer.VocabularySize, HiddenSize = 64, Layers = 1, FeedForwardSize = 128,
            Labels = BertSettings.NumberedLabels(task.Outputs),
        });
        IntraDistillation objective = new(new()
        {
            Passes = 3, Alpha = 0.5, P = 6.67, Q = 10, TotalSteps = 60,
            Divergence = task.Kind == GlueKind.Similarity ? Divergence.MeanSquaredError : Divergence.X,
        });
        using Trainer<ClassificationBatch> trainer = new(model, new()
        {
            Optimizer = OptimizerKind.Adamax, LearningRate = 1e-2, Schedule = ScheduleKind.Linear, WarmupSteps = 0, MaxUpdates = 60,
            ValidateEvery = 20, HigherIsBetter = true, GradientAccumulation = batches.PartsPerUpdate,
        }, batches, (batch, update) =>
        {
            Tensor labels = task.Outputs == 1 ? tensor(batch.Labels).to(float32) : tensor(batch.Labels).to(int64);
            Tensor logits = model.call(from_array(batch.Texts.Ids).repeat(3, 1), from_array(batch.Texts.Mask).repeat(3, 1),
                from_array(batch.Texts.TypeIds).repeat(3, 1)).view(3, batch.Tokens, -1);
            return objective.Loss(logits, one => model.Loss(one, labels), update, updatePositions: batch.UpdateExamples);
        });
        IReadOnlyList<ClassificationBatch> dev = ClassificationBatches.InOrder(corpus.Dev, tokenizer, batching);
        trainer.Validate = () => GlueScore.Of(task, SequenceClassifier.Predict(model, dev), corpus.Dev).Headline;
        TrainingResult result = await trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(15, result.Epochs);
        Assert.All(result.History, point => Assert.True(point.Divergence > 0));
        // It learns these 64 texts by heart.
        double first = result.History.Take(4).Average(point => point.Task), last = result.History.TakeLast(4).Average(point => point.Task);
        Assert.True(last < 0.7 * first, $"{last} after {first}");
        Assert.All(result.Validations, point => Assert.InRange(point.Metric, -100, 100));

        double[] predictions = SequenceClassifier.Predict(model, ClassificationBatches.InOrder(corpus.Test, tokenizer, batching));
        using TemporaryFolder folder = new();
        string[] lines = File.ReadAllLines(GlueSubmission.Write(folder.Path, task, predictions));
        Assert.Equal(corpus.Test.Count + 1, lines.Length);
    }

    [Fact]
    public void Predictions_are_those_of_each_text_alone_in_the_order_of_the_list()
    {
        LabelledText[] texts = [.. Enumerable.Range(0, 23).Select(i =>
            new LabelledText(string.Join(' ', Enumerable.Repeat($"text {i}", 1 + 7 * i % 11)), null, null, $"{i}"))];
        BertTokenizer tokenizer = WordPieceLearner.Learn(texts.Select(text => text.Text), new() { VocabularySize = 60 });
        foreach (int outputs in new[] { 1, 4 })
        {
            using BertForSequenceClassification model = new(BertSettings.Small with
            {
                VocabularySize = tokenizer.VocabularySize, Labels = BertSettings.NumberedLabels(outputs),
            });
            model.train();
            double[] predictions = SequenceClassifier.Predict(model, ClassificationBatches.InOrder(texts, tokenizer, new() { BatchSize = 4 }));
            Assert.True(model.training);
            model.eval();
            for (int i = 0; i < texts.Length; i++)
            {
                using var scope = NewDisposeScope();
                EncodedBatch one = EncodedBatch.Pad([tokenizer.Encode(texts[i].Text, null, 128)], tokenizer.PadId);
                Tensor logits = model.call(from_array(one.Ids), from_array(one.Mask), from_array(one.TypeIds))[0];
                Assert.Equal(outputs == 1 ? logits[0].item<float>() : logits.argmax().item<long>(), predictions[i], 1e-5);
            }
        }
    }

    [Fact]
    public void Batches_that_are_not_of_one_whole_list_are_refused()
    {
        BertTokenizer tokenizer = WordPieceLearner.Learn(["a b c"], new() { VocabularySize = 20 });
        using BertForSequenceClassification model = new(BertSettings.Small with { VocabularySize = tokenizer.VocabularySize });
        var batches = ClassificationBatches.InOrder(
            [new("a", null, 0, "0"), new("b", null, 0, "1")], tokenizer, new() { BatchSize = 1 });
        Assert.Throws<ArgumentException>(() => SequenceClassifier.Predict(model, [batches[0], batches[0]]));
        Assert.Throws<ArgumentException>(() => SequenceClassifier.Predict(model, [batches[1]]));
        using BertForSequenceClassification several = new(model.Settings with { Problem = BertProblem.MultiLabel });
        Assert.Throws<ArgumentException>(() => SequenceClassifier.Predict(several, batches));
    }
}

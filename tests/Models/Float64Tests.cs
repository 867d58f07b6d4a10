using IntraDistill.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>
/// A tensor made on the way takes its type from its inputs: a model of float64 computes the same to 14 digits whether torch's own
/// default, which a forgotten type would fall back to, has as many digits or half.
/// </summary>
[Collection("torch-rng")]
public sealed class Float64Tests
{
    [Fact]
    public async Task Translation_computes_in_the_models_type_from_training_to_search()
    {
        double[] coarse = await Run(float32), fine = await Run(float64);
        AssertEqual(fine, coarse);

        static Task<double[]> Run(ScalarType defaultType) => In(defaultType, async () =>
        {
            Reproducible.Seed(3);
            using var model = new TranslationTransformer(TransformerSettings.Small with
            {
                ModelSize = 8, FeedForwardSize = 8, Heads = 2, SourceVocabulary = 11, TargetVocabulary = 11, AttentionDropout = 0.2,
                ActivationDropout = 0.2,
            });
            Round(model);
            var objective = new TranslationObjective(new IntraDistillation(new() { Alpha = 0.5, TotalSteps = 3 }));
            IntraDistillationLoss Loss(TranslationBatch batch, long update)
            {
                var (source, input, target) = batch.On(CPU);
                Tensor states = model.hidden(source.repeat(3, 1), input.repeat(3, 1)).view(3, 2, 4, 8);
                return objective.Loss(states, model.OutputWeight, target, update);
            }
            TranslationBatch batch = new(new long[,] { { 5, 6, 3 }, { 7, 3, 0 } }, new long[,] { { 2, 8, 9, 4 }, { 2, 5, 0, 0 } },
                new long[,] { { 8, 9, 4, 3 }, { 5, 3, 0, 0 } }, 6);
            TrainerSettings settings = new() { WarmupSteps = 1, LearningRate = 0.01, ClipNorm = 0.1, ValidateEvery = 0, CheckpointEvery = 0 };
            using Trainer<TranslationBatch> trainer = new(model, settings, new Repeated<TranslationBatch>(batch), Loss);
            TrainingResult result = await trainer.TrainAsync(3, cancellation: TestContext.Current.CancellationToken);
            model.eval();
            using var scope = NewDisposeScope();
            var sensitivity = SensitivityProbe.Measure(model, [batch], one => Loss(one, 1).Total);
            BeamSearchResult found = BeamSearch.Translate(model, batch.Source, new BeamSearchSettings { BeamSize = 2 });
            double whole = Loss(batch, 1).Total.ToDouble(), pruned;
            using (Pruning.Prune(model, sensitivity, 0.3))
                pruned = Loss(batch, 1).Total.ToDouble();
            Assert.All(model.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
            return [.. result.History.SelectMany(point => new[] { point.Task, point.Divergence, point.Total, point.GradientNorm }),
                .. model.parameters().Select(parameter => parameter.abs().sum().ToDouble()), whole, pruned,
                ..found.Tokens.SelectMany(tokens => tokens).Select(token => (double)token), .. found.Scores];
        });
    }

    [Theory]
    [InlineData(BertFamily.Bert, Divergence.X)]
    [InlineData(BertFamily.Roberta, Divergence.JensenShannon)]
    public async Task An_encoder_and_its_heads_compute_in_the_models_type(BertFamily family, Divergence divergence)
    {
        double[] coarse = await Run(float32), fine = await Run(float64);
        AssertEqual(fine, coarse);

        Task<double[]> Run(ScalarType defaultType) => In(defaultType, () =>
        {
            BertSettings settings = new()
            {
                Family = family, VocabularySize = 11, HiddenSize = 8, Layers = 1, Heads = 2, FeedForwardSize = 8, MaxPositions = 12, PadId = 1,
            };
            using var scope = NewDisposeScope();
            Tensor ids = tensor(new long[,] { { 2, 5, 6, 3 }, { 2, 7, 3, 1 } }), mask = ids.ne(1).to(int64), labels = tensor(new long[] { 0, 1 });
            var objective = new IntraDistillation(new() { Passes = 2, Alpha = 2, AdaptiveAlpha = false, Divergence = divergence });
            Reproducible.Seed(3);
            using BertForSequenceClassification classes = new(settings);
            using BertForTokenClassification tags = new(settings);
            using BertForQuestionAnswering spans = new(settings);
            using BertForMaskedLM words = new(settings);
            foreach (nn.Module model in new nn.Module[] { classes, tags, spans, words }) Round(model);
            Reproducible.Seed(4);       // of the masks, however many draws the first weights took
            var (start, end) = spans.call(ids.repeat(2, 1), mask.repeat(2, 1), null);
            Tensor[] losses =
            [
                objective.Loss(classes.call(ids.repeat(2, 1), mask.repeat(2, 1), null).view(2, 2, -1), one => classes.Loss(one, labels), 1).Total,
                objective.Loss(tags.call(ids.repeat(2, 1), mask.repeat(2, 1), null).view(2, 2, 4, -1),
                    one => BertForTokenClassification.Loss(one, ids.remainder(2)), 1, mask).Total,
                objective.SpanLoss((start.view(2, 2, -1), end.view(2, 2, -1)), labels, labels, 1, mask).Total,
                BertForMaskedLM.Loss(words.call(ids, mask, null), ids),
            ];
            Assert.All(losses, loss => Assert.Equal(ScalarType.Float64, loss.dtype));
            stack(losses).sum().backward();
            return Task.FromResult<double[]>([.. losses.Select(loss => loss.ToDouble()),
                .. classes.parameters().Concat(spans.parameters()).Where(one => one.grad is not null).Select(one => one.grad!.abs().sum().ToDouble())]);
        });
    }

    private static async Task<double[]> In(ScalarType defaultType, Func<Task<double[]>> run)
    {
        ScalarType before = get_default_dtype();
        set_default_dtype(defaultType);
        try
        {
            return await run();
        }
        finally
        {
            set_default_dtype(before);
        }
    }

    /// <summary>Makes the weights float64, and such as float32 has too, whichever type they were drawn in.</summary>
    private static void Round(nn.Module model)
    {
        model.to(ScalarType.Float64);
        int seed = 0;
        using var noGrad = no_grad();
        foreach (var parameter in model.parameters())
        {
            var random = new Random(seed++);
            using Tensor values = tensor(Enumerable.Range(0, (int)parameter.numel()).Select(_ => random.Next(-64, 65) / 128.0).ToArray(), float64);
            parameter.copy_(values.view(parameter.shape));
        }
    }

    private static void AssertEqual(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-13 * Math.Max(1, Math.Abs(pair.First))));
    }

    private sealed class Repeated<TBatch>(TBatch batch) : IBatchSource<TBatch> where TBatch : IBatch
    {
        public IReadOnlyList<TBatch> Epoch(int epoch) => [batch];
    }
}

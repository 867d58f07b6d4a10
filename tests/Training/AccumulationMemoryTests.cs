using IntraDistill.Tasks;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class AccumulationMemoryTests
{
    private const int Passes = 3, Updates = 240, Parts = 2, Rows = 2, Length = 6;

    // The gradient of the embeddings alone has 1 MB, so that one kept of every part would be 360 MB from the first count on.
    private static readonly BertSettings s_settings = new()
    {
        VocabularySize = 16_000, HiddenSize = 16, Layers = 1, Heads = 2, FeedForwardSize = 32, MaxPositions = Length,
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Fine_tuning_in_parts_keeps_no_tensor_and_no_memory(bool repeated)
    {
        Reproducible.Seed(1);
        using BertForSequenceClassification model = new(s_settings);
        IntraDistillation intraDistillation = new(new() { Passes = Passes, Alpha = 1, TotalSteps = Updates });
        TrainerSettings settings = new()
        {
            Optimizer = OptimizerKind.Adamax, LearningRate = 2e-4, Schedule = ScheduleKind.Linear, WarmupSteps = 0,
            MaxUpdates = Updates, GradientAccumulation = Parts, ValidateEvery = 0,
        };
        using Trainer<ClassificationBatch> trainer = new(model, settings, new RandomTexts(), (batch, update) =>
        {
            Tensor ids = from_array(batch.Texts.Ids), mask = from_array(batch.Texts.Mask);
            Tensor labels = tensor(batch.Labels).to(int64);
            Tensor Loss(Tensor logits) => model.Loss(logits, labels);
            if (!repeated)
                return intraDistillation.Loss(() => model.call(ids, mask, null), Loss, update, null, batch.UpdateExamples);
            Tensor logits = model.call(ids.repeat(Passes, 1), mask.repeat(Passes, 1), null).view(Passes, Rows, -1);
            return intraDistillation.Loss(logits, Loss, update, null, batch.UpdateExamples);
        });

        await FlatMemory.Check(trainer, Updates, mostBytes: 60_000_000);
    }

    /// <summary>Four updates an epoch.</summary>
    private sealed class RandomTexts : IBatchSource<ClassificationBatch>
    {
        public IReadOnlyList<ClassificationBatch> Epoch(int epoch)
        {
            Random random = new(epoch);
            return [.. Enumerable.Range(0, 4 * Parts).Select(_ =>
            {
                EncodedText[] texts = [.. Enumerable.Range(0, Rows).Select(_ => new EncodedText(
                    [.. Enumerable.Range(0, Length).Select(_ => random.Next(5, s_settings.VocabularySize))],
                    new int[Length], new int[Length], [], null))];
                return new ClassificationBatch(EncodedBatch.Pad(texts, padId: 0), [random.Next(2), random.Next(2)])
                {
                    UpdateExamples = Parts * Rows,
                };
            })];
        }
    }
}

using IntraDistill.Tasks;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>The training steps of notebook 04, over many updates.</summary>
[Collection("torch-rng")]
public sealed class TransferMemoryTests
{
    private const int Passes = 3, Updates = 200;

    // The embeddings' gradient has half a megabyte: one kept of every update would be 100 MB.
    private static readonly BertSettings s_settings = new()
    {
        VocabularySize = 8_000, HiddenSize = 16, Layers = 1, Heads = 2, FeedForwardSize = 32, MaxPositions = 64,
    };

    private static readonly string[] s_words = [.. Enumerable.Range(0, 50).Select(i => $"w{i}")];

    private static readonly Lazy<BertTokenizer> s_tokenizer =
        new(() => WordPieceLearner.Learn(s_words, new WordPieceSettings { VocabularySize = 200 }));

    [Fact]
    public async Task Tagging_keeps_no_tensor_and_no_memory()
    {
        Random random = new(1);
        TaggedSentence[] sentences = [.. Enumerable.Range(0, 64).Select(_ =>
        {
            string[] tokens = Words(random, random.Next(3, 12));
            return new TaggedSentence(tokens, [.. tokens.Select(token => token.EndsWith('1') ? "B-X" : "O")]);
        })];
        TaggingBatches batches = new(sentences, s_tokenizer.Value, ["O", "B-X"], new() { BatchSize = 8, PartSize = 4, MaxLength = 32 });
        Reproducible.Seed(1);
        using BertForTokenClassification model = new(s_settings with { Labels = ["O", "B-X"] });
        IntraDistillation objective = new(new() { Passes = Passes, Alpha = 2, P = 2, Q = 5, TotalSteps = Updates });
        await Check(model, batches, batches.PartsPerUpdate, (batch, update) =>
        {
            Tensor labels = from_array(batch.Labels);
            Tensor logits = model.call(Repeated(batch.Texts.Ids), Repeated(batch.Texts.Mask), Repeated(batch.Texts.TypeIds));
            return objective.Loss(logits.view(Passes, labels.shape[0], labels.shape[1], -1),
                one => BertForTokenClassification.Loss(one, labels), update, mask: labels.ge(0));
        });
    }

    [Fact]
    public async Task Finding_spans_keeps_no_tensor_and_no_memory()
    {
        Random random = new(1);
        QuestionExample[] questions = [.. Enumerable.Range(0, 64).Select(i =>
        {
            string[] words = Words(random, random.Next(4, 30));
            return new QuestionExample($"{i}", words[1], string.Join(' ', words), [new AnswerSpan(words[0], 0)]);
        })];
        QuestionBatches batches = new(questions, s_tokenizer.Value,
            new() { BatchSize = 8, PartSize = 4, MaxLength = 48, Stride = 16, MaxQuestionLength = 8 });
        Reproducible.Seed(1);
        using BertForQuestionAnswering model = new(s_settings);
        IntraDistillation objective = new(new() { Passes = Passes, Alpha = 2, P = 2, Q = 5, TotalSteps = Updates });
        await Check(model, batches, batches.PartsPerUpdate, (batch, update) =>
        {
            (Tensor start, Tensor end) = model.call(
                Repeated(batch.Texts.Ids), Repeated(batch.Texts.Mask), Repeated(batch.Texts.TypeIds));
            return objective.SpanLoss((start.view(Passes, batch.Tokens, -1), end.view(Passes, batch.Tokens, -1)),
                tensor(batch.Starts), tensor(batch.Ends), update, from_array(batch.Texts.Mask));
        });
    }

    private static async Task Check<TBatch>(TorchSharp.torch.nn.Module model, IBatchSource<TBatch> batches, int parts,
        Func<TBatch, long, IntraDistillationLoss> step) where TBatch : IBatch
    {
        using Trainer<TBatch> trainer = new(model, new()
        {
            LearningRate = 1e-3, Schedule = ScheduleKind.Linear, WarmupSteps = 0, ClipNorm = 1, MaxUpdates = Updates,
            GradientAccumulation = parts, ValidateEvery = 0,
        }, batches, step);
        await FlatMemory.Check(trainer, Updates, mostBytes: 40_000_000);
    }

    private static Tensor Repeated(long[,] values) => from_array(values).repeat(Passes, 1);

    private static string[] Words(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => s_words[random.Next(s_words.Length)])];
}

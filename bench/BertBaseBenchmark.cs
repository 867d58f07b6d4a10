using System.Diagnostics;
using System.Globalization;
using IntraDistill.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Bench;

/// <summary>
/// Fine-tuning of a model of BERT-base's size in the paper's setting for GLUE (32 examples of 128 tokens an update, Adamax) with
/// the examples of an update in parts: its time, its memory, and whether that grows. Weights and texts are random, which
/// changes neither; every example has 128 tokens, which is the worst case.
/// </summary>
/// <remarks>
/// Tokens are those of the batch, however many passes are made over it. Memory is what came on top of the process with libtorch
/// before the model was made: weights, gradients, the optimizer's state and all that is transient. The peak is the system's;
/// beside it is <see cref="TrainingResult.PeakMemory"/>, which is taken before each backward pass and so does not see the
/// optimizer's step, in which TorchSharp's Adamax keeps three temporaries of every weight until the last one is done.
/// </remarks>
internal static class BertBaseBenchmark
{
    private const int Examples = 32, Length = 128, Passes = 3;

    /// <summary>Plain training; K passes as one over the part repeated K times; K passes one after another.</summary>
    public static readonly string[] Arms = ["baseline", "repeated", "in turn"];

    public static string Describe(int part) => FormattableString.Invariant(
        $"BERT-base, random weights; {Examples} examples of {Length} tokens an update in parts of {part}; Adamax; K = {Passes}");

    /// <summary>Measures one arm and writes what came out; in a process of its own.</summary>
    /// <param name="arm">One of <see cref="Arms"/>.</param>
    /// <param name="part">Examples that go through the model at once; a divisor of 32.</param>
    /// <param name="updates">Updates after the first, which warms up and is not counted.</param>
    public static async Task RunAsync(string arm, int part, int updates)
    {
        int passes = arm == "baseline" ? 1 : Passes;
        // libtorch and its threads are there before memory is counted.
        using (NewDisposeScope())
            _ = ones(512, 512).matmul(ones(512, 512));
        long before = Machine.MemoryInUse();

        Reproducible.Seed(1);
        using BertForSequenceClassification model = new(BertSettings.BaseUncased);
        long weights = Machine.MemoryInUse() - before;
        IntraDistillation intraDistillation = new(new() { Passes = passes, Alpha = 1, TotalSteps = updates + 1 });
        TrainerSettings settings = new()
        {
            Optimizer = OptimizerKind.Adamax, LearningRate = 2e-4, Schedule = ScheduleKind.Linear, WarmupSteps = 0,
            WeightDecay = 0, MaxUpdates = updates + 1, GradientAccumulation = Examples / part, ValidateEvery = 0,
        };
        using Trainer<ClassificationBatch> trainer = new(model, settings, new RandomTexts(part), (batch, update) =>
        {
            Tensor ids = from_array(batch.Texts.Ids), mask = from_array(batch.Texts.Mask);     // (B, T)
            Tensor labels = tensor(batch.Labels).to(int64);                                    // (B)
            Tensor TaskLoss(Tensor logits) => model.Loss(logits, labels);
            if (arm == "in turn")
                return intraDistillation.Loss(() => model.call(ids, mask, null), TaskLoss, update, null, batch.UpdateExamples);
            Tensor logits = model.call(ids.repeat(passes, 1), mask.repeat(passes, 1), null);   // (K·B, labels)
            return intraDistillation.Loss(logits.view(passes, part, -1), TaskLoss, update, null, batch.UpdateExamples);
        });

        List<double> seconds = [];
        List<long> kept = [], tensors = [];
        for (int update = 1; update <= updates + 1; update++)
        {
            TrainingResult result = await trainer.TrainAsync(untilUpdate: update);
            kept.Add(Machine.MemoryInUse() - before);
            tensors.Add(Tensor.TotalCount);
            if (update > 1)
                seconds.Add((result.History[^1].TrainingTime - result.History[^2].TrainingTime).TotalSeconds);
        }
        double median = seconds.Order().ElementAt(seconds.Count / 2);
        using Process process = Process.GetCurrentProcess();
        long peak = process.PeakWorkingSet64 - before, sampled = trainer.Result.PeakMemory - before;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {arm,-9} {median,6:F1} s an update, {Examples * Length / median,6:N0} tokens/s; peak {peak / 1e6:N0} MB "
            + $"({sampled / 1e6:N0} MB before backward passes), of which weights {weights / 1e6:N0} MB"));
        Console.WriteLine($"            seconds: {Join(seconds, "F1")}; held after each update, the first too: "
            + $"{Join(kept.Select(bytes => bytes / 1e6), "N0")} MB, {string.Join(' ', tensors)} tensors");
    }

    private static string Join(IEnumerable<double> values, string format) =>
        string.Join(' ', values.Select(value => value.ToString(format, CultureInfo.InvariantCulture)));

    /// <summary>An epoch is an update.</summary>
    private sealed class RandomTexts(int part) : IBatchSource<ClassificationBatch>
    {
        public IReadOnlyList<ClassificationBatch> Epoch(int epoch)
        {
            Random random = new(epoch);
            return [.. Enumerable.Range(0, Examples / part).Select(_ =>
            {
                EncodedText[] texts = [.. Enumerable.Range(0, part).Select(_ => Text(random))];
                return new ClassificationBatch(EncodedBatch.Pad(texts, padId: 0), [.. texts.Select(_ => (double)random.Next(2))])
                {
                    UpdateExamples = Examples,
                };
            })];
        }

        private static EncodedText Text(Random random)
        {
            int[] ids = [.. Enumerable.Range(0, Length).Select(_ => random.Next(1000, BertSettings.BaseUncased.VocabularySize))];
            return new(ids, new int[Length], new int[Length], [], null);
        }
    }
}

using IntraDistill.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Bench;

/// <summary>Does the kit work on this device? A minute of small trainings, with the CPU beside them.</summary>
internal sealed class DeviceChecks(Device device)
{
    private const int Updates = 20, KilledIn = 12;
    private const double Tolerance = 1e-3; // of a loss or a score, beside the CPU's

    private static readonly StepSize s_size = new("check", TransformerSettings.Small with
    {
        ModelSize = 64, FeedForwardSize = 128, SourceVocabulary = 100, TargetVocabulary = 100, MaxLength = 64,
    }, Rows: 16, Source: 12, Target: 10, Alpha: 1);

    private static readonly StepArm s_arm = s_size.Arms[^1];

    /// <summary>Prints a line for each check.</summary>
    /// <returns>How many failed.</returns>
    public int Run()
    {
        (string Name, Func<string> Check)[] checks =
        [
            ("translation: loss", TranslationLoss),
            ("translation: training", TranslationTraining),
            ("classification: loss", ClassifierLoss),
            ("classification: training", ClassifierTraining),
            ("same seed, same bits", Repeatable),
            ("killed and resumed", Resumed),
            ("sensitivity", Sensitive),
            ("pruning", Pruned),
            ("beam search", Searched),
        ];
        int failed = 0;
        foreach ((string name, Func<string> check) in checks)
        {
            string verdict = "PASS", detail;
            try
            {
                using var scope = NewDisposeScope();
                detail = check();
            }
            // Whatever it is: the others are to be checked as well.
            catch (Exception error)
            {
                failed++;
                (verdict, detail) = ("FAIL", error.Message.Split('\n')[0]);
                Console.Error.WriteLine(error);
            }
            Console.WriteLine($"{verdict}  {name,-26}{detail}");
        }
        Console.WriteLine($"{checks.Length - failed} of {checks.Length} passed on {device}");
        return failed;
    }

    /// <summary>What <see cref="Resumed"/> kills: trains with a checkpoint after every update, and is gone within one.</summary>
    public void TrainUntilKilled(string folder)
    {
        using TranslationTransformer model = NewModel(device);
        using Trainer<TranslationBatch> trainer = NewTrainer(model, folder, update =>
        {
            if (update == KilledIn)
                System.Diagnostics.Process.GetCurrentProcess().Kill();
        });
        Train(trainer);
    }

    private string TranslationLoss() => Near("loss", TranslationLossOn(CPU), TranslationLossOn(device));

    private string TranslationTraining()
    {
        using TranslationTransformer model = NewModel(device);
        using Trainer<TranslationBatch> trainer = NewTrainer(model);
        return Falls(Train(trainer));
    }

    private string ClassifierLoss()
    {
        return Near("loss", On(CPU), On(device));

        static double On(Device where)
        {
            using BertForSequenceClassification model = NewClassifier(where);
            model.eval();
            using var noGrad = no_grad();
            return ClassifierStep(model, 1, new RandomTexts().Epoch(0)[0], 1).Task.ToDouble();
        }
    }

    private string ClassifierTraining()
    {
        using BertForSequenceClassification model = NewClassifier(device);
        using Trainer<ClassificationBatch> trainer = new(model, Settings(null), new RandomTexts(),
            (batch, update) => ClassifierStep(model, 3, batch, update));
        return Falls(Train(trainer));
    }

    private string Repeatable()
    {
        double apart = Apart(Trained(), Trained());
        Require(apart == 0, $"two trainings are {apart:G2} of their way apart");
        return $"two trainings of {Updates} updates end with equal weights";
    }

    private string Resumed()
    {
        string folder = Directory.CreateTempSubdirectory("intradistill-check-").FullName;
        try
        {
            (int code, _) = Child.Run(AppContext.BaseDirectory, ["check-killed", device.ToString(), folder]);
            Require(code != 0, "the process that was to be killed lived on");
            using TranslationTransformer model = NewModel(device);
            using Trainer<TranslationBatch> trainer = NewTrainer(model, folder);
            Require(trainer.TryResume() && trainer.Result.Update == KilledIn - 1,
                $"resumed at update {trainer.Result.Update} after a kill in {KilledIn}");
            Train(trainer);
            double apart = Apart(Weights(model), Trained());
            Require(apart == 0, $"{apart:G2} of the way from an undisturbed training");
            return $"killed in update {KilledIn} of {Updates}; {apart:G2} of the way from an undisturbed training";
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string Sensitive() => Near("mean", Measure(CPU).Distribution.Mean, Measure(device).Distribution.Mean);

    private string Pruned()
    {
        using TranslationTransformer model = NewModel(device);
        Tensor before = Weights(model);
        double loss = TranslationLossOf(model), pruned;
        long count;
        using (PrunedWeights weights = Pruning.Prune(model, Measure(device), 0.4, PruningOrder.MostSensitive))
            (pruned, count) = (TranslationLossOf(model), weights.Count);
        Require(count > 0 && double.IsFinite(pruned) && pruned != loss, $"loss {loss:F4}, pruned {pruned:F4}");
        Require(Weights(model).eq(before).all().item<bool>(), "the weights are not what they were");
        return $"loss {loss:F4} -> {pruned:F4} without the most sensitive {count:N0}; weights put back";
    }

    private string Searched()
    {
        return Near("score", On(CPU), On(device));

        static double On(Device where)
        {
            using TranslationTransformer model = NewModel(where);
            return BeamSearch.Translate(model, s_size.Batches.Epoch(0)[0].Source).Scores.Average();
        }
    }

    // Weights are drawn on the CPU, so that they are the same everywhere.
    private static TranslationTransformer NewModel(Device where)
    {
        Reproducible.Seed(1);
        return s_size.NewModel(where);
    }

    private static TrainerSettings Settings(string? folder) => new()
    {
        LearningRate = 3e-3, WarmupSteps = 5, MaxUpdates = Updates, ValidateEvery = 0, CheckpointFolder = folder, CheckpointEvery = 1,
        Deterministic = !OperatingSystem.IsWindows(),
    };

    private static Trainer<TranslationBatch> NewTrainer(TranslationTransformer model, string? folder = null, Action<long>? before = null)
    {
        TranslationObjective objective = s_size.NewObjective(s_arm);
        return new(model, Settings(folder), s_size.Batches, (batch, update) =>
        {
            before?.Invoke(update);
            return StepSize.Loss(model, objective, s_arm.Passes, batch, update);
        });
    }

    private static TrainingResult Train<TBatch>(Trainer<TBatch> trainer) where TBatch : IBatch =>
        trainer.TrainAsync().GetAwaiter().GetResult();

    private Tensor Trained()
    {
        using TranslationTransformer model = NewModel(device);
        using Trainer<TranslationBatch> trainer = NewTrainer(model);
        Train(trainer);
        return Weights(model);
    }

    private static Tensor Weights(nn.Module model) =>
        cat([.. model.parameters().Select(parameter => parameter.detach().cpu().flatten())]).clone();

    /// <summary>The distance of two trained models as a part of the way that one has come.</summary>
    private static double Apart(Tensor a, Tensor b)
    {
        using TranslationTransformer untrained = NewModel(CPU);
        return ((a - b).norm() / (b - Weights(untrained)).norm()).ToDouble();
    }

    private static double TranslationLossOn(Device where)
    {
        using TranslationTransformer model = NewModel(where);
        return TranslationLossOf(model);
    }

    private static double TranslationLossOf(TranslationTransformer model)
    {
        model.eval();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return StepSize.Loss(model, s_size.NewObjective(s_arm), s_arm.Passes, s_size.Batches.Epoch(0)[0], 1).Task.ToDouble();
    }

    private static ParameterSensitivity Measure(Device where)
    {
        using TranslationTransformer model = NewModel(where);
        model.eval();
        return SensitivityProbe.Measure(model, s_size.Batches.Epoch(0).Take(2),
            batch => StepSize.Loss(model, s_size.NewObjective(s_size.Arms[0]), 1, batch, 1).Total);
    }

    private static BertForSequenceClassification NewClassifier(Device where)
    {
        Reproducible.Seed(1);
        return new BertForSequenceClassification(BertSettings.Small with { VocabularySize = RandomTexts.Vocabulary, HiddenSize = 64 })
            .to(where);
    }

    private static IntraDistillationLoss ClassifierStep(
        BertForSequenceClassification model, int passes, ClassificationBatch batch, long update)
    {
        Device where = model.Encoder.WordEmbeddings.device;
        Tensor ids = from_array(batch.Texts.Ids, device: where).repeat(passes, 1), mask = from_array(batch.Texts.Mask, device: where)
            .repeat(passes, 1);
        Tensor labels = tensor(batch.Labels, device: where).to(int64);
        Tensor logits = model.call(ids, mask, null).view(passes, labels.shape[0], -1);
        IntraDistillation objective = new(new() { Passes = passes, Alpha = 1, Reduction = DivergenceReduction.Mean });
        return objective.Loss(logits, one => model.Loss(one, labels), update);
    }

    private static string Near(string what, double onCpu, double here)
    {
        Require(Math.Abs(here - onCpu) <= Tolerance * Math.Abs(onCpu), $"{what} {here:G6}, on the CPU {onCpu:G6}");
        return $"{what} {here:G6}, on the CPU {onCpu:G6}";
    }

    private static string Falls(TrainingResult result)
    {
        double first = result.History.Take(3).Average(point => point.Task), last = result.History.TakeLast(3).Average(point => point.Task);
        string detail = $"loss {first:F4} -> {last:F4} in {result.Update} updates";
        Require(last < first, detail);
        return detail;
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new IntraDistillException(otherwise);
    }

    /// <summary>Texts whose first word tells their class.</summary>
    private sealed class RandomTexts : IBatchSource<ClassificationBatch>
    {
        public const int Vocabulary = 100;

        public IReadOnlyList<ClassificationBatch> Epoch(int epoch)
        {
            Random random = new(1);
            return [.. Enumerable.Range(0, 4).Select(_ =>
            {
                int[][] ids = [.. Enumerable.Range(0, 16).Select(_ =>
                    Enumerable.Range(0, random.Next(4, 12)).Select(_ => random.Next(10, Vocabulary)).ToArray())];
                EncodedText[] texts = [.. ids.Select(one => new EncodedText(one, new int[one.Length], new int[one.Length], [], null))];
                return new ClassificationBatch(EncodedBatch.Pad(texts, padId: 0), [.. ids.Select(one => (double)(one[0] % 2))]);
            })];
        }
    }
}

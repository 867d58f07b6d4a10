using System.Globalization;
using IntraDistill.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Bench;

/// <summary>
/// One arm of IWSLT'14 de-en for a quarter of an hour on a GPU: a model that comes to its end in that time, chosen by BLEU on
/// validation text. It ends by the clock as well as by updates. Beside the studies of notebook 02 it is a look, with one seed.
/// </summary>
internal static class IwsltRun
{
    private static readonly TransformerSettings s_shape = new()
    {
        EncoderLayers = 3, DecoderLayers = 3, ModelSize = 256, FeedForwardSize = 1024, NormalizeFirst = true, ShareEmbeddings = true,
    };

    private static readonly StepArm[] s_arms = [new("baseline", 1, 0), new("control", 3, 0), new("intra-distillation", 3, 1)];

    /// <param name="arm">One of the three.</param>
    /// <param name="dataFolder">Of <c>iwslt14/de-en</c>, as <c>data-scripts/iwslt14.cs</c> prepares it.</param>
    /// <param name="device">Where.</param>
    /// <param name="updates">The most updates.</param>
    /// <param name="seconds">When training stops by the clock; reading, learning subwords and validations count.</param>
    /// <param name="pairs">The most pairs of each part, to try it; 0 for all.</param>
    /// <param name="output">The folder for the curve and the translations of test.</param>
    public static void Run(string arm, string dataFolder, Device device, int updates, int seconds, int pairs, string output)
    {
        StepArm trained = s_arms.SingleOrDefault(one => one.Name == arm)
            ?? throw new IntraDistillException($"'{arm}': {string.Join(", ", s_arms.Select(one => one.Name))} was expected");
        using CancellationTokenSource clock = new(TimeSpan.FromSeconds(seconds));
        ScalarType type = Machine.ChoosePrecision("auto", device);
        Directory.CreateDirectory(output);

        int most = pairs > 0 ? pairs : int.MaxValue;
        ParallelCorpus data = Iwslt14Corpus.Load(dataFolder, "de", "en").Sample(most, most, most);
        SubwordVocabulary vocabulary = SubwordLearner.Learn(
            data.Train.SelectMany(pair => new[] { pair.Source, pair.Target }), new() { Merges = 10_000 });
        Reproducible.Seed(1);
        using TranslationTransformer model = new TranslationTransformer(
            s_shape with { SourceVocabulary = vocabulary.Size, TargetVocabulary = vocabulary.Size }).to(device, type);
        Translator translator = new(model, vocabulary) { MaxTokens = 8192 };
        var few = data.Sample(valid: 500).Valid;
        TranslationObjective objective = new(new(new()
        {
            Passes = trained.Passes, Alpha = trained.Alpha, TotalSteps = updates, Reduction = DivergenceReduction.Mean,
        }));
        using Trainer<TranslationBatch> trainer = new(model,
            new() { LearningRate = 2e-3, WarmupSteps = 1000, MaxUpdates = updates, ValidateEvery = 500, HigherIsBetter = true },
            new TranslationBatches(data.Train, vocabulary),
            (batch, update) => StepSize.Loss(model, objective, trained.Passes, batch, update));

        Print($"{data.Train.Count:N0} pairs, {vocabulary.Size:N0} subwords, "
            + $"{model.parameters().Sum(parameter => parameter.numel()) / 1e6:F1} M parameters, {Machine.Describe(device)}");
        // The best weights are kept here and not by the trainer, whose ways of doing so differ between commits.
        string best = Path.Combine(output, arm + ".weights");
        double bestBleu = -1;
        long bestUpdate = 0;
        using StreamWriter curve = new(Path.Combine(output, arm + ".tsv")) { AutoFlush = true };
        curve.WriteLine("update\ttraining seconds\tloss\tvalid BLEU (500 sentences, greedy)");
        trainer.Validate = () =>
        {
            double bleu = Bleu(few, 1).Score;
            TrainingPoint at = trainer.Result.History[^1];
            curve.WriteLine($"{at.Update}\t{at.TrainingTime.TotalSeconds:F1}\t{at.Task:F4}\t{bleu:F2}");
            Print($"update {at.Update:N0}, {at.TrainingTime.TotalSeconds:F0} s of training, loss {at.Task:F3}, valid BLEU {bleu:F2}");
            if (bleu > bestBleu)
            {
                (bestBleu, bestUpdate) = (bleu, at.Update);
                model.save(best);
            }
            return bleu;
        };
        try
        {
            trainer.TrainAsync(cancellation: clock.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // The clock. No update is left to do, but the last weights are validated.
            trainer.TrainAsync(untilUpdate: trainer.Result.Update).GetAwaiter().GetResult();
        }
        TrainingResult result = trainer.Result;
        if (bestUpdate == 0)
            throw new IntraDistillException($"{arm}: the time was over before the first update");
        model.load(best);
        File.Delete(best);
        Print($"{result.Update:N0} updates in {result.TrainingTime.TotalSeconds:F0} s of training; valid BLEU {bestBleu:F2} at update "
            + $"{bestUpdate:N0}; test {Bleu(data.Test, 5, Path.Combine(output, arm + ".hypotheses.txt"))}");

        BleuScore Bleu(IReadOnlyList<SentencePair> of, int beam, string? file = null)
        {
            string[] hypotheses = translator.Translate([.. of.Select(pair => pair.Source)], new() { BeamSize = beam });
            if (file is not null)
                File.WriteAllLines(file, hypotheses);
            return Tasks.Bleu.Corpus(hypotheses, [.. of.Select(pair => pair.Target)], new BleuSettings { Lowercase = true });
        }

        void Print(string text) => Console.WriteLine($"{arm}: {text}");
    }
}

using System.Globalization;
using IntraDistill.Tasks;
using IntraDistill.Tests.DataScripts;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class GlueEvaluationTests : SingleThreadedTests
{
    private static readonly ClassificationBatchSettings s_batching = new() { BatchSize = 4, MaxLength = 32 };

    private static readonly BertTokenizer s_tokenizer =
        WordPieceLearner.Learn(Texts(0, 30, 2).Select(text => text.Text), new() { VocabularySize = 60 });

    private static LabelledText[] Texts(int from, int count, int classes) => [.. Enumerable.Range(from, count).Select(i =>
        new LabelledText(string.Join(' ', Enumerable.Repeat($"text {i}", 1 + 7 * i % 5)), null, classes == 1 ? i % 7 / 2.0 : i % classes, $"{i}"))];

    private static BertForSequenceClassification Model(GlueTask task) => new(BertSettings.Small with
    {
        VocabularySize = s_tokenizer.VocabularySize, HiddenSize = 32, FeedForwardSize = 32, Layers = 1,
        Labels = BertSettings.NumberedLabels(task.Outputs),
    });

    [Theory]
    [InlineData("CoLA")]
    [InlineData("STS-B")]
    public void A_validation_scores_dev_and_takes_its_mean_loss(string name)
    {
        GlueTask task = GlueTask.Find(name);
        GlueCorpus corpus = new(task, [], Texts(0, 10, task.Outputs), []);
        using BertForSequenceClassification model = Model(task);
        Validation measured = new GlueEvaluation(corpus, s_tokenizer, s_batching).Validate(model);

        model.eval();
        double[] losses = [.. ClassificationBatches.InOrder(corpus.Dev, s_tokenizer, s_batching with { BatchSize = 1 }).Select(one =>
        {
            using var scope = NewDisposeScope();
            (Tensor ids, Tensor mask, Tensor types) = one.Texts.On(CPU);
            return model.Loss(model.call(ids, mask, types), one.LabelsOn(CPU, model.Problem)).ToDouble();
        })];
        Assert.Equal(losses.Average(), measured.Loss!.Value, 1e-5);
        double[] answers = SequenceClassifier.Predict(model, ClassificationBatches.InOrder(corpus.Dev, s_tokenizer, s_batching));
        Assert.Equal(GlueScore.Of(task, answers, corpus.Dev).Headline, measured.Metric!.Value, 1e-9);
    }

    [Fact]
    public void Lines_hold_both_of_MNLIs_dev_sets_and_are_scored_apart()
    {
        GlueCorpus corpus = new(GlueTask.Mnli, [], Texts(0, 8, 3), []) { DevMismatched = Texts(8, 4, 3) };
        using BertForSequenceClassification model = Model(corpus.Task);
        var evaluation = new GlueEvaluation(corpus, s_tokenizer, s_batching);
        IReadOnlyList<string> lines = evaluation.Predict(model);
        Assert.Equal(12, lines.Count);
        Assert.All(lines, line => Assert.Contains(line, new[] { "0", "1", "2" }));

        // Right are the first six of eight, and one of four.
        string[] made = [.. corpus.Dev.Concat(corpus.DevMismatched).Select((text, i) =>
            ((text.Label!.Value + (i is < 6 or 8 ? 0 : 1)) % 3).ToString(CultureInfo.InvariantCulture))];
        Assert.Equal([("score", 75), ("Accuracy", 75), ("score_mismatched", 25)], evaluation.Score(made).Select(one => (one.Name, one.Value.Number)));
        Assert.Equal(75, GlueEvaluation.Statistics(corpus, made).Score);
        GlueCorpus alone = corpus with { DevMismatched = [] };
        Assert.Equal(["score", "Accuracy"], new GlueEvaluation(alone, s_tokenizer, s_batching).Score(made[..8]).Select(one => one.Name));
    }

    [Fact]
    public void The_server_gets_the_test_sets_that_have_no_labels()
    {
        // A task of one's own: no number of texts is published.
        GlueTask task = GlueTask.CoLA with { Name = "own", Test = [new("test")] };
        using TemporaryFolder folder = new();
        using BertForSequenceClassification model = Model(task);
        foreach (bool labelled in new[] { true, false })
        {
            LabelledText[] test = [.. Texts(5, 3, 2).Select(text => labelled ? text : text with { Label = null })];
            using RunFolder run = new RunStore(folder.Path).Start("run", new RunConfig(1, ("labelled", labelled)));
            var evaluation = new GlueEvaluation(new(task, [], Texts(0, 5, 2), test), s_tokenizer, s_batching);
            Assert.Empty(evaluation.WriteSubmissions(model, run, new("end", 1)));
            string file = Path.Combine(run.Folder, "submission", "own.tsv");
            Assert.Equal(labelled ? 0 : 4, File.Exists(file) ? File.ReadAllLines(file).Length : 0);
        }
    }

    [Fact]
    public async Task Tables_have_a_row_a_task_and_a_row_a_system()
    {
        GlueCorpus[] corpora =
        [
            new(GlueTask.CoLA, Texts(0, 9, 2), Texts(9, 4, 2), []), new(GlueTask.StsB, Texts(0, 9, 1), Texts(9, 4, 1), Texts(20, 3, 1)),
        ];
        string overview = GlueTables.Overview("The tasks", corpora).ToString();
        Assert.Matches(@"CoLA +Sentence +Matthews +9 +4 +0 +text 0 +0\n", overview);
        Assert.Matches(@"STS-B +Similarity +Pearson +9 +4 +3 +text 0 +0\.00$", overview);

        using TemporaryFolder folder = new();
        Arm arm = new(Arms.Baseline, 1);
        var toy = new Experiment<ToyModel, ToyBatch>
        {
            Settings = (_, _) => new { data = "abc" },
            Training = _ => new() { MaxUpdates = 2, WarmupSteps = 0, ValidateEvery = 0, Rules = [WeightRule.Last] },
            Model = _ => new ToyModel(), Batches = _ => new ToySource(), Step = (_, model) => (batch, _) => model.Loss(batch),
            Predict = _ => ["x"], Score = _ => [("score", 41.25)],
        };
        ArmRuns runs = await Study.Open("toy", "toy", CPU, float32, folder.Path).RunAsync(toy, [arm], [1, 2]);
        string scores = GlueTables.Scores("Scores", corpora, corpora.ToDictionary(corpus => corpus.Task, _ => runs), WeightRule.Last).ToString();
        Assert.Matches(@"Most frequent answer +0\.00 +– +0\.00 +–\n", scores);
        Assert.Matches(@"Likeness of the two texts +– +– ", scores);
        Assert.Matches(@"Baseline +41\.25 ± 0\.00 +41\.[23] · 41\.[23] +41\.25 ± 0\.00 +", scores);
    }

    [Fact]
    public void Beside_the_published_setting_stands_out_what_differs()
    {
        IntraDistillationSettings Objective(GlueTask task) => new()
        {
            Passes = 3, Alpha = 0.5, P = task == GlueTask.Qqp ? 6.67 : 2, Q = task == GlueTask.Qqp ? 10 : 5,
            Divergence = task == GlueTask.StsB ? Divergence.MeanSquaredError : Divergence.X,
        };
        BertSettings shape = new() { Layers = 12, HiddenSize = 768, Heads = 12, Dropout = 0.1 };
        TrainerSettings training = new() { Optimizer = OptimizerKind.Adamax, LearningRate = 2e-4, Schedule = ScheduleKind.Linear };
        string same = PublishedGlue.Setting("bert-base-uncased", shape, training, new(), 20, Objective).ToString();
        // Of the other tasks the paper states no α.
        Assert.Equal(["α, other tasks"],
            same.Split('\n').Where(line => line.Contains('*', StringComparison.Ordinal)).Select(line => line.Split("  ")[0]));
        string other = PublishedGlue.Setting("tiny", shape, training, new(), 4, Objective).ToString();
        Assert.Matches(@"Model +\*tiny\* +bert-base-uncased†\[1\]\n", other);
        Assert.Matches(@"Epochs · batch · length +\*4 · 32 · 128\* +20 · 32 · 128†\[1\]\n", other);
    }

    [Fact]
    public void Beside_the_paper_a_task_has_the_seeds_of_all_arms()
    {
        string table = PublishedGlue.Tasks("tiny", (task, score) => [.. Enumerable.Range(0, 3).Select(arm => task == GlueTask.Mnli && score == "score"
            ? new Dictionary<long, double> { [1] = 80 + arm, [2] = 81 + arm } : new Dictionary<long, double>())]).ToString();
        Assert.StartsWith("GLUE with tiny, dev", table, StringComparison.Ordinal);
        Assert.Matches(@"MNLI matched \(Accuracy\) +not stated +2 · 5 \(default\)\[2\] +80\.50 ± 0\.71 +81\.50 ± 0\.71 +82\.50 ± 0\.71 +"
            + @"\+2\.00 +1, 2\n", table);
        Assert.Matches(@"MNLI mismatched \(Accuracy\) .* not measured +–\n", table);
        Assert.Matches(@"QQP \(F1\) +0\.5†\[1\] +6\.67 · 10†\[1\] +not measured ", table);
    }
}

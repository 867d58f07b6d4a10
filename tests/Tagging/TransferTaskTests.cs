using IntraDistill.Tasks;
using IntraDistill.Tests.DataScripts;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class TransferTaskTests
{
    private static readonly Arm s_plain = new(Arms.Baseline, 1), s_full = new(Arms.IntraDistillation, 2);

    private static TaggedSentence Sentence(string word, string tag) => new([word, "."], [tag, "O"]);

    private static IReadOnlyList<TaggedSentence> Sentences(string prefix) =>
        [.. Enumerable.Range(0, 4).Select(i => Sentence($"{prefix}{i}", i % 2 == 0 ? "B-FILE" : "B-TYPE"))];

    private static readonly TaggingTask s_tagging = new(new TransferCorpus<TaggedSentence>("tags", Sentences("t"), Sentences("d"),
        new Dictionary<string, IReadOnlyList<TaggedSentence>>
        {
            ["ru"] = Sentences("r"), ["de"] = [.. Sentences("g").Take(2)], ["en"] = Sentences("e"),
        }),
        ["O", "B-FILE", "B-TYPE"])
    {
        WithoutModel = language => [.. Sentences(language).Take(language == "de" ? 2 : 4).Select(_ => "B-FILE O")],
    };

    private static readonly QuestionTask s_questions = new(new TransferCorpus<QuestionExample>("questions", [Question("What is it")], [],
        new Dictionary<string, IReadOnlyList<QuestionExample>> { ["en"] = [Question("What?"), Question("Why")], ["fi"] = [Question("Mikä?")] }));

    private static QuestionExample Question(string text) => new("1", text, "It is so.", [new AnswerSpan("so", 6)]);

    // What a run predicts, English first: every word a file, as is right of every other one.
    private static readonly string[] s_lines = [.. Enumerable.Repeat("B-FILE O", 10)];

    [Fact]
    public void Lines_are_read_and_scored_by_language_English_first()
    {
        Assert.Equal(["en", "de", "ru"], s_tagging.Languages);
        Assert.Equal(["English", "German", "Russian", "Latin", "Latin", "Cyrillic"], [.. s_tagging.LanguageNames, .. s_tagging.Scripts]);
        string[] numbered = [.. Enumerable.Range(0, 10).Select(i => $"{i}")];
        Assert.Equal(["0", "1", "2", "3"], s_tagging.LinesOf(numbered, "en"));
        Assert.Equal(["4", "5"], s_tagging.LinesOf(numbered, "de"));
        Assert.Equal(["6", "7", "8", "9"], s_tagging.LinesOf(numbered, "ru"));
        string[] lines = [.. s_lines.Select((line, i) => i == 5 ? "B-TYPE O" : line)];
        Assert.Equal([("score en", 50), ("score de", 100), ("score ru", 50)], s_tagging.Score(lines).Select(one => (one.Name, one.Value.Number)));
        Assert.Equal([("score en", 100), ("score fi", 0), ("exact en", 100), ("exact fi", 0)],
            s_questions.Score(["so", "so", "it"]).Select(one => (one.Name, one.Value.Number)));
    }

    [Fact]
    public void Without_dev_there_is_the_last_rule_only()
    {
        Assert.Equal((WeightRule.Metric, WeightRule.Last), (s_tagging.RuleOf(WeightRule.Metric), s_questions.RuleOf(WeightRule.Metric)));
        Assert.Equal([WeightRule.Metric, WeightRule.Last], s_tagging.RulesOf([WeightRule.Metric, WeightRule.Last]));
        Assert.Equal([WeightRule.Last], s_questions.RulesOf([WeightRule.Metric, WeightRule.Loss]));
    }

    [Fact]
    public void Tables_show_how_much_there_is_and_an_example_of_it()
    {
        string overview = TransferTask.Overview("The tasks", [s_tagging, s_questions]).ToString();
        Assert.Matches(@"tags +4 +4 +3 +2 – 4\n", overview);
        Assert.Matches(@"questions +1 +– +2 +1 – 2$", overview);
        string examples = TransferTask.Examples("Examples", [s_tagging, s_questions], "en", "de", "ja", "ru", "fi").ToString();
        Assert.Matches(@"tags +Russian +r0 \. +r0 B-FILE\n", examples);
        Assert.Matches(@"questions +English +What\? — It is so\. +so\n", examples);
    }

    [Fact]
    public void A_corpus_is_limited_to_languages_that_it_has()
    {
        Assert.Equal(["de", "en"], s_tagging.Corpus.In("de").Test.Keys.Order());
        Assert.Equal(3, s_tagging.Corpus.In().Test.Count);
        Assert.Equal("tags has no language 'tlh'; it has ru, de, en",
            Assert.Throws<IntraDistillException>(() => s_tagging.Corpus.In("de", "tlh")).Message);
    }

    [Fact]
    public void A_setting_says_itself_in_a_few_words() => Assert.Equal("epochs: 10, learning rate 0.00002, α = 1 (sum over positions)",
        new TransferSetting { Checkpoint = "", LearningRate = 2e-5, Epochs = 10, MaxLength = 128, Reduction = DivergenceReduction.Sum }.InWords);

    private static Task<ArmRuns> Run(Study study, TransferTask task, IReadOnlyList<int> seeds, Func<int, IReadOnlyList<string>> predict) =>
        study.RunAsync(new Experiment<ToyModel, ToyBatch>
        {
            Settings = (arm, _) => new { task = task.Name, arm.Passes },
            Training = _ => new()
            {
                MaxUpdates = 2, WarmupSteps = 0, ValidateEvery = 1, HigherIsBetter = true, Rules = task.RulesOf([WeightRule.Metric, WeightRule.Last]),
            },
            // The arm's passes are the hidden layer's width, by which predictions are told apart.
            Model = arm => new ToyModel(width: arm.Passes), Batches = seed => new ToySource(seed: seed),
            Step = (_, model) => (batch, _) => model.Loss(batch), Validate = (_, update) => new(-update),
            Predict = model => predict((int)model.named_parameters().First(one => one.name == "hidden.bias").parameter.shape[0]), Score = task.Score,
        }, [s_plain, s_full], seeds);

    [Fact]
    public async Task Runs_are_read_by_language_and_on_average()
    {
        using TemporaryFolder folder = new();
        Study study = Study.Open("toy", "toy", CPU, float32, folder.Path);
        // The fuller arm has one of the two German sentences more.
        ArmRuns arms = await Run(study, s_tagging, [1, 2, 3], width => width == s_plain.Passes ? s_lines
            : [.. s_lines.Select((line, i) => i == 5 ? "B-TYPE O" : line)]);
        var runs = new TransferRuns(s_tagging, arms);
        Assert.Equal([50, 50, 50], runs.Scores(s_plain, WeightRule.Metric, "de"));
        Assert.Equal((100, 50), (runs.Mean(s_full, WeightRule.Metric, "de"), runs.Mean(s_full, WeightRule.Metric, "de", over: s_plain)));
        Assert.Equal([75, 75, 75], runs.Averages(s_full, WeightRule.Last));       // of German and Russian
        Assert.Equal(("1", 75), runs.Chosen(s_full, WeightRule.Metric)![0]);
        Assert.Equal([50, 50, 50], runs.Statistics(s_full, WeightRule.Metric, "ru").Select(of => of.Score));
        var (texts, seeds) = runs.Compare(s_plain, s_full, WeightRule.Metric, new());
        Assert.Equal((25, 3), (texts.Difference.Score, seeds!.Count));
        Assert.Equal([50, 50, 50], runs.WithoutModel);

        string table = TransferRuns.Table("Scores", [runs], WeightRule.Metric).ToString();
        Assert.Matches(@"tags +Without a model +50\.00 +– +50\.00 +– +–\n", table);
        Assert.Matches(@"tags +Intra-distillation +50\.00 ± 0\.00 +50\.0 · 50\.0 · 50\.0 +\*75\.00 ± 0\.00\* +75\.0 · 75\.0 · 75\.0 +–$", table);

        // Of two seeds: the third is in the study, too.
        var two = new TransferRuns(s_tagging, await Run(study, s_tagging, [1, 2], _ => throw new InvalidOperationException("trained again")));
        Assert.Equal([1L, 2, 3], two.AllSeeds(s_full, WeightRule.Metric, "de").Keys.Order());
        Assert.Empty(two.AllSeeds(s_full, WeightRule.Metric, "fi"));
    }

    [Fact]
    public async Task Without_dev_the_last_weights_are_read_whatever_the_rule()
    {
        using TemporaryFolder folder = new();
        Study study = Study.Open("toy", "toy", CPU, float32, folder.Path);
        var runs = new TransferRuns(s_questions, await Run(study, s_questions, [1], _ => ["so", "no", "so"]));
        Assert.Equal([50], runs.Scores(s_plain, WeightRule.Metric, "en"));
        Assert.Equal([100], runs.Averages(s_plain, WeightRule.Metric, "exact"));
        Assert.Null(runs.Chosen(s_plain, WeightRule.Metric));
        Assert.Equal("2", runs.Chosen(s_plain, WeightRule.Last)![0].Weights);
        Assert.Null(runs.WithoutModel);
        Assert.Matches(@"questions +Baseline +50\.00 +50\.0 +\*100\.00\* +100\.0 +100\.00\n",
            TransferRuns.Table("Scores", [runs], WeightRule.Metric).ToString());
    }
}

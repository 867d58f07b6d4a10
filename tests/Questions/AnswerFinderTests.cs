using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;
using IntraDistill.Tests.DataScripts;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class AnswerFinderTests : SingleThreadedTests
{
    private static readonly BertTokenizer s_letters =
        WordPieceLearner.Learn(["a b c d e f g h i j"], new WordPieceSettings { CharacterCoverage = 1 });

    private static readonly QuestionBatchSettings s_small = new() { MaxLength = 10, Stride = 3, MaxQuestionLength = 2 };

    private static QuestionExample Question(string context) => new("q", "a b", context, []);

    private static IReadOnlyList<(QuestionWindow Window, float[] Start, float[] End)> Scored(
        string context, QuestionBatchSettings settings, Func<QuestionWindow, int, (float Start, float End)> score) =>
        [.. QuestionWindows.Of([Question(context)], s_letters, settings).Select(window => (window,
            Enumerable.Range(0, window.Text.Length).Select(t => score(window, t).Start).ToArray(),
            Enumerable.Range(0, window.Text.Length).Select(t => score(window, t).End).ToArray()))];

    [Fact]
    public void The_best_pair_that_may_be_an_answer_is_found()
    {
        Prop.ForAll(Gen.Choose(1, 25).SelectMany(length => Gen.Choose(0, 100_000).SelectMany(seed => Gen.Choose(1, 5).Select(
            longest => (Length: length, Seed: seed, Longest: longest)))).ToArbitrary(), one =>
        {
            string context = string.Join("  ", Enumerable.Range(0, one.Length).Select(i => (char)('a' + i % 10)));
            Random random = new(one.Seed);
            var scored = Scored(context, s_small, (_, _) => (random.NextSingle(), random.NextSingle()));
            double best = double.NegativeInfinity;
            string answer = "";
            foreach ((QuestionWindow window, float[] start, float[] end) in scored)
                for (int s = 0; s < window.ContextLength; s++)
                    for (int e = s; e < int.Min(window.ContextLength, s + one.Longest); e++)
                    {
                        double score = (double)start[window.ContextStart + s] + end[window.ContextStart + e];
                        if (!window.Fullest[s] || score <= best)
                            continue;
                        best = score;
                        // Each letter and the two spaces after it.
                        answer = context.Substring(3 * (window.FirstToken + s), 3 * (e - s) + 1);
                    }
            AnswerSpan found = AnswerFinder.Find(context, scored, longest: one.Longest);
            Assert.Equal((answer, answer), (found.Text, context[found.Start..found.End]));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_question_is_no_answer_and_takes_places_among_the_best()
    {
        // Tokens: [CLS] a b [SEP] c d [SEP]; the question scores highest.
        var scored = Scored("c d", s_small, (_, t) => (10 - t, 10 - t));
        Assert.Equal(new("c", 0), AnswerFinder.Find("c d", scored));
        Assert.Equal(new("", 0), AnswerFinder.Find("c d", scored, best: 4));
        Assert.Equal("c", AnswerFinder.Find("c d", scored, best: 5).Text);
        Assert.Equal("", AnswerFinder.Find("", Scored("", s_small, (_, _) => (0, 0))).Text);
    }

    [Fact]
    public void Answers_do_not_depend_on_how_windows_come_together()
    {
        QuestionExample[] questions = [.. Enumerable.Range(0, 12).Select(i => Question(
            string.Join(' ', Enumerable.Range(0, 1 + i * 7 % 20).Select(t => (char)('a' + (i + t * t) % 10)))))];
        using BertForQuestionAnswering model = new(BertSettings.Small with { VocabularySize = s_letters.VocabularySize });
        model.train();
        string[] one = Answers(s_small with { BatchSize = 1 });
        Assert.Equal(one, Answers(s_small));
        Assert.True(model.training);
        Assert.True(one.Distinct().Count() > 3);
        Assert.Throws<ArgumentException>(() => AnswerFinder.Answer(
            model, questions, QuestionBatches.InOrder(questions[..5], s_letters, s_small)));

        string[] Answers(QuestionBatchSettings settings) =>
            AnswerFinder.Answer(model, questions, QuestionBatches.InOrder(questions, s_letters, settings));
    }

    [Fact]
    public void A_validation_is_F1_and_the_mean_loss_of_the_windows()
    {
        QuestionExample[] questions = [.. Enumerable.Range(0, 8).Select(i =>
            new QuestionExample("q", "a b", "c d e f g h i j a b c"[..(7 + i / 2 * 2)], [new AnswerSpan("e", 4)]))];
        using BertForQuestionAnswering model = new(BertSettings.Small with { VocabularySize = s_letters.VocabularySize });
        IReadOnlyList<QuestionBatch> Batches(int size) => QuestionBatches.InOrder(questions, s_letters, s_small with { BatchSize = size });
        Validation measured = AnswerFinder.Validate(model, questions, Batches(5));
        model.eval();
        double[] losses = [.. Batches(5).SelectMany(batch =>
        {
            using var scope = NewDisposeScope();
            (Tensor ids, Tensor mask, Tensor types) = batch.Texts.On(CPU);
            (Tensor start, Tensor end) = model.call(ids, mask, types);
            (Tensor first, Tensor last) = batch.AnswersOn(CPU);
            return Enumerable.Range(0, batch.Tokens).Select(row => BertForQuestionAnswering.Loss(
                (start.narrow(0, row, 1), end.narrow(0, row, 1)), first.narrow(0, row, 1), last.narrow(0, row, 1)).ToDouble()).ToArray();
        })];
        Assert.True(losses.Length > questions.Length && losses.Length % 5 > 0);      // the last batch has fewer windows, and counts less
        Assert.Equal(losses.Average(), measured.Loss!.Value, 1e-5);
        Assert.Equal(SquadScore.Of(AnswerFinder.Answer(model, questions, Batches(5)), questions).F1, measured.Metric);
    }

    // The way of notebook 04, from TyDiQA's files to scores in nine languages.
    [Fact]
    public async Task A_tiny_model_learns_real_English_questions_and_is_scored_in_nine_languages()
    {
        using TemporaryFolder folder = new();
        TransferCorpus<QuestionExample> corpus = TydiqaCorpus.Load(RealFolders.Tydiqa(folder.Path)).ForTransfer().Sample(train: 16, test: 3);
        BertTokenizer tokenizer = WordPieceLearner.Learn(corpus.Test.Values.Append(corpus.Train).SelectMany(part => part)
            .SelectMany(one => new[] { one.Question, one.Context }), new() { VocabularySize = 3000, LowerCase = false });
        QuestionBatchSettings batching =
            new() { BatchSize = 8, PartSize = 4, MaxLength = 128, Stride = 48, MaxQuestionLength = 24 };
        QuestionBatches batches = new([.. corpus.Train.Where(one => one.Context.Length < 800)], tokenizer, batching);
        Reproducible.Seed(1);
        using BertForQuestionAnswering model = new(BertSettings.Small with
        {
            VocabularySize = tokenizer.VocabularySize, HiddenSize = 64, Layers = 1, FeedForwardSize = 128,
        });
        const int Updates = 60;
        IntraDistillation objective = new(new() { Passes = 3, Alpha = 0.5, TotalSteps = Updates });
        using Trainer<QuestionBatch> trainer = new(model, new()
        {
            LearningRate = 3e-3, Schedule = ScheduleKind.Linear, WarmupSteps = 0, MaxUpdates = Updates, ValidateEvery = 0,
            GradientAccumulation = batches.PartsPerUpdate,
        }, batches, (batch, update) =>
        {
            (Tensor start, Tensor end) = model.call(from_array(batch.Texts.Ids).repeat(3, 1),
                from_array(batch.Texts.Mask).repeat(3, 1), from_array(batch.Texts.TypeIds).repeat(3, 1));
            return objective.SpanLoss((start.view(3, batch.Tokens, -1), end.view(3, batch.Tokens, -1)), tensor(batch.Starts),
                tensor(batch.Ends), update, from_array(batch.Texts.Mask), batch.UpdateWindows);
        });
        TrainingResult result = await trainer.TrainAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.All(result.History, point => Assert.True(point.Divergence > 0));
        double first = result.History.Take(4).Average(point => point.Task);
        double last = result.History.TakeLast(4).Average(point => point.Task);
        Assert.True(last < 0.7 * first, $"{last} after {first}");

        SquadScore[] scores = [.. TydiqaCorpus.Languages.Select(language =>
        {
            IReadOnlyList<QuestionExample> dev = corpus.Test[language];
            string[] answers = AnswerFinder.Answer(model, dev, QuestionBatches.InOrder(dev, tokenizer, batching));
            Assert.All(answers.Zip(dev), pair => Assert.Contains(pair.First, pair.Second.Context));
            return SquadScore.Of(answers, dev);
        })];
        Assert.All(scores, score => Assert.InRange(score.ExactMatch, 0, score.F1));
        TestContext.Current.TestOutputHelper!.WriteLine($"task loss {first:F2} to {last:F2}; F1 {scores.Average(score => score.F1):F2}");
    }
}

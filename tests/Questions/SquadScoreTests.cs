using System.Text.Json;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class SquadScoreTests
{
    private static QuestionExample Question(params string[] answers) =>
        new("q", "?", string.Join(' ', answers), [.. answers.Select(answer => new AnswerSpan(answer, 0))]);

    private static SquadScore Score(string? prediction, params string[] answers) =>
        SquadScore.Of([prediction], [Question(answers)]);

    [Fact]
    public void XTREMEs_own_test_of_TyDiQA_comes_out_to_the_last_digit()
    {
        SquadScore[] scores = [.. TydiqaCorpus.Languages.Select(language =>
        {
            var questions = SquadFile.Read(ReferenceData.Path($"reference/xtreme-scoring/labels/tydiqa/test-{language}.json"));
            using JsonDocument predictions = ReferenceData.Json($"xtreme-scoring/predictions/tydiqa/test-{language}.json");
            string?[] answers = [.. questions.Select(one => predictions.RootElement.GetProperty(one.Id).GetString())];
            return SquadScore.Of(answers, questions);
        })];
        Assert.Equal((88.88888888888889, 97.22222222222223), (scores.Average(score => score.ExactMatch), scores.Average(score => score.F1)));
    }

    // Expected values: what XTREME's evaluate_squad.py says (Python 3).
    [Theory]
    [InlineData("The Quick—brown fox, an A-1 “the” a_b", "quick—brown fox a1 “ ” ab")]
    [InlineData("a\u0301 the\u200dman", "\u0301 \u200dman")]
    [InlineData("İstanbul ΟΔΟΣ the", "i\u0307stanbul οδος")]
    [InlineData("Δεν, a² a ²a", "δεν a² ²a")]
    [InlineData("\u001cthe\u001d end a\u3000b", "end b")]
    [InlineData("The", "")]
    public void Answers_are_normalized_as_SQuADs_script_does(string answer, string normalized) =>
        Assert.Equal(normalized, string.Join(' ', AnswerRules.Words(answer)));

    [Fact]
    public void The_best_of_the_right_answers_counts_and_words_count_as_often_as_they_stand()
    {
        Assert.Equal(new SquadScore(100, 100), Score("The end!", "nothing", "end"));
        Assert.Equal(new SquadScore(0, 0), Score("beginning", "end"));
        Assert.Equal(new SquadScore(0, 0), Score(null, "end"));
        // "to be" of "to be or not to be": precision 1, recall 2/6. "to to to": precision 2/3, recall 2/6.
        Assert.Equal(50, Score("to be", "to be or not to be").F1, 1e-12);
        Assert.Equal(100 * (2 * (2.0 / 3) * (2.0 / 6)) / (2.0 / 3 + 2.0 / 6), Score("to to to", "to be or not to be").F1, 1e-12);
        // Nothing is left of either: the same word for word, but no word in common.
        Assert.Equal(new SquadScore(100, 0), Score("the", "a"));
    }

    [Fact]
    public void Resamples_are_scored_by_the_mean_of_the_drawn_questions()
    {
        string?[] predictions = ["x", "to be", null, "y"];
        QuestionExample[] questions = [Question("x"), Question("to be or not to be"), Question("z"), Question("y")];
        SegmentStatistics f1 = SquadScore.Statistics(predictions, questions);
        Assert.Equal((100 + 50 + 0 + 100) / 4.0, f1.Score, 1e-12);
        Assert.Equal((50 + 50 + 0) / 3.0, f1.ScoreOf([1, 1, 2]), 1e-12);
        Assert.Equal(50, SquadScore.Statistics(predictions, questions, SquadMetric.ExactMatch).Score);
        BootstrapInterval interval = Bootstrap.Interval(f1);
        Assert.True(interval.Low < f1.Score && f1.Score < interval.High);
    }

    [Fact]
    public void Lists_that_do_not_fit_are_refused()
    {
        Assert.Throws<IntraDistillException>(() => SquadScore.Of(["a"], []));
        Assert.Throws<IntraDistillException>(() => SquadScore.Of([], []));
        Assert.Contains("question q has no right answer", Assert.Throws<IntraDistillException>(() => Score("a")).Message);
    }
}

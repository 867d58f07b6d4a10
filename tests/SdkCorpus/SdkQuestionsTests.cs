using System.Text.RegularExpressions;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed partial class SdkQuestionsTests
{
    private static readonly Lazy<TransferCorpus<QuestionExample>> s_task = new(() => SdkQuestions.Build(MachineCorpus.Value));

    private static readonly Lazy<Dictionary<string, SdkMessage>> s_messages =
        new(() => MachineCorpus.Value.Messages.ToDictionary(message => message.Id));

    private static TransferCorpus<QuestionExample> Task => s_task.Value;

    [Fact]
    public void The_answer_is_one_placeholder_and_stands_where_it_says()
    {
        foreach (QuestionExample question in Task.Train.Concat(Task.Dev).Concat(Task.Test.Values.SelectMany(part => part)))
        {
            string answer = Assert.Single(question.Answers.Select(one => one.Text).Distinct());
            Assert.Contains(answer, Placeholders(question));
            Assert.All(question.Answers, one => Assert.Equal(one.Text, question.Context[one.Start..one.End]));
            Assert.Contains(question.Question, new[] { "file", "type", "member", "package", "value" });
        }
    }

    [Fact]
    public void It_is_the_only_one_of_its_message_that_is_of_the_kind()
    {
        foreach ((QuestionExample question, SdkMessage message) in English())
        {
            TaggedSentence sentence = SdkEntities.Tag(message.English, message.English)!;
            Assert.Single(sentence.Tokens.Zip(sentence.Tags)
                .Where(pair => pair.Second == $"B-{question.Question.ToUpperInvariant()}").Select(pair => pair.First).Distinct());
            // The message is one of the two, but for the numbers.
            Assert.Contains(Plain(string.Join(' ', sentence.Tokens)), Plain(question.Context));
        }

        static string Plain(string text) => string.Concat(Placeholder().Replace(text, "{}").Where(c => !char.IsWhiteSpace(c)));
    }

    [Fact]
    public void The_same_questions_are_asked_in_all_languages()
    {
        Assert.Equal(SdkCorpus.KnownLanguages, Task.Test.Keys);
        IReadOnlyList<QuestionExample> english = Task.Test["en"];
        foreach ((string language, IReadOnlyList<QuestionExample> questions) in Task.Test)
        {
            Assert.Equal(english.Select(one => $"{one.Id[..^" en".Length]} {language} {one.Question} {one.Answers[0].Text}"),
                questions.Select(one => $"{one.Id} {one.Question} {one.Answers[0].Text}"));
            Assert.All(english.Zip(questions), pair => Assert.True(Placeholders(pair.First).SetEquals(Placeholders(pair.Second))));
        }
        Assert.All(Task.Test["ja"], question =>
            Assert.DoesNotMatch(@"[\u3040-\u30ff\u4e00-\u9fff] [\u3040-\u30ff\u4e00-\u9fff]", question.Context));
    }

    [Fact]
    public void Each_question_keeps_the_part_of_its_message_and_is_asked_once()
    {
        Assert.All(English(), one => Assert.Equal(
            Task.Train.Contains(one.Question) ? Split.Train : Task.Dev.Contains(one.Question) ? Split.Valid : Split.Test,
            one.Message.Split));
        string[] ids = [.. English().Select(one => one.Question.Id)];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.InRange(Task.Train.Count, 1_500, 5_000);
        Assert.InRange(Task.Dev.Count, 80, 500);
        Assert.InRange(Task.Test["en"].Count, 150, 800);
        Assert.Equal(Task.Fingerprint, SdkQuestions.Build(MachineCorpus.Value).Fingerprint);
    }

    [Fact]
    public void Neither_number_nor_place_tells_the_answer()
    {
        for (int number = 0; number < 10; number++)
            Assert.InRange(Task.Train.Count(one => one.Answers[0].Text == $"{{{number}}}") / (double)Task.Train.Count, 0.07, 0.13);
        foreach (IReadOnlyList<QuestionExample> part in new[] { Task.Train, Task.Test["en"] })
        {
            Assert.InRange(part.Average(one => one.Answers[0].Start < one.Context.Length / 2 ? 1.0 : 0), 0.35, 0.65);
            double chance = 100 * part.Average(one => 1.0 / Placeholders(one).Count);
            Assert.InRange(Score(part, found => found.First()), chance - 10, chance + 10);
            Assert.InRange(Score(part, found => found.Last()), chance - 10, chance + 10);
            Assert.InRange(Score(part, found => found.Min()!), chance - 10, chance + 10);
        }

        static double Score(IReadOnlyList<QuestionExample> part, Func<string[], string> choose) => SquadScore.Of(
            [.. part.Select(one => choose([.. Placeholder().Matches(one.Context).Select(match => match.Value)]))], part).ExactMatch;
    }

    [Fact]
    public void Words_around_do_not_carry_over()
    {
        Dictionary<string, double> scores = Task.Test.ToDictionary(part => part.Key,
            part => SquadScore.Of(TransferBaselines.LikeliestPlaceholder(Task.Train, part.Value), part.Value).ExactMatch);
        Assert.InRange(scores["en"], 85, 100);
        Assert.All(scores.Where(score => score.Key != "en"), score => Assert.InRange(score.Value, 25, 75));
        Assert.InRange(scores.Where(score => score.Key != "en").Average(score => score.Value), 30, 60);
    }

    private static IEnumerable<(QuestionExample Question, SdkMessage Message)> English() =>
        Task.Train.Concat(Task.Dev).Concat(Task.Test["en"]).Select(question =>
            (question, s_messages.Value[question.Id[..^$" {question.Question} en".Length]]));

    private static HashSet<string> Placeholders(QuestionExample question) =>
        [.. Placeholder().Matches(question.Context).Select(match => match.Value)];

    [GeneratedRegex(@"\{\d[^{}]*\}")]
    private static partial Regex Placeholder();
}

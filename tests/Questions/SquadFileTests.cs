using System.Text.Json;
using IntraDistill.Tasks;
using IntraDistill.Tests.DataScripts;

namespace IntraDistill.Tests;

public sealed class SquadFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Write(string json)
    {
        File.WriteAllText(_folder["a.json"], json);
        return _folder["a.json"];
    }

    private static string Json(string context, string answer, object start) => JsonSerializer.Serialize(new
    {
        data = new[] { new { paragraphs = new[] { new { context, qas = new[] { new
        {
            id = "q1", question = "Who?", answers = new[] { new { text = answer, answer_start = start } },
        } } } } } },
    });

    [Fact]
    public void Places_are_counted_in_characters_and_given_in_units()
    {
        // 𐌰 and the emoji are one character and two units each; the first answer is beyond both, the second is one of them.
        QuestionExample one = Assert.Single(SquadFile.Read(Write(Json("𐌰 fox 🦊 runs", "runs", 8))));
        Assert.Equal(new AnswerSpan("runs", 10), Assert.Single(one.Answers));
        Assert.Equal("runs", one.Context[one.Answers[0].Start..one.Answers[0].End]);
        Assert.Equal(7, SquadFile.Read(Write(Json("𐌰 fox 🦊 runs", "🦊", 6)))[0].Answers[0].Start);
        Assert.Equal(("q1", "Who?"), (one.Id, one.Question));
    }

    [Theory]
    [InlineData("runs", 10, "does not stand at answer_start 10")]
    [InlineData("Runs", 8, "does not stand")]
    [InlineData("", 8, "does not stand")]
    [InlineData("runs", 12, "answer_start 12, where the context has 12 characters")]
    [InlineData("runs", -1, "answer_start -1")]
    [InlineData("runs", 1.5, "answer_start 1.5")]
    public void An_answer_that_is_not_at_its_place_is_named(string answer, object start, string message)
    {
        string path = Write(Json("𐌰 fox 🦊 runs", answer, start));
        string found = Assert.Throws<IntraDistillException>(() => SquadFile.Read(path)).Message;
        Assert.Contains("a.json: question q1: ", found);
        Assert.Contains(message, found);
        Assert.DoesNotContain('\n', found);
    }

    [Theory]
    [InlineData("[1,", "a.json:1: not JSON")]
    [InlineData("[]", "a.json: no 'data'")]
    [InlineData("""{"data": 3}""", "'data' is no list")]
    [InlineData("""{"data": []}""", "a.json: no question in it")]
    [InlineData("""{"data": [{"paragraphs": [{"qas": []}]}]}""", "no 'context'")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "a", "qas": [{"id": 3}]}]}]}""", "'id' is no text")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "a\ud800", "qas": []}]}]}""", "'context' is no text")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "a", "qas": [{"id": "7", "question": "?"}]}]}]}""",
        "question 7: no 'answers'")]
    public void A_file_that_is_not_of_the_form_is_refused_in_one_line(string json, string message)
    {
        string found = Assert.Throws<IntraDistillException>(() => SquadFile.Read(Write(json))).Message;
        Assert.Contains(message, found);
        Assert.DoesNotContain('\n', found);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() => Assert.Contains("none.json: cannot be read",
        Assert.Throws<IntraDistillException>(() => SquadFile.Read(_folder["none.json"])).Message);
}

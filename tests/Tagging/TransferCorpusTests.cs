using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class TransferCorpusTests
{
    private static readonly TransferCorpus<TaggedSentence> s_tagged =
        new("tags", Sentences("a", "b", "c", "d"), Sentences("e", "f"), Tests(("de", ["g", "h", "i"]), ("en", ["j", "k", "l"])));

    private static readonly TransferCorpus<QuestionExample> s_questions = new("questions",
        [new("1", "What?", "It is so.", [new AnswerSpan("so", 6)])], [], new Dictionary<string, IReadOnlyList<QuestionExample>>());

    [Fact]
    public void A_sample_is_thinned_evenly_in_each_language()
    {
        TransferCorpus<TaggedSentence> sample = s_tagged.Sample(train: 2, dev: 1, test: 2);
        Assert.Equal("tags", sample.Name);
        Assert.Equal(["a", "c"], Words(sample.Train));
        Assert.Equal(["e"], Words(sample.Dev));
        Assert.Equal(["g", "h"], Words(sample.Test["de"]));
        Assert.Equal(["j", "k"], Words(sample.Test["en"]));
        Assert.Equal(s_tagged.Fingerprint, s_tagged.Sample().Fingerprint);
    }

    [Fact]
    public void The_fingerprint_tells_any_change_of_the_data()
    {
        TaggedSentence[] others = [new(["a"], ["B-FILE"]), .. s_tagged.Train.Skip(1)];
        string[] prints =
        [
            s_tagged.Fingerprint,
            (s_tagged with { Train = others }).Fingerprint,
            (s_tagged with { Train = Sentences("a", "b", "c", "x") }).Fingerprint,
            (s_tagged with { Train = Sentences("a", "b", "c", "d", "e"), Dev = Sentences("f") }).Fingerprint,
            (s_tagged with { Test = Tests(("de", ["j", "k", "l"]), ("en", ["g", "h", "i"])) }).Fingerprint,
            (s_tagged with { Test = Tests(("de", ["g", "h", "i"]), ("fr", ["j", "k", "l"])) }).Fingerprint,
            (s_tagged with { Test = Tests(("de", ["g", "h", "i"])) }).Fingerprint,
            s_tagged.Sample(test: 2).Fingerprint,
        ];
        Assert.Equal(prints.Length, prints.Distinct().Count());
        Assert.All(prints, print => Assert.Matches("^[0-9a-f]{12}$", print));
    }

    [Fact]
    public void The_fingerprint_is_that_of_the_data_alone()
    {
        Assert.Equal(s_tagged.Fingerprint, (s_tagged with { Name = "other" }).Fingerprint);
        Assert.Equal(s_tagged.Fingerprint,
            (s_tagged with { Test = Tests(("en", ["j", "k", "l"]), ("de", ["g", "h", "i"])) }).Fingerprint);
    }

    [Theory]
    [InlineData("2", "What?", "It is so.", "so", 6)]
    [InlineData("1", "Why?", "It is so.", "so", 6)]
    [InlineData("1", "What?", "It is  so.", "so", 6)]
    [InlineData("1", "What?", "It is so.", "so.", 6)]
    [InlineData("1", "What?", "It is so.", "so", 5)]
    public void The_fingerprint_tells_any_change_of_a_question(string id, string question, string context, string answer, int start)
    {
        QuestionExample other = new(id, question, context, [new AnswerSpan(answer, start)]);
        Assert.NotEqual(s_questions.Fingerprint, (s_questions with { Train = [other] }).Fingerprint);
        Assert.NotEqual(s_questions.Fingerprint,
            (s_questions with { Train = [s_questions.Train[0] with { Answers = [] }] }).Fingerprint);
    }

    private static IReadOnlyList<TaggedSentence> Sentences(params string[] words) =>
        [.. words.Select(word => new TaggedSentence([word], ["O"]))];

    private static Dictionary<string, IReadOnlyList<TaggedSentence>> Tests(params (string Language, string[] Words)[] parts) =>
        parts.ToDictionary(part => part.Language, part => Sentences(part.Words));

    private static IEnumerable<string> Words(IEnumerable<TaggedSentence> sentences) => sentences.Select(one => one.Tokens[0]);
}

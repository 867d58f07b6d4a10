using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class TransferBaselinesTests
{
    [Fact]
    public void A_token_is_tagged_as_between_the_same_words_else_beside_one_else_alone()
    {
        TaggedSentence[] train =
        [
            Sentence("file:O {0}:B-FILE is:O"), Sentence("file:O {1}:B-FILE of:O type:O {0}:B-TYPE"),
            Sentence("with:O {0}:B-VALUE attribute:O"), Sentence("plain:O {0}:O"), Sentence("a:O {0}:O"), Sentence("or:O {0}:O"),
            Sentence("file:O null:B-CODE"),
        ];
        Assert.Equal("O B-FILE O", Tag("file {7} is")); // the number is no matter
        Assert.Equal("O B-FILE O", Tag("FILE {0} Is"));
        Assert.Equal("O B-FILE O", Tag("file {0} new")); // after the same word
        Assert.Equal("O B-VALUE O", Tag("new {0} attribute")); // before the same word
        Assert.Equal("O B-FILE O", Tag("file {0} attribute")); // what is before tells more
        Assert.Equal("O O O", Tag("new {0} new")); // alone it is mostly outside
        Assert.Equal("B-CODE O", Tag("null new"));
        Assert.Equal("O", Tag("new"));
        Assert.Empty(TransferBaselines.SameNeighbours(train, [Sentence("")])[0]);

        string Tag(string words) => string.Join(' ', TransferBaselines.SameNeighbours(
            train, [new TaggedSentence(words.Split(' '), [])]).Single());
    }

    [Fact]
    public void Equally_many_tags_are_decided_by_name()
    {
        TaggedSentence[] train = [Sentence("x:O"), Sentence("x:B-TYPE"), Sentence("x:B-FILE")];
        Assert.Equal(["B-FILE"], TransferBaselines.SameNeighbours(train, [new(["x"], ["O"])])[0]);
    }

    [Fact]
    public void The_placeholder_is_chosen_whose_words_are_likeliest_of_the_question()
    {
        QuestionExample[] train =
        [
            Question("file", "The file {3} is of {1}", "{3}"), Question("file", "{0} : File {2} is there", "{2}"),
            Question("type", "The type {3} is not {1}", "{3}"), Question("type", "{0} : the type {2} is no file", "{2}"),
        ];
        string context = "With {7} , type {4} and file {5:N2} there";
        Assert.Equal("{5:N2}", Answer("file", context));
        Assert.Equal("{4}", Answer("type", context));
        Assert.Equal("{6}", Answer("file", "no {4} word FILE {6}"));
        // Words count in their place: two before is not one before.
        Assert.Equal("{5}", Answer("file", "file or {4} file {5}"));
        // Nothing was learned of the question, nothing is known here: the first.
        Assert.Equal("{4}", Answer("value", context[5..].Replace("{7} , ", "")));
        Assert.Equal("{7}", Answer("file", "Nanu {7} nanu {4}"));

        string Answer(string kind, string text) => TransferBaselines.LikeliestPlaceholder(train, [Question(kind, text, "")]).Single();
    }

    [Fact]
    public void Nothing_to_learn_from_is_an_error()
    {
        Assert.Contains("at least one training sentence",
            Assert.Throws<IntraDistillException>(() => TransferBaselines.SameNeighbours([], [Sentence("a:O")])).Message);
        Assert.Contains("at least one training question",
            Assert.Throws<IntraDistillException>(() => TransferBaselines.LikeliestPlaceholder([], [Question("a", "{0}", "{0}")])).Message);
    }

    private static QuestionExample Question(string kind, string text, string answer) =>
        new("id", kind, text, [new AnswerSpan(answer, text.IndexOf(answer, StringComparison.Ordinal))]);

    private static TaggedSentence Sentence(string words)
    {
        string[][] pairs = [.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Split(':'))];
        return new TaggedSentence([.. pairs.Select(pair => pair[0])], [.. pairs.Select(pair => pair[1])]);
    }
}

using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class TaggedFileTests : IDisposable
{
    // What corpora of many languages hold: nothing, spaces, colons, signs that are not seen, what other readers take for line ends.
    private static readonly string[] s_odd =
        ["", " ", "a b", ":", "a:b:c", "\u00a0", "\u200b", "\u200f\u202e", "\u0085", "\u2028", "\"", "#", "-", "\ufeff", "😀", "ไทย"];

    private readonly string _folder = Directory.CreateTempSubdirectory("tagged-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_published_form_loses_its_language_and_keeps_everything_else()
    {
        string path = Write("de:Ben\tB-PER\nde:12:30\tO\nde::\tO\nde:\tO\n\n\nzh-yue:香 港\tB-LOC\r\n\r\n  \nen:end\tO");
        IReadOnlyList<TaggedSentence> read = TaggedFile.ReadPanx(path);
        Assert.Equal([["Ben", "12:30", ":", ""], ["香 港"], ["end"]], read.Select(sentence => sentence.Tokens));
        Assert.Equal([["B-PER", "O", "O", "O"], ["B-LOC"], ["O"]], read.Select(sentence => sentence.Tags));
    }

    [Fact]
    public void Odd_tokens_keep_their_place_in_every_form()
    {
        Gen<TaggedSentence[]> corpora = Gen.Elements(s_odd).SelectMany(token =>
                Gen.Elements("O", "B-PER", "I-PER").Select(tag => (token, tag))).NonEmptyListOf()
            .Select(pairs => new TaggedSentence([.. pairs.Select(pair => pair.token)], [.. pairs.Select(pair => pair.tag)]))
            .NonEmptyListOf().Select(sentences => sentences.ToArray());
        Prop.ForAll(corpora.ToArbitrary(), Gen.Elements("\n", "\r\n").ToArbitrary(), (corpus, end) =>
        {
            Same(TaggedFile.ReadPanx(Lines((token, tag, _) => $"xx:{token}\t{tag}")));
            Same(TaggedFile.ReadIndexed(Lines((token, tag, i) => $"{i}\t{token}\t{tag}")));
            Same(TaggedFile.ReadIndexed(Lines((token, tag, i) => $"{i + 1}\t{token}\t{tag}")));
            // A byte order mark at the very beginning of a file is none of its text.
            if (corpus[0].Tokens[0] != "\ufeff")
                Same(TaggedFile.ReadConll(Lines((token, tag, _) => $"{token}\tNN\t{tag}")));
            string Json(TaggedSentence sentence) => System.Text.Json.JsonSerializer.Serialize(
                new { tokens = sentence.Tokens, ner_tags = sentence.Tags.Select(tag => PanxCorpus.Tags.ToList().IndexOf(tag)) });
            Same(TaggedFile.ReadJson(Write(string.Join(end, corpus.Select(Json)))));
            Same(TaggedFile.ReadJson(Write("[" + string.Join("," + end, corpus.Select(Json)) + "]")));

            string Lines(Func<string, string, int, string> line) => Write(string.Join(end, corpus.Select(sentence => string.Concat(
                sentence.Tokens.Select((token, i) => line(token, sentence.Tags[i], i) + end)))));

            void Same(IReadOnlyList<TaggedSentence> read)
            {
                Assert.Equal(corpus.Select(sentence => sentence.Tokens), read.Select(sentence => sentence.Tokens));
                Assert.Equal(corpus.Select(sentence => sentence.Tags), read.Select(sentence => sentence.Tags));
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void CoNLL_is_cut_at_tabs_or_at_spaces_and_documents_are_passed_over()
    {
        IReadOnlyList<TaggedSentence> read = TaggedFile.ReadConll(Write(
            "-DOCSTART- -X- O O\n\nU.N. NNP  I-NP I-ORG\nofficial NN I-NP O \n\nNew York\tB-LOC\n\u00a0 O\n"));
        Assert.Equal([["U.N.", "official"], ["New York", "\u00a0"]], read.Select(sentence => sentence.Tokens));
        Assert.Equal([["I-ORG", "O"], ["B-LOC", "O"]], read.Select(sentence => sentence.Tags));
        Assert.Equal(["A", "B"], TaggedFile.ReadConll(Write("a A C\nb B C"), 1)[0].Tags);
    }

    [Fact]
    public void Tags_in_JSON_are_text_or_numbers_of_a_list()
    {
        string path = Write("""
            {"tokens": ["a", "b"], "ner_tags": [0, 5], "langs": ["en", "en"]}

            {"tokens": ["c\u200b"], "tags": ["B-ORG"]}
            """);
        Assert.Equal([["O", "B-LOC"], ["B-ORG"]], TaggedFile.ReadJson(path).Select(sentence => sentence.Tags));
        Assert.Equal("five", TaggedFile.ReadJson(path, ["zero", "", "", "", "", "five"])[0].Tags[1]);
    }

    [Theory]
    [InlineData("panx", "en:a\tO\nen:b\n", ":2: 1 column, where 'lang:token TAB tag' was expected")]
    [InlineData("panx", "en:a\tO\tO\n", ":1: 3 columns")]
    [InlineData("panx", "en:a\tO\n\nb\tO\n", ":3: 'b' where a language, a colon and a token were expected")]
    [InlineData("panx", "en:a\t\n", ":1: tag '', where one without spaces was expected")]
    [InlineData("panx", "en:a\tO \n", ":1: tag 'O '")]
    [InlineData("panx", "\n \n", ": no sentence in it")]
    [InlineData("indexed", "0\ta\tO\n2\tb\tO\n", ":2: index '2', where 1 was expected: a line may be missing")]
    [InlineData("indexed", "2\ta\tO\n", ":1: index '2', where 0 was expected")]
    [InlineData("indexed", "0\tO\n", ":1: 2 columns")]
    [InlineData("conll", "a O\nb\n", ":2: 1 column, where a token and a tag in column ^1 were expected")]
    [InlineData("tags", "O\nO O\n", ":2: tag 'O O'")]
    [InlineData("json", "{\"tokens\": [\"a\"],\n", ":1: not JSON")]
    [InlineData("json", "\n{\"tokens\": [\"a\"]}", ":2: expected an object with the lists")]
    [InlineData("json", "{\"tokens\": [null], \"tags\": [0]}", ":1: expected an object with the lists")]
    [InlineData("json", "{\"tokens\": [\"\\ud800\"], \"tags\": [0]}", ":1: expected an object with the lists")]
    [InlineData("json", "{\"tokens\": [\"a\"], \"tags\": [0.5]}", ":1: expected an object with the lists")]
    [InlineData("json", "{\"tokens\": [\"a\"], \"tags\": [7]}", ":1: tag 7, where 0 to 6 were expected")]
    [InlineData("json", "[{\"tokens\": [\"a\"], \"tags\": []}]", ": sentence 0 (from 0): 1 tokens and 0 tags")]
    [InlineData("json", "[1,\n,2]", ":2: not JSON")]
    [InlineData("json", "[]", ": no sentence in it")]
    public void What_is_wrong_is_named_with_its_line(string form, string content, string message)
    {
        string path = Write(content), said = Assert.Throws<IntraDistillException>(() => Read(form, path)).Message;
        Assert.StartsWith(path + message, said);
        Assert.DoesNotContain('\n', said);
    }

    [Theory]
    [InlineData("panx")]
    [InlineData("json")]
    public void A_file_that_is_not_there_or_not_UTF_8_is_named(string form)
    {
        string path = Path.Combine(_folder, "none");
        Assert.StartsWith($"{path}: cannot be read", Assert.Throws<IntraDistillException>(() => Read(form, path)).Message);
        File.WriteAllBytes(path, [.. "{\"tokens\": [\""u8, 0xff, .. "\"], \"tags\": [0]}"u8]);
        Assert.StartsWith($"{path}:1: ", Assert.Throws<IntraDistillException>(() => Read(form, path)).Message);
    }

    private static int Read(string form, string path) => form switch
    {
        "panx" => TaggedFile.ReadPanx(path).Count,
        "indexed" => TaggedFile.ReadIndexed(path).Count,
        "conll" => TaggedFile.ReadConll(path).Count,
        "tags" => TaggedFile.ReadTags(path).Count,
        _ => TaggedFile.ReadJson(path).Count,
    };

    private string Write(string content)
    {
        string path = Path.Combine(_folder, "file");
        File.WriteAllText(path, content, new UTF8Encoding(false));
        return path;
    }
}

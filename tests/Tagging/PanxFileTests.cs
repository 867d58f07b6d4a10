using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class PanxFileTests : IDisposable
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
        IReadOnlyList<TaggedSentence> read = PanxCorpus.ReadPublished(path);
        Assert.Equal([["Ben", "12:30", ":", ""], ["香 港"], ["end"]], read.Select(sentence => sentence.Tokens));
        Assert.Equal([["B-PER", "O", "O", "O"], ["B-LOC"], ["O"]], read.Select(sentence => sentence.Tags));
    }

    [Fact]
    public void Odd_tokens_keep_their_place()
    {
        Gen<TaggedSentence[]> corpora = Gen.Elements(s_odd).SelectMany(token =>
                Gen.Elements("O", "B-PER", "I-PER").Select(tag => (token, tag))).NonEmptyListOf()
            .Select(pairs => new TaggedSentence([.. pairs.Select(pair => pair.token)], [.. pairs.Select(pair => pair.tag)]))
            .NonEmptyListOf().Select(sentences => sentences.ToArray());
        Prop.ForAll(corpora.ToArbitrary(), Gen.Elements("\n", "\r\n").ToArbitrary(), (corpus, end) =>
        {
            IReadOnlyList<TaggedSentence> read = PanxCorpus.ReadPublished(Write(string.Join(end, corpus.Select(sentence => string.Concat(
                sentence.Tokens.Select((token, i) => $"xx:{token}\t{sentence.Tags[i]}{end}"))))));
            Assert.Equal(corpus.Select(sentence => sentence.Tokens), read.Select(sentence => sentence.Tokens));
            Assert.Equal(corpus.Select(sentence => sentence.Tags), read.Select(sentence => sentence.Tags));
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("en:a\tO\nen:b\n", ":2: 1 column, where 'lang:token TAB tag' was expected")]
    [InlineData("en:a\tO\tO\n", ":1: 3 columns")]
    [InlineData("en:a\tO\n\nb\tO\n", ":3: 'b' where a language, a colon and a token were expected")]
    [InlineData("en:a\t\n", ":1: tag '', where one of O, B-PER, I-PER, B-ORG, I-ORG, B-LOC, I-LOC was expected")]
    [InlineData("en:a\tO \n", ":1: tag 'O '")]
    [InlineData("\n \n", ": no sentence in it")]
    public void What_is_wrong_is_named_with_its_line(string content, string message)
    {
        string path = Write(content), said = Assert.Throws<IntraDistillException>(() => PanxCorpus.ReadPublished(path)).Message;
        Assert.StartsWith(path + message, said);
        Assert.DoesNotContain('\n', said);
    }

    [Fact]
    public void A_file_that_is_not_there_or_not_UTF_8_is_named()
    {
        string path = Path.Combine(_folder, "none");
        Assert.StartsWith($"{path}: cannot be read", Assert.Throws<IntraDistillException>(() => PanxCorpus.ReadPublished(path)).Message);
        File.WriteAllBytes(path, [.. "xx:"u8, 0xff, .. "\tO"u8]);
        Assert.StartsWith($"{path}:1: not UTF-8", Assert.Throws<IntraDistillException>(() => PanxCorpus.ReadPublished(path)).Message);
    }

    private string Write(string content)
    {
        string path = Path.Combine(_folder, "file");
        File.WriteAllText(path, content, new UTF8Encoding(false));
        return path;
    }
}

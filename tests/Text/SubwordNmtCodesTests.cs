using IntraDistill.Text;

namespace IntraDistill.Tests.TextTests;

public sealed class SubwordNmtCodesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("subword-nmt").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("valid.de", 7283)]
    [InlineData("valid.en", 7283)]
    [InlineData("test.de", 6750)]
    [InlineData("test.en", 6750)]
    public void Applied_to_iwslt14_the_codes_give_what_subword_nmt_gave(string file, int lines)
    {
        SubwordNmtCodes codes = SubwordNmtCodes.Load(ReferenceData.Path("data/iwslt14/tokenized/code"));
        string[] tokenized = Lines($"data/iwslt14/tokenized/{file}"), expected = Lines($"data/iwslt14/tokenized/bpe10k/{file}");
        Assert.Equal(lines, tokenized.Length);
        Assert.Equal(lines, expected.Length);
        int[] differing = [.. Enumerable.Range(0, lines).Where(i => codes.Apply(tokenized[i]) != expected[i])];
        string first = differing is [int line, ..]
            ? $"; the first, line {line + 1}:\nexpected {expected[line]}\nmade     {codes.Apply(tokenized[line])}"
            : "";
        Assert.True(differing.Length == 0, $"{differing.Length} of {lines} lines differ{first}");
    }

    // Worked by hand: a w that ends its word is another symbol than that of the merge "lo w", and 🎉 is in no merge.
    [Theory]
    [InlineData("lower", "lower")]
    [InlineData("lower slow lowe", "lower s@@ lo@@ w low@@ e")]
    [InlineData("er err r", "er e@@ r@@ r r")]
    [InlineData("🎉low 🎉", "🎉@@ lo@@ w 🎉")]
    [InlineData("  lower   er ", "  lower er ")]
    [InlineData(" ", " ")]
    [InlineData("", "")]
    public void The_earliest_merge_comes_first_and_the_end_of_a_word_counts(string text, string pieces)
    {
        SubwordNmtCodes codes = SubwordNmtCodes.Load(Write("#version: 0.2\nl o\ne r</w>\nlo w\nlow er</w>\nlow er</w>\n"));
        Assert.Equal(4, codes.MergeCount);
        Assert.Equal(pieces, codes.Apply(text));
    }

    [Fact]
    public void Many_threads_make_the_same_pieces()
    {
        string path = ReferenceData.Path("data/iwslt14/tokenized/code");
        string[] texts = Lines("data/iwslt14/tokenized/test.en")[..2000];
        SubwordNmtCodes codes = SubwordNmtCodes.Load(path);
        string[] together = [.. texts.AsParallel().AsOrdered().Select(codes.Apply)];
        SubwordNmtCodes fresh = SubwordNmtCodes.Load(path);
        Assert.Equal(texts.Select(fresh.Apply), together);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("e n</w>\n", 1)]
    [InlineData("#version: 0.1\ne n\n", 1)]
    [InlineData("#version: 0.2\ne n</w>\nth\n", 3)]
    [InlineData("#version: 0.2\nt h e\n", 2)]
    [InlineData("#version: 0.2\n h\n", 2)]
    [InlineData("#version: 0.2\nt h\n\nt e\n", 3)]
    public void A_bad_file_is_refused_with_its_line(string text, int line)
    {
        string path = Write(text);
        SubwordFileException error = Assert.Throws<SubwordFileException>(() => SubwordNmtCodes.Load(path));
        Assert.Equal(line, error.Line);
        Assert.StartsWith($"{path}:{line}: ", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_missing_file_and_one_that_is_not_text_are_refused()
    {
        Assert.Throws<SubwordFileException>(() => SubwordNmtCodes.Load(Path.Combine(_folder, "none")));
        string path = Write("");
        File.WriteAllBytes(path, [.. "#version: 0.2\n"u8, 0xff, .. " a\n"u8]);
        Assert.Equal(0, Assert.Throws<SubwordFileException>(() => SubwordNmtCodes.Load(path)).Line);
    }

    private static string[] Lines(string path) => File.ReadAllText(ReferenceData.Path(path)).Split('\n')[..^1];

    private string Write(string text)
    {
        string path = Path.Combine(_folder, "codes");
        File.WriteAllText(path, text);
        return path;
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntraDistill.Tasks;
using IntraDistill.DataScripts;
using IntraDistill.DataScripts.Iwslt14;

namespace IntraDistill.Tests.DataScripts;

/// <summary>The folder that fairseq's script leaves, made up for each step and error, and a real one.</summary>
public sealed class TokenizedFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TokenizedFolderTests()
    {
        Directory.CreateDirectory(_folder["in"]);
        Put("train", "guten tag , welt .", "good day , world .", "ja !", "yes !");
        Put("valid", "nein .", "no .");
        Put("test", "er sagt : &quot; ja ! &quot;", "it &apos;s &quot; yes ! &quot;");
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Writes both sides of a part; source and target sentences in turn.</summary>
    private void Put(string part, params string[] lines)
    {
        for (int side = 0; side < 2; side++)
            File.WriteAllText(_folder[$"in/{part}.{(side == 0 ? "de" : "en")}"],
                string.Concat(lines.Where((_, i) => i % 2 == side).Select(line => line + "\n")));
    }

    private async Task<string> RunAsync(int expected = 0)
    {
        var errors = new StringWriter();
        Assert.Equal(expected, await Iwslt14Script.RunAsync(["--tokenized", _folder["in"], "--output", _folder["iwslt14"]],
            [new(new DataSource("de-en.tgz", "http://127.0.0.1:1/de-en.tgz", null, null), ["de-en"])],
            language => new MosesRules(language), errors));
        return errors.ToString();
    }

    private async Task RefusedAsync(string message)
    {
        Assert.Equal($"error: {message}", (await RunAsync(1)).TrimEnd());
        Assert.False(Directory.Exists(_folder["iwslt14"]) && Directory.EnumerateFileSystemEntries(_folder["iwslt14"]).Any());
    }

    private string[] Made(string file) => File.ReadAllLines(_folder[$"iwslt14/de-en/{file}"]);

    private string[] Steps() => [.. About().GetProperty("steps").EnumerateArray().Select(step => step.GetString()!)];

    private JsonElement About() => JsonElement.Parse(File.ReadAllBytes(_folder["iwslt14/de-en/about.json"]));

    [Fact]
    public async Task Every_part_is_detokenized_by_its_languages_rules()
    {
        await RunAsync();
        Assert.Equal(["guten tag, welt.", "ja!"], Made("train.de"));
        Assert.Equal(["good day, world.", "yes!"], Made("train.en"));
        Assert.Equal(["nein."], Made("valid.de"));
        Assert.Equal(["no."], Made("valid.en"));
        Assert.Equal(["er sagt: \"ja!\""], Made("test.de"));
        Assert.Equal(["it's \"yes!\""], Made("test.en"));   // German would leave the 's apart
    }

    [Fact]
    public async Task Training_pairs_with_an_empty_side_go_and_are_counted()
    {
        Put("train", "", "yes !", "ja !", "yes !", "nein !", " \t", "", "");
        await RunAsync();
        Assert.Equal(["ja!"], Made("train.de"));
        Assert.Contains("train: pairs with an empty side dropped (3 pairs)", Steps());
    }

    [Fact]
    public async Task Training_pairs_over_ratio_or_length_go_and_are_counted()
    {
        string longest = string.Join(' ', Enumerable.Repeat("a", 175));
        Put("train", "a b c", "a b", "a b c d", "a b", "a b", "a b c d", longest, longest, $"{longest} a", longest);
        await RunAsync();
        Assert.Equal(["a b c", longest], Made("train.de"));
        Assert.Contains("train: pairs over length ratio 1.5 or outside 1-175 tokens dropped (3 pairs)", Steps());
    }

    [Fact]
    public async Task Valid_and_test_pass_no_filter()
    {
        Put("valid", "a b c d", "a", "e", "e f g h");
        Put("test", string.Join(' ', Enumerable.Repeat("a", 200)), "a", "b", "b", "b", "b");
        await RunAsync();
        Assert.Equal(2, Made("valid.de").Length);
        Assert.Equal(3, Made("test.de").Length);
    }

    [Fact]
    public async Task Training_pairs_that_are_also_in_valid_or_test_go_and_one_equal_side_is_not_enough()
    {
        Put("train", "nein .", "no .", "nein .", "nope .", "ne .", "no .", "ja .", "yes .", "ja .", "no .", "gut .", "fine .");
        Put("test", "ja .", "yes .");
        await RunAsync();
        Assert.Equal(["nein.", "ne.", "ja.", "gut."], Made("train.de"));
        Assert.Equal(["nope.", "no.", "no.", "fine."], Made("train.en"));
        Assert.Contains("train: pairs that are also in valid or test dropped (2 pairs)", Steps());
    }

    [Fact]
    public async Task Valid_pairs_with_an_empty_side_go_and_are_counted()
    {
        Put("valid", "nein .", "no .", "leer", " ", "", "empty");
        await RunAsync();
        Assert.Equal(["nein."], Made("valid.de"));
        Assert.Contains("valid: pairs with an empty side dropped (2 pairs)", Steps());
    }

    [Fact]
    public async Task The_record_has_the_files_as_they_were_found()
    {
        await RunAsync();
        JsonElement[] sources = [.. About().GetProperty("sources").EnumerateArray()];
        Assert.Equal(["train.de", "train.en", "valid.de", "valid.en", "test.de", "test.en"],
            sources.Select(source => source.GetProperty("file").GetString()));
        Assert.All(sources, source =>
        {
            byte[] bytes = File.ReadAllBytes(_folder[$"in/{source.GetProperty("file").GetString()}"]);
            Assert.Equal(JsonValueKind.Null, source.GetProperty("url").ValueKind);
            Assert.Equal(bytes.Length, source.GetProperty("size").GetInt32());
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), source.GetProperty("sha256").GetString());
        });
        Assert.Equal("train, valid, test: taken as found, Moses-tokenized and lower-cased (2, 1 and 1 pairs)", Steps()[0]);
    }

    [Theory]
    [InlineData("", "two", "de")]
    [InlineData("zwei", " ", "en")]
    public async Task An_empty_test_segment_is_named_by_file_and_line(string source, string target, string side)
    {
        Put("test", "eins", "one", source, target);
        await RefusedAsync($"{_folder[$"in/test.{side}"]}:2: an empty line, where a segment of the test set was expected");
    }

    [Theory]
    [InlineData(new byte[] { (byte)'a', 10, (byte)'b', 10, 0xE9, 10 }, 3, "not UTF-8")]
    [InlineData(new byte[] { (byte)'a', 10, (byte)'b', 13, 10 }, 2,
        "a carriage return, where lines that end with LF alone were expected")]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF, (byte)'a', 10 }, 1, "a byte order mark, where plain UTF-8 was expected")]
    public async Task Text_that_is_not_plain_is_named_by_file_and_line(byte[] bytes, int line, string what)
    {
        File.WriteAllBytes(_folder["in/valid.en"], bytes);
        await RefusedAsync($"{_folder["in/valid.en"]}:{line}: {what}");
    }

    [Fact]
    public async Task Sides_of_different_length_are_named_with_their_counts()
    {
        File.AppendAllText(_folder["in/train.de"], "eins zu viel\n");
        await RefusedAsync($"{_folder["in/train.de"]} and train.en: 3 source lines and 2 target lines, expected equally many");
    }

    [Fact]
    public async Task A_missing_file_is_one_line_that_names_it()
    {
        File.Delete(_folder["in/test.en"]);
        string error = await RunAsync(1);
        Assert.StartsWith($"error: {_folder["in/test.en"]}: cannot be read", error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_training_text_of_which_nothing_is_left_is_an_error()
    {
        Put("train", "nein .", "no .");
        await RefusedAsync("de-en: no sentence pair is left for train");
    }

    [Fact]
    public async Task The_users_own_folder_is_never_the_one_that_is_written()
    {
        Directory.CreateDirectory(_folder["iwslt14"]);
        Directory.Move(_folder["in"], _folder["iwslt14/de-en"]);
        string[] before = _folder.Files;
        var errors = new StringWriter();
        Assert.Equal(1, await Iwslt14Script.RunAsync(
            ["--tokenized", _folder["iwslt14/de-en/"], "--output", _folder["iwslt14"]],
            [new(new DataSource("de-en.tgz", "http://127.0.0.1:1/de-en.tgz", null, null), ["de-en"])],
            language => new MosesRules(language), errors));
        Assert.Contains("expected another --output", errors.ToString());
        Assert.Equal(before, _folder.Files);
        Assert.Equal("nein .\n", File.ReadAllText(_folder["iwslt14/de-en/valid.de"]));
    }

    [Fact]
    public async Task The_script_itself_prepares_the_real_folder_and_the_reader_reads_it()
    {
        string real = ReferenceData.Path("data/iwslt14/tokenized");
        string said = await Repository.DataScriptAsync(
            "iwslt14.cs", "--pairs", "de-en", "--tokenized", real, "--output", _folder["iwslt14"]);
        // Counted by a program of its own on the tokenized text: 48,891 pairs, of which 1,780 are over the ratio (none is
        // empty or too long) and 10 of the rest are test pairs, none a valid pair.
        Assert.Contains("train 47,101, valid 7,283, test 6,750 sentence pairs", said);
        Assert.Equal(
        [
            "train, valid, test: taken as found, Moses-tokenized and lower-cased (48891, 7283 and 6750 pairs)",
            "train: pairs with an empty side dropped (0 pairs)",
            "train: pairs over length ratio 1.5 or outside 1-175 tokens dropped (1780 pairs)",
            "valid: pairs with an empty side dropped (0 pairs)",
            "train, valid, test: detokenized",
            "train: pairs that are also in valid or test dropped (10 pairs)",
        ], Steps());

        ParallelCorpus corpus = Iwslt14Corpus.Load(_folder.Path, "de", "en");
        Assert.Equal([47_101, 7_283, 6_750], [corpus.Train.Count, corpus.Valid.Count, corpus.Test.Count]);
        Assert.Equal("das kind schnitte in einem unfall also gut ab.", corpus.Train[0].Source);
        Assert.Equal("it's that pyramid.", corpus.Valid[0].Target);
        HashSet<(string, string)> held = [.. corpus.Valid.Concat(corpus.Test).Select(pair => (pair.Source, pair.Target))];
        Assert.DoesNotContain(corpus.Train, pair => held.Contains((pair.Source, pair.Target)));
    }
}

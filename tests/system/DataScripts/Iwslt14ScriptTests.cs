using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using IntraDistill.DataScripts;
using IntraDistill.DataScripts.Iwslt14;

namespace IntraDistill.Tests.DataScripts;

/// <summary>A made-up training text and the campaign's real test files, packed as WIT3 packs them, in the whole script.</summary>
public sealed class Iwslt14ScriptTests : IDisposable
{
    private const int Talks = 10;
    private const int Lines = 7;
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>Marks what was applied, so that the order of the steps shows in the text.</summary>
    private sealed class MarkingRules(string language) : ITextRules
    {
        public string Tokenize(string text) => text.Replace(".", " .");
        public string Detokenize(string tokenized) => tokenized.Replace(" .", $".{language}");
        public string Lower(string text) => text.ToLowerInvariant();
    }

    private static byte[] Training(string language) =>
        Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Talks).Select(talk => Talk(talk, language))));

    private static string Talk(int talk, string language) =>
        $"<url>http://talk/{talk}</url>\n<talkid>{talk}</talkid>\n<title>Title {talk} {language}</title>\n"
        + "<keywords>k</keywords>\n<description>About it.</description>\n"
        + string.Concat(Enumerable.Range(0, Lines).Select(line => $" It’s Line {talk}-{line}.\n"))
        + (language == "en" ? "Far too long for its other side.\n" : "Kurz\n");

    private static ITextRules Marking(string language) => new MarkingRules(language);

    private static byte[] PairArchive(string pair, bool tedx, string? without = null)
    {
        string raw = ReferenceData.Path("data/iwslt14/raw");
        var entries = new List<TarEntry>();
        foreach (string language in pair.Split('-'))
        {
            entries.Add(TarGzipTests.FileEntry($"{pair}/train.tags.{pair}.{language}", Training(language)));
            foreach (string set in (string[])["TED.dev2010", "TEDX.dev2012", "TED.tst2010", "TED.tst2011", "TED.tst2012"])
                if ((tedx || set != "TEDX.dev2012") && set != without)
                    entries.Add(TarGzipTests.FileEntry($"{pair}/IWSLT14.{set}.{pair}.{language}.xml", File.ReadAllBytes(
                        Path.Combine(raw, $"IWSLT14.{set}.de-en.{(language == "en" ? "en" : "de")}.xml"))));
        }
        entries.Add(TarGzipTests.FileEntry($"{pair}/README", "r"u8.ToArray()));
        return TarGzipTests.Archive([.. entries]);
    }

    private static byte[] Release(params string[] pairs) => TarGzipTests.Archive([
        new PaxTarEntry(TarEntryType.Directory, "2014-01/"), .. pairs.Select(pair => TarGzipTests.FileEntry(
            $"2014-01/texts/{pair.Replace('-', '/')}/{pair}.tgz", PairArchive(pair, pair == "de-en"))),
        TarGzipTests.FileEntry("2014-01/texts/en/de/en-de.tgz", "not wanted, not read"u8.ToArray())]);

    private static PairSource[] Table(string url) =>
    [
        new(new DataSource("de-en.tgz", $"{url}/copy/de-en.tgz", null, null), ["de-en"]),
        new(new DataSource("2014-01.tgz", $"{url}/2014-01.tgz", null, null), ["ar-en", "pl-en"]),
    ];

    private Task PrepareAsync(string[] pairs, string url = "http://127.0.0.1:1", string? archive = null,
        Func<string, ITextRules>? rules = null, CancellationToken? token = null) => Iwslt14Script.PrepareAsync(
            new Iwslt14Request(pairs, _folder["out"], null, archive), Table(url), rules ?? Marking,
            new DownloadSettings { Attempts = 1 }, token ?? Token);

    private string WriteArchive(string name, byte[] content)
    {
        File.WriteAllBytes(_folder[name], content);
        return _folder[name];
    }

    [Fact]
    public async Task A_pair_is_prepared_step_by_step()
    {
        await PrepareAsync(["de-en"], archive: WriteArchive("mine.tgz", PairArchive("de-en", tedx: true)));
        Assert.Equal(["mine.tgz", "out/de-en/about.json", "out/de-en/test.de", "out/de-en/test.en", "out/de-en/train.de",
            "out/de-en/train.en", "out/de-en/valid.de", "out/de-en/valid.en"], _folder.Files);

        // Nine lines of each talk are kept (title, description, seven lines); the tenth is over the length ratio.
        string[] all = [.. Enumerable.Range(0, Talks).SelectMany(talk => (string[])
            [$"title {talk} de", "about it.de", .. Enumerable.Range(0, Lines).Select(line => $"it’s line {talk}-{line}.de")])];
        Assert.Equal(all.Where((_, i) => (i + 1) % 23 == 0), File.ReadAllLines(_folder["out/de-en/valid.de"]));
        Assert.Equal(all.Where((_, i) => (i + 1) % 23 != 0), File.ReadAllLines(_folder["out/de-en/train.de"]));
        Assert.Equal(87, File.ReadAllLines(_folder["out/de-en/train.en"]).Length);

        using JsonDocument about = JsonDocument.Parse(File.ReadAllBytes(_folder["out/de-en/about.json"]));
        JsonElement counts = about.RootElement.GetProperty("counts");
        Assert.Equal([87, 3, 6_750], ((string[])["train", "valid", "test"]).Select(part => counts.GetProperty(part).GetInt32()));
        Assert.Contains("90 of 100 kept", about.RootElement.GetProperty("steps")[0].GetString());
    }

    [Fact]
    public async Task Moses_rules_prepare_the_pair()
    {
        await PrepareAsync(["de-en"], archive: WriteArchive("mine.tgz", PairArchive("de-en", tedx: true)),
            rules: language => new MosesRules(language));
        // As tokenizer.perl and detokenizer.perl leave ’ in training text; only test text has it rewritten.
        Assert.Equal(["title 0 de", "about it.", "it ’ s line 0-0."], File.ReadLines(_folder["out/de-en/train.de"]).Take(3));
        Assert.Equal(87, File.ReadAllLines(_folder["out/de-en/train.en"]).Length);
        Assert.Equal(6_750, File.ReadAllLines(_folder["out/de-en/test.en"]).Length);
    }

    [Fact]
    public async Task The_script_itself_prepares_a_pair()
    {
        string archive = WriteArchive("mine.tgz", PairArchive("de-en", tedx: true));
        string said = await Repository.DataScriptAsync(
            "iwslt14.cs", "--pairs", "de-en", "--archive", archive, "--output", _folder["out"]);
        Assert.Contains("train 87, valid 3, test 6,750 sentence pairs", said);
        Assert.True(PreparedFolder.IsThere(_folder["out"], "de-en"));
    }

    [Theory]
    [InlineData("de")]
    [InlineData("en")]
    public async Task The_real_test_set_is_fairseqs_but_for_the_tokens(string language)
    {
        await PrepareAsync(["de-en"], archive: WriteArchive("mine.tgz", PairArchive("de-en", tedx: true)));
        string[] ours = File.ReadAllLines(_folder[$"out/de-en/test.{language}"]);
        string[] fairseqs = File.ReadAllLines(ReferenceData.Path($"data/iwslt14/tokenized/test.{language}"));
        Assert.Equal(fairseqs.Select(Letters), ours.Select(Letters));

        // Tokenizing moves spaces and escapes characters, once more those that the XML has escaped already; no more than that.
        static string Letters(string line) =>
            Unescaped(Unescaped(string.Concat(line.Where(c => !char.IsWhiteSpace(c) && !char.IsControl(c)))));

        static string Unescaped(string line) => line.Replace("&apos;", "'").Replace("&quot;", "\"").Replace("&#91;", "[")
            .Replace("&#93;", "]").Replace("&lt;", "<").Replace("&gt;", ">").Replace("&amp;", "&");
    }

    [Fact]
    public async Task Pairs_come_from_their_sources_and_those_of_the_release_in_one_go()
    {
        using var server = new LoopbackServer(request => request.SendAsync(
            request.Path.EndsWith("de-en.tgz") ? PairArchive("de-en", true) : Release("ar-en", "pl-en", "he-en")));
        await PrepareAsync(["pl-en", "de-en", "ar-en"], server.Url);
        Assert.Equal(["/copy/de-en.tgz", "/2014-01.tgz"], server.Requests.Select(request => request.Path));
        Assert.Equal(["about.json", "test.en", "test.pl", "train.en", "train.pl", "valid.en", "valid.pl"],
            Directory.GetFiles(_folder["out/pl-en"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(6_750 - 1_165, File.ReadAllLines(_folder["out/ar-en/test.ar"]).Length);   // no TEDX.dev2012 for Arabic
        Assert.EndsWith(".ar", File.ReadAllLines(_folder["out/ar-en/train.ar"])[1]);

        await PrepareAsync(["de-en", "ar-en"], server.Url);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task The_whole_release_serves_every_pair_as_an_archive()
    {
        await PrepareAsync(["ar-en", "de-en"], archive: WriteArchive("2014-01.tgz", Release("de-en", "ar-en")));
        Assert.Equal(6_750, File.ReadAllLines(_folder["out/de-en/test.de"]).Length);
        Assert.True(PreparedFolder.IsThere(_folder["out"], "ar-en"));
    }

    [Fact]
    public async Task An_archive_that_lacks_a_pair_is_an_error_and_leaves_nothing()
    {
        string archive = WriteArchive("mine.tgz", PairArchive("de-en", tedx: true));
        string message = (await Assert.ThrowsAsync<ArchiveException>(
            () => PrepareAsync(["de-en", "pl-en"], archive: archive))).Message;
        Assert.Contains("holds no pl-en", message);
        Assert.Equal(["mine.tgz"], _folder.Files);
    }

    [Fact]
    public async Task A_missing_test_file_is_named()
    {
        string archive = WriteArchive("mine.tgz", PairArchive("de-en", tedx: true, without: "TED.tst2011"));
        string message = (await Assert.ThrowsAsync<IntraDistillException>(
            () => PrepareAsync(["de-en"], archive: archive))).Message;
        Assert.Equal("de-en: the archive holds no IWSLT14.TED.tst2011.de-en.de.xml", message);
        Assert.Equal(["mine.tgz"], _folder.Files);
    }

    [Fact]
    public async Task A_run_that_is_stopped_leaves_no_data_set_and_the_next_one_completes()
    {
        string archive = WriteArchive("mine.tgz", PairArchive("de-en", tedx: true));
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PrepareAsync(["de-en"], archive: archive, token: stop.Token,
            rules: language =>
            {
                stop.Cancel();
                return new MarkingRules(language);
            }));
        Assert.Equal(["mine.tgz"], _folder.Files);

        // A run that was killed could not tidy up after itself.
        Directory.CreateDirectory(_folder["out/.de-en.unfinished/raw"]);
        File.WriteAllText(_folder["out/.de-en.unfinished/raw/train.tags.de-en.de"], "half");
        await PrepareAsync(["de-en"], archive: archive);
        Assert.True(PreparedFolder.IsThere(_folder["out"], "de-en"));
        Assert.False(Directory.Exists(_folder["out/.de-en.unfinished"]));
    }

    [Fact]
    public async Task A_pairs_archive_inside_the_release_is_held_to_the_same_rules()
    {
        byte[] evil = TarGzipTests.Archive(
            new PaxTarEntry(TarEntryType.SymbolicLink, "de-en/train.tags.de-en.de") { LinkName = "/etc/passwd" });
        string archive = WriteArchive("2014-01.tgz",
            TarGzipTests.Archive(TarGzipTests.FileEntry("2014-01/texts/de/en/de-en.tgz", evil)));
        string message = (await Assert.ThrowsAsync<ArchiveException>(() => PrepareAsync(["de-en"], archive: archive))).Message;
        Assert.Contains("is a SymbolicLink", message);
        Assert.Equal(["2014-01.tgz"], _folder.Files);
    }

    [Theory]
    [InlineData("xx-en", "--pairs", "de-en,xx-en")]
    [InlineData("--pairs", "--pairs", ",")]
    [InlineData("--mirror, --archive, --tokenized", "--mirror", "http://a", "--archive", "b")]
    [InlineData("--mirror, --archive, --tokenized", "--tokenized", "a", "--archive", "b")]
    [InlineData("--mirror, --archive, --tokenized", "--mirror", "http://a", "--tokenized", "b")]
    [InlineData("--tokenized: expected one pair", "--tokenized", "a", "--pairs", "all")]
    [InlineData("--tokenized: expected one pair", "--tokenized", "a", "--pairs", "de-en,pl-en")]
    [InlineData("--nonsense", "--nonsense")]
    public async Task Bad_arguments_are_said_and_end_with_2(string named, params string[] arguments)
    {
        var errors = new StringWriter();
        Assert.Equal(2, await Iwslt14Script.RunAsync(arguments, Table("http://a"), Marking, errors));
        Assert.StartsWith("error: ", errors.ToString());
        Assert.Contains(named, errors.ToString());
    }

    [Fact]
    public async Task All_means_every_pair_of_the_table()
    {
        string archive = WriteArchive("2014-01.tgz", Release("de-en", "ar-en", "pl-en"));
        Assert.Equal(0, await Iwslt14Script.RunAsync(
            ["--pairs", "all", "--archive", archive, "--output", _folder["out"]], Table("http://a"), Marking));
        Assert.All((string[])["de-en", "ar-en", "pl-en"], pair => Assert.True(PreparedFolder.IsThere(_folder["out"], pair)));
    }

    [Fact]
    public async Task An_archive_that_is_not_there_is_one_line()
    {
        var errors = new StringWriter();
        Assert.Equal(1, await Iwslt14Script.RunAsync(
            ["--archive", _folder["no.tgz"], "--output", _folder["out"]], Table("http://a"), Marking, errors));
        Assert.Single(errors.ToString().TrimEnd().Split('\n'));
        Assert.Contains("no.tgz", errors.ToString());
    }
}

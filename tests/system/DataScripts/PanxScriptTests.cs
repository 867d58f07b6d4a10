using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using IntraDistill.Tasks;
using IntraDistill.DataScripts;
using IntraDistill.DataScripts.Panx;

namespace IntraDistill.Tests.DataScripts;

public sealed class PanxScriptTests : IDisposable
{
    private static readonly DownloadSettings s_settings = new() { Attempts = 1 };
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static byte[] Language(string code, string train = "", params TarEntry[] more) => TarGzipTests.Archive(
        [.. new[] { "dev", "test", "extra", "train" }.Select(part => TarGzipTests.FileEntry(part,
            Encoding.UTF8.GetBytes(part == "train" && train.Length > 0 ? train : $"{code}:a:b\tB-PER\n{code}:\tI-PER\n\n"))), .. more]);

    private static byte[] Archive(string folder = "panx_dataset/") => ZipFilesTests.Archive(
        ("panx_dataset/", []), ($"{folder}en.tar.gz", Language("en")), ($"{folder}ka.tar.gz", Language("ka")),
        ($"{folder}zh-yue.tar.gz", [1]), ("__MACOSX/._en.tar.gz", [1]));

    private static DataSource Source(string url = "http://127.0.0.1:1") => new("panx_dataset.zip", $"{url}/wikiann/panx_dataset.zip", null, null);

    private Task PrepareAsync(string[] languages, DataSource source, string? archive = null) => PanxScript.PrepareAsync(
        new PanxRequest(languages, _folder["out"], null, archive), source, s_settings, Token);

    private string WriteArchive(byte[] content)
    {
        File.WriteAllBytes(_folder["AmazonPhotos.zip"], content);
        return _folder["AmazonPhotos.zip"];
    }

    [Fact]
    public async Task Languages_are_fetched_unpacked_read_and_not_fetched_again()
    {
        using var server = new LoopbackServer(request => request.SendAsync(Archive()));
        await PrepareAsync(["en"], Source(server.Url));
        Assert.Equal(["out/downloads/panx_dataset.zip", "out/en/about.json", "out/en/dev", "out/en/test", "out/en/train"], _folder.Files);
        PanxCorpus corpus = PanxCorpus.Load(_folder["out"], "en");
        Assert.Equal(["a:b", ""], Assert.Single(corpus.Train).Tokens);

        using JsonDocument about = JsonDocument.Parse(File.ReadAllBytes(_folder["out/en/about.json"]));
        Assert.Equal(("panx", "en"), (about.RootElement.GetProperty("dataset").GetString(),
            about.RootElement.GetProperty("language").GetString()));
        Assert.Equal(["train", "dev", "test"], about.RootElement.GetProperty("counts").EnumerateObject().Select(count => count.Name));
        JsonElement source = about.RootElement.GetProperty("sources")[0];
        Assert.Equal($"{server.Url}/wikiann/panx_dataset.zip", source.GetProperty("url").GetString());
        Assert.Equal(64, source.GetProperty("sha256").GetString()!.Length);

        // Another language needs no other download.
        await PrepareAsync(["en", "ka"], Source(server.Url));
        Assert.Single(server.Requests);
        Assert.Equal("ka", PanxCorpus.Load(_folder["out"], "ka").Language);
    }

    [Fact]
    public async Task The_publishers_archive_is_taken_from_the_users_disk_whatever_its_folders()
    {
        string archive = WriteArchive(Archive(folder: "Drive/panx/"));
        await PrepareAsync(["en", "ka"], Source(), archive);
        Assert.True(PreparedFolder.IsThere(_folder["out"], "en") && PreparedFolder.IsThere(_folder["out"], "ka"));
        Assert.Contains("holds no de.tar.gz",
            (await Assert.ThrowsAsync<ArchiveException>(() => PrepareAsync(["de"], Source(), archive))).Message);
        Assert.Contains("none.zip", (await Assert.ThrowsAsync<DownloadException>(
            () => PrepareAsync(["de"], Source(), _folder["none.zip"]))).Message);
    }

    [Fact]
    public async Task What_is_broken_evil_or_not_PAN_X_is_named_and_leaves_nothing()
    {
        await RefusedAsync("not a zip"u8.ToArray(), "not a whole .zip archive");
        await RefusedAsync(One("not a tar"u8.ToArray()), "en.tar.gz in ");
        await RefusedAsync(One(Language("en")[..60]), "not a whole .tar.gz archive");
        await RefusedAsync(One(TarGzipTests.Archive(TarGzipTests.FileEntry("train", "en:a\tO\n"u8.ToArray()))), "holds no dev");
        await RefusedAsync(One(TarGzipTests.Archive(TarGzipTests.FileEntry("../dev", [1]))), "holds no train");
        await RefusedAsync(One(TarGzipTests.Archive(new PaxTarEntry(TarEntryType.SymbolicLink, "dev") { LinkName = "/etc/passwd" })),
            "dev is a SymbolicLink, expected a plain file");
        await RefusedAsync(One(Language("en", "en:a\tO\nen:b\n")), "train:2: 1 column");
        await RefusedAsync(One(Language("en", "en:a\tB-DOG\n")), "tag 'B-DOG'");
        await RefusedAsync(One(Language("en", more: TarGzipTests.FileEntry("train", [1]))), "train is in it twice");

        static byte[] One(byte[] language) => ZipFilesTests.Archive(("en.tar.gz", language));

        async Task RefusedAsync(byte[] archive, string named)
        {
            string path = WriteArchive(archive);
            string message = (await Assert.ThrowsAnyAsync<IntraDistillException>(() => PrepareAsync(["en"], Source(), path))).Message;
            Assert.Contains(named, message);
            Assert.DoesNotContain('\n', message);
            Assert.Equal(["AmazonPhotos.zip"], _folder.Files);
        }
    }

    [Fact]
    public async Task The_script_itself_runs()
    {
        string said = await Repository.DataScriptAsync("panx.cs", "--languages", "EN, ka", "--archive", WriteArchive(Archive()),
            "--output", _folder["out"]);
        Assert.Contains("train 1, dev 1, test 1 sentences", said);
        Assert.True(PreparedFolder.IsThere(_folder["out"], "ka"));
    }

    [Theory]
    [InlineData("--languages: 'xx'", "--languages", "en,xx")]
    [InlineData("--mirror and --archive", "--mirror", "http://a", "--archive", "b")]
    [InlineData("--nonsense", "--nonsense")]
    public async Task Bad_arguments_are_said_and_end_with_2(string named, params string[] arguments)
    {
        var errors = new StringWriter();
        Assert.Equal(2, await PanxScript.RunAsync(arguments, Source(), errors));
        Assert.Contains(named, errors.ToString());
    }

    [Fact]
    public async Task An_error_is_one_line_and_names_other_ways()
    {
        var errors = new StringWriter();
        using var server = new LoopbackServer(request => request.SendAsync([], status: "404 Not Found"));
        Assert.Equal(1, await PanxScript.RunAsync(
            ["--languages", "en", "--mirror", server.Url, "--output", _folder["out"]], Source(), errors));
        Assert.Single(errors.ToString().TrimEnd().Split('\n'));
        Assert.Contains("--help names other ways", errors.ToString());
    }
}

using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using IntraDistill.DataScripts;

namespace IntraDistill.Tests.DataScripts;

public sealed class Multi30kTests : IDisposable
{
    private static readonly string[] s_names =
        ["train.de.gz", "train.en.gz", "val.de.gz", "val.en.gz", "test_2016_flickr.de.gz", "test_2016_flickr.en.gz"];
    private static readonly DownloadSettings s_settings = new() { Attempts = 2, FirstDelay = TimeSpan.FromMilliseconds(1) };
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static LoopbackServer Serving(Func<string, byte[]> file) =>
        new(request => request.SendAsync(file(request.Path[1..])));

    private static DataSource[] Table(LoopbackServer server) =>
        [.. s_names.Select(name => new DataSource(name, $"{server.Url}/{name}", null, null))];

    private static byte[] Compressed(string text)
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest))
            gzip.Write(System.Text.Encoding.UTF8.GetBytes(text));
        return bytes.ToArray();
    }

    [Fact]
    public async Task The_published_files_become_the_data_set()
    {
        string published = ReferenceData.Path("data/multi30k");
        using LoopbackServer server = Serving(name => File.ReadAllBytes(Path.Combine(published, name)));
        Assert.Equal(0, await Multi30k.RunAsync(["--output", _folder.Path, "--mirror", server.Url], Table(server)));

        Assert.Equal(["de-en/about.json", "de-en/test.de", "de-en/test.en", "de-en/train.de", "de-en/train.en", "de-en/valid.de",
            "de-en/valid.en"], _folder.Files.Where(file => !file.StartsWith("downloads/")));
        foreach (string name in s_names)
        {
            using var gzip = new GZipStream(File.OpenRead(Path.Combine(published, name)), CompressionMode.Decompress);
            using var expected = new MemoryStream();
            gzip.CopyTo(expected);
            string ours = name[..^3].Replace("val", "valid").Replace("_2016_flickr", "");
            Assert.Equal(expected.ToArray(), File.ReadAllBytes(_folder[$"de-en/{ours}"]));
        }
        using JsonDocument about = JsonDocument.Parse(File.ReadAllBytes(_folder["de-en/about.json"]));
        JsonElement root = about.RootElement;
        Assert.Equal(("multi30k", "de-en"), (root.GetProperty("dataset").GetString(), root.GetProperty("pair").GetString()));
        JsonElement counts = root.GetProperty("counts");
        Assert.Equal([29_000, 1_014, 1_000],
            ((string[])["train", "valid", "test"]).Select(part => counts.GetProperty(part).GetInt32()));
        JsonElement source = root.GetProperty("sources").EnumerateArray().First();
        byte[] first = File.ReadAllBytes(Path.Combine(published, "train.de.gz"));
        Assert.Equal($"{server.Url}/train.de.gz", source.GetProperty("url").GetString());
        Assert.Equal(first.Length, source.GetProperty("size").GetInt32());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(first)), source.GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task The_script_itself_knows_the_published_files()
    {
        // As a file-based app other defaults hold than for a project: this is not the same as calling the class.
        string published = ReferenceData.Path("data/multi30k");
        using LoopbackServer server = Serving(name => File.ReadAllBytes(Path.Combine(published, name)));
        string said = await Repository.DataScriptAsync("multi30k.cs", "--output", _folder.Path, "--mirror", server.Url);
        Assert.Contains("train 29,000, valid 1,014, test 1,000 sentence pairs", said);
        Assert.True(PreparedFolder.IsThere(_folder.Path, "de-en"));
    }

    [Fact]
    public async Task A_run_that_failed_leaves_no_data_set_and_the_next_one_completes()
    {
        bool good = false;
        using LoopbackServer server = Serving(name => name == "val.en.gz" && !good ? [] : Compressed("one\ntwo\n"));
        Task Run() => Multi30k.PrepareAsync(_folder.Path, null, Table(server), s_settings, Token);

        // An empty file is whole as a download, and no gzip file with as many lines as the other side.
        await Assert.ThrowsAnyAsync<IntraDistillException>(Run);
        Assert.All(_folder.Files, file => Assert.StartsWith("downloads/", file));
        good = true;
        File.Delete(_folder["downloads/val.en.gz"]);
        await Run();
        Assert.Equal("one\ntwo\n", File.ReadAllText(_folder["de-en/valid.en"]));
        Assert.Equal(s_names.Length + 1, server.Requests.Count);
        await Run();
        Assert.Equal(s_names.Length + 1, server.Requests.Count);
    }

    [Fact]
    public async Task Sides_of_different_length_are_an_error()
    {
        using LoopbackServer server = Serving(name => Compressed(name == "val.en.gz" ? "one\n" : "one\ntwo\n"));
        string message = (await Assert.ThrowsAnyAsync<IntraDistillException>(
            () => Multi30k.PrepareAsync(_folder.Path, null, Table(server), s_settings, Token))).Message;
        Assert.Equal("val: 2 source lines and 1 target lines, expected equally many", message);
    }

    [Fact]
    public async Task A_folder_without_about_json_is_unfinished_and_made_anew_unless_it_holds_something_else()
    {
        using LoopbackServer server = Serving(_ => Compressed("one\n"));
        Directory.CreateDirectory(_folder["de-en"]);
        File.WriteAllText(_folder["de-en/train.de"], "half");
        File.WriteAllText(_folder["de-en/notes"], "mine");
        Task Run() => Multi30k.PrepareAsync(_folder.Path, null, Table(server), s_settings, Token);
        await Assert.ThrowsAnyAsync<IntraDistillException>(Run);
        Assert.Equal("mine", File.ReadAllText(_folder["de-en/notes"]));
        File.Delete(_folder["de-en/notes"]);
        await Run();
        Assert.Equal("one\n", File.ReadAllText(_folder["de-en/train.de"]));
    }

    [Fact]
    public async Task Two_runs_at_once_do_not_meet()
    {
        using LoopbackServer server = Serving(_ => Compressed("one\n"));
        using (DataScript.Lock(_folder.Path))
            Assert.Contains("another run", (await Assert.ThrowsAnyAsync<IntraDistillException>(
                () => Multi30k.PrepareAsync(_folder.Path, null, Table(server), s_settings, Token))).Message);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("--nonsense")]
    [InlineData("--output")]
    public async Task Bad_arguments_are_said_and_end_with_2(params string[] arguments)
    {
        var errors = new StringWriter();
        Assert.Equal(2, await Multi30k.RunAsync(arguments, [], errors));
        Assert.StartsWith("error: ", errors.ToString());
    }

    [Fact]
    public async Task An_error_is_one_line_and_ends_with_1()
    {
        var errors = new StringWriter();
        using LoopbackServer server = new(request => request.SendAsync([], status: "404 Not Found"));
        Assert.Equal(1, await Multi30k.RunAsync(["--output", _folder.Path], Table(server), errors));
        Assert.Single(errors.ToString().TrimEnd().Split('\n'));
        Assert.Contains("404", errors.ToString());
    }
}

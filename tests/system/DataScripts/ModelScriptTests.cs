using System.Security.Cryptography;
using System.Text.Json;
using IntraDistill.DataScripts;
using IntraDistill.DataScripts.Models;

namespace IntraDistill.Tests.DataScripts;

public sealed class ModelScriptTests : IDisposable
{
    private const string Revision = "0123456789abcdef0123456789abcdef01234567";
    private static readonly DownloadSettings s_settings = new() { Attempts = 1 };
    private static readonly byte[] s_weights = RandomNumberGenerator.GetBytes(200_000), s_config = "{}"u8.ToArray();
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static ModelSource[] Table() =>
    [
        new("tiny", "someone/tiny", Revision, "MIT",
            [("config.json", null, null), ("model.safetensors", s_weights.Length, Sha256(s_weights))]),
        new("other", "someone/other", Revision, "MIT", [("config.json", s_config.Length, Sha256(s_config))]),
    ];

    private static LoopbackServer Good() => new(request =>
        request.SendAsync(request.Path.EndsWith("config.json") ? s_config : s_weights, "\"v1\""));

    private Task GetAsync(string? mirror, params string[] models) => ModelScript.GetAsync(
        new ModelRequest(models, _folder["cache"], mirror), Table(), s_settings, Token);

    [Fact]
    public void Files_come_from_the_Hub_at_their_revision() => Assert.Equal(
        [$"https://huggingface.co/someone/tiny/resolve/{Revision}/config.json",
            $"https://huggingface.co/someone/tiny/resolve/{Revision}/model.safetensors"],
        Table()[0].Sources.Select(source => source.Url));

    [Fact]
    public async Task A_checkpoint_is_fetched_once_and_its_cache_can_be_moved()
    {
        using LoopbackServer server = Good();
        await GetAsync(server.Url, "tiny", "other");
        Assert.Equal(["/tiny/config.json", "/tiny/model.safetensors", "/other/config.json"],
            server.Requests.Select(request => request.Path));
        Assert.Equal(["cache/other/about.json", "cache/other/config.json", "cache/tiny/about.json", "cache/tiny/config.json",
            "cache/tiny/model.safetensors"], _folder.Files);
        Assert.Equal(s_weights, File.ReadAllBytes(_folder["cache/tiny/model.safetensors"]));

        string about = File.ReadAllText(_folder["cache/tiny/about.json"]);
        Assert.DoesNotContain(_folder.Path, about);
        using JsonDocument document = JsonDocument.Parse(about);
        JsonElement root = document.RootElement;
        Assert.Equal(("tiny", "someone/tiny", Revision, "MIT"), (Text(root, "model"), Text(root, "repository"),
            Text(root, "revision"), Text(root, "license")));
        JsonElement config = root.GetProperty("sources")[0];
        Assert.Equal(("config.json", s_config.Length, Sha256(s_config)),
            (Text(config, "file"), config.GetProperty("size").GetInt32(), Text(config, "sha256")));

        Directory.Move(_folder["cache"], _folder["moved"]);
        await ModelScript.GetAsync(
            new ModelRequest(["tiny"], _folder["moved"], server.Url), Table(), s_settings, Token);
        Assert.Equal(3, server.Requests.Count);

        static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
    }

    [Fact]
    public async Task What_failed_is_unfinished_and_goes_on_where_it_stopped()
    {
        bool good = false;
        using var server = new LoopbackServer(request => request.Path.EndsWith("config.json") ? request.SendAsync(s_config)
            : request.Start is { } start ? request.SendAsync(s_weights[start..], "\"v1\"", null, "206 Partial Content",
                $"Content-Range: bytes {start}-{s_weights.Length - 1}/{s_weights.Length}")
            : request.SendAsync(s_weights, "\"v1\"", good ? null : 100_000));
        await Assert.ThrowsAsync<DownloadException>(() => GetAsync(server.Url, "tiny"));
        Assert.DoesNotContain("cache/tiny/model.safetensors", _folder.Files);
        Assert.False(PreparedFolder.IsThere(_folder["cache"], "tiny"));

        good = true;
        await GetAsync(server.Url, "tiny");
        Assert.Equal(["cache/tiny/about.json", "cache/tiny/config.json", "cache/tiny/model.safetensors"], _folder.Files);
        Assert.Equal(3, server.Requests.Count);
        Assert.True(server.Requests[2].Start > 0);
    }

    [Fact]
    public async Task Weights_with_another_checksum_are_not_kept()
    {
        byte[] corrupt = [.. s_weights];
        corrupt[5] ^= 1;
        using var server = new LoopbackServer(request =>
            request.SendAsync(request.Path.EndsWith("config.json") ? s_config : corrupt));
        string message = (await Assert.ThrowsAsync<DownloadException>(() => GetAsync(server.Url, "tiny"))).Message;
        Assert.Contains($"expected {Sha256(s_weights)}", message);
        Assert.Equal(["cache/tiny/config.json"], _folder.Files);
    }

    [Fact]
    public async Task Files_that_the_user_has_are_checked_and_taken()
    {
        Directory.CreateDirectory(_folder["cache/tiny"]);
        File.WriteAllBytes(_folder["cache/tiny/model.safetensors"], s_weights);
        File.WriteAllText(_folder["cache/tiny/notes"], "mine");
        using LoopbackServer server = Good();
        await GetAsync(server.Url, "tiny");
        Assert.Equal(["/tiny/config.json"], server.Requests.Select(request => request.Path));
        Assert.Equal("mine", File.ReadAllText(_folder["cache/tiny/notes"]));
        Assert.True(PreparedFolder.IsThere(_folder["cache"], "tiny"));

        Directory.CreateDirectory(_folder["cache/other"]);
        File.WriteAllText(_folder["cache/other/config.json"], "[]");
        Assert.Contains("delete it to fetch it again",
            (await Assert.ThrowsAsync<DownloadException>(() => GetAsync(server.Url, "other"))).Message);
        Assert.Equal("[]", File.ReadAllText(_folder["cache/other/config.json"]));
    }

    [Fact]
    public async Task A_cache_at_work_is_left_alone_but_what_it_holds_can_be_used()
    {
        using LoopbackServer server = Good();
        await GetAsync(server.Url, "other");
        using IDisposable held = DataScript.Lock(_folder["cache"]);
        await GetAsync(server.Url, "other");
        Assert.Contains("another run",
            (await Assert.ThrowsAnyAsync<IntraDistillException>(() => GetAsync(server.Url, "tiny"))).Message);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task The_script_itself_knows_the_papers_checkpoints()
    {
        string[] names =
            ["bert-base-uncased", "bert-base-multilingual-cased", "roberta-base", "xlm-roberta-base", "xlm-roberta-large"];
        foreach (string name in names)
        {
            Directory.CreateDirectory(_folder[name]);
            File.WriteAllText(_folder[$"{name}/about.json"], "{}");
        }
        string said = await Repository.DataScriptAsync("models.cs", "--models", "all", "--cache", _folder.Path);
        Assert.All(names, name => Assert.Contains($"{_folder[name]}: is there already", said));
    }

    [Theory]
    [InlineData("--models: 'gpt2'", "--models", "tiny,gpt2")]
    [InlineData("--models", "--models", "")]
    [InlineData("--cache", "--cache")]
    public async Task Bad_arguments_are_said_and_end_with_2(string named, params string[] arguments)
    {
        var errors = new StringWriter();
        Assert.Equal(2, await ModelScript.RunAsync(arguments, Table(), errors));
        Assert.StartsWith("error: ", errors.ToString());
        Assert.Contains(named, errors.ToString());
    }

    [Fact]
    public async Task The_first_checkpoint_is_meant_where_none_is_named()
    {
        using LoopbackServer server = Good();
        Assert.Equal(0, await ModelScript.RunAsync(["--cache", _folder["cache"], "--mirror", server.Url + "/"], Table()));
        Assert.True(PreparedFolder.IsThere(_folder["cache"], "tiny"));
        Assert.False(Directory.Exists(_folder["cache/other"]));
    }
}

using System.Text;
using System.Text.Json;
using IntraDistill.Tasks;
using IntraDistill.DataScripts;

namespace IntraDistill.Tests.DataScripts;

public sealed class TydiqaScriptTests : IDisposable
{
    private const string TrainName = "tydiqa-goldp-v1.1-train.json", DevName = "tydiqa-goldp-v1.1-dev.tgz",
        DevFolder = "tydiqa-goldp-v1.1-dev";

    private static readonly Dictionary<string, int> s_published = TydiqaCorpus.Languages
        .Select(language => ($"{language}.dev", 1)).Prepend(("en.train", 2)).ToDictionary();

    private static readonly DownloadSettings s_settings = new() { Attempts = 1 };
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static byte[] Questions(params string[] ids) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        version = "1.1",
        data = ids.Select(id => new { paragraphs = new[] { new { context = $"🦊 {id} é", qas = new[] { new
        {
            id, question = "Who?", answers = new[] { new { text = id, answer_start = 2 } },
        } } } } }),
    });

    private static byte[] Dev(params string[] languages) => TarGzipTests.Archive([.. languages.Select(language =>
        TarGzipTests.FileEntry($"{DevFolder}/tydiqa-goldp-dev-{TydiqaCorpus.NameOf(language)}.json", Questions(language)))]);

    private static DataSource[] Table(string url) =>
        [new(TrainName, $"{url}/v1.1/{TrainName}", null, null), new(DevName, $"{url}/v1.1/{DevName}", null, null)];

    private static LoopbackServer Serve(byte[]? train = null, byte[]? dev = null) => new(request => request.SendAsync(
        request.Path.EndsWith(DevName) ? dev ?? Dev([.. TydiqaCorpus.Languages])
        : train ?? Questions("arabic-1", "english-2", "english--3")));

    private Task PrepareAsync(string url, IReadOnlyDictionary<string, int>? published = null) =>
        Tydiqa.PrepareAsync(_folder["out"], null, Table(url), published ?? s_published, s_settings, Token);

    [Fact]
    public async Task The_set_is_fetched_sorted_out_checked_and_not_fetched_again()
    {
        using LoopbackServer server = Serve();
        await PrepareAsync(server.Url);
        Assert.Equal([$"/v1.1/{TrainName}", $"/v1.1/{DevName}"], server.Requests.Select(request => request.Path));
        Assert.Equal([.. TydiqaCorpus.Languages.Select(language => $"out/goldp/tydiqa.goldp.{language}.dev.json")
            .Concat(["out/goldp/about.json", "out/goldp/tydiqa.goldp.en.train.json"]).Order(StringComparer.Ordinal)],
            _folder.Files.Where(file => file.StartsWith("out/goldp/")).Order(StringComparer.Ordinal));
        TydiqaCorpus corpus = TydiqaCorpus.Load(_folder["out/goldp"]);
        // The fox is one character and two units.
        Assert.Equal([("english-2", 3), ("english--3", 3)], corpus.Train.Select(one => (one.Id, one.Answers[0].Start)));
        Assert.All(TydiqaCorpus.Languages, language => Assert.Equal(language, corpus.Dev[language].Single().Id));

        using JsonDocument about = JsonDocument.Parse(File.ReadAllBytes(_folder["out/goldp/about.json"]));
        Assert.Equal("tydiqa", about.RootElement.GetProperty("dataset").GetString());
        Assert.Equal(10, about.RootElement.GetProperty("counts").EnumerateObject().Count());
        Assert.Equal(2, about.RootElement.GetProperty("sources").GetArrayLength());

        await PrepareAsync(server.Url);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task The_real_questions_come_out_as_they_went_in()
    {
        string from = ReferenceData.Path("data/tydiqa-goldp");
        byte[] dev = TarGzipTests.Archive([.. TydiqaCorpus.Languages.Select(language => TarGzipTests.FileEntry(
            $"{DevFolder}/tydiqa-goldp-dev-{TydiqaCorpus.NameOf(language)}.json",
            File.ReadAllBytes(Path.Combine(from, $"{TydiqaCorpus.NameOf(language)}_tydiqa_dev.json"))))]);
        using LoopbackServer server = Serve(File.ReadAllBytes(Path.Combine(from, "english_tydiqa_train.json")), dev);
        TydiqaCorpus expected = TydiqaCorpus.Load(RealFolders.Tydiqa(_folder["real"]));
        await PrepareAsync(server.Url, expected.Dev.Select(part => ($"{part.Key}.dev", part.Value.Count))
            .Prepend(("en.train", expected.Train.Count)).ToDictionary());
        Assert.Equal(expected.ForTransfer().Fingerprint, TydiqaCorpus.Load(_folder["out/goldp"]).ForTransfer().Fingerprint);
    }

    [Fact]
    public async Task What_is_not_as_published_is_named_and_leaves_nothing()
    {
        Assert.Contains("tydiqa.goldp.en.train.json: 1 questions, expected 2", await FailsAsync(Questions("english-1"), null));
        Assert.Contains("tydiqa.goldp.en.train.json: no question in it", await FailsAsync(Questions("arabic-1"), null));
        Assert.Contains($"{TrainName}:1: not JSON", await FailsAsync("oops"u8.ToArray(), null));
        Assert.Contains("question english-1: the answer 'x' does not stand", await FailsAsync(Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(Questions("english-1")).Replace("\"text\":\"english-1\"", "\"text\":\"x\"")), null));
        Assert.Contains($"{DevName}: holds no {DevFolder}/tydiqa-goldp-dev-telugu.json",
            await FailsAsync(null, Dev([.. TydiqaCorpus.Languages.SkipLast(1)])));
        Assert.Contains($"{DevName}: ", await FailsAsync(null, "no archive"u8.ToArray()));
        Assert.Contains("holds no", await FailsAsync(null, TarGzipTests.Archive(
            TarGzipTests.FileEntry($"{DevFolder}/../../evil", [1]))));

        async Task<string> FailsAsync(byte[]? train, byte[]? dev)
        {
            using LoopbackServer server = Serve(train, dev);
            string message = (await Assert.ThrowsAnyAsync<IntraDistillException>(() => PrepareAsync(server.Url))).Message;
            Assert.DoesNotContain('\n', message);
            Assert.All(_folder.Files, file => Assert.StartsWith("out/downloads/", file));
            Directory.Delete(_folder["out"], recursive: true);
            return message;
        }
    }

    [Fact]
    public async Task An_error_is_one_line_and_bad_arguments_end_with_2()
    {
        var errors = new StringWriter();
        using var server = new LoopbackServer(request => request.SendAsync([], status: "404 Not Found"));
        Assert.Equal(1, await Tydiqa.RunAsync(
            ["--mirror", server.Url, "--output", _folder["out"]], Table("http://127.0.0.1:1"), s_published, errors));
        Assert.Equal([$"/{TrainName}"], server.Requests.Select(request => request.Path));
        Assert.Single(errors.ToString().TrimEnd().Split('\n'));
        Assert.Contains("404", errors.ToString());
        Assert.Equal(2, await Tydiqa.RunAsync(["--nonsense"], Table("http://127.0.0.1:1"), s_published, errors));
    }

    [Fact]
    public async Task The_script_itself_runs() =>
        Assert.Contains("TyDiQA-GoldP", await Repository.DataScriptAsync("tydiqa.cs", "--help"));
}

using System.Text;
using System.Text.Json;
using IntraDistill.Tasks;
using IntraDistill.DataScripts;
using IntraDistill.DataScripts.Glue;

namespace IntraDistill.Tests.DataScripts;

public sealed class GlueScriptTests : IDisposable
{
    private static readonly DownloadSettings s_settings = new() { Attempts = 1 };
    private static readonly GlueTask s_sst2 = GlueTask.Sst2 with
    {
        Train = new("train", 2), Dev = [new("dev", 1)], Test = [new("test", 1)],
    };
    private static readonly GlueTask s_mnli = GlueTask.Mnli with
    {
        Train = new("train", 1), Dev = [new("dev_matched", 1), new("dev_mismatched", 1)],
        Test = [new("test_matched", 1), new("test_mismatched", 1)],
    };
    private static readonly string[] s_mrpcNames = [MrpcFiles.TrainName, MrpcFiles.TestName, MrpcFiles.DevIdsName];
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static (string, byte[]) Text(string path, string text) => (path, Encoding.UTF8.GetBytes(text));

    private static byte[] Sst2Archive(string train = "sentence\tlabel\na \t1\nb\t0\n") => ZipFilesTests.Archive(
        ("SST-2/", []), Text("SST-2/train.tsv", train), Text("SST-2/dev.tsv", "sentence\tlabel\n\"c\t0\n"),
        Text("SST-2/test.tsv", "index\tsentence\n0\td\n"), Text("SST-2/original/README.txt", "r"), Text("__MACOSX/._SST-2", "x"));

    private static byte[] MnliArchive()
    {
        const string Texts = "index\tsentence1\tsentence2";
        return ZipFilesTests.Archive([.. s_mnli.Dev.Prepend(s_mnli.Train).Select(part =>
                Text($"MNLI/{part.Name}.tsv", $"{Texts}\tgold_label\n0\ta\tb\tneutral\n")),
            .. s_mnli.Test.Select(part => Text($"MNLI/{part.Name}.tsv", $"{Texts}\n0\tc\td\n"))]);
    }

    private static GlueSource[] Table(string url = "http://127.0.0.1:1", GlueTask? mrpc = null) =>
    [
        new(s_sst2, [new DataSource("SST-2.zip", $"{url}/glue/SST-2.zip", null, null)]),
        new(s_mnli, [new DataSource("MNLI.zip", $"{url}/glue/MNLI.zip", null, null)]),
        new(mrpc ?? GlueTask.Mrpc, [.. s_mrpcNames.Select(name => new DataSource(name, $"{url}/senteval/{name}", null, null))]),
    ];

    private Task PrepareAsync(string[] tasks, GlueSource[] table, string? archive = null) => GlueScript.PrepareAsync(
        new GlueRequest(tasks, _folder["out"], null, archive), table, s_settings, Token);

    private async Task<string> FailsAsync(string[] tasks, GlueSource[] table, string? archive = null)
    {
        string message = (await Assert.ThrowsAnyAsync<IntraDistillException>(() => PrepareAsync(tasks, table, archive))).Message;
        Assert.DoesNotContain('\n', message);
        Assert.All(_folder.Files, file => Assert.False(file.StartsWith("out/") && !file.StartsWith("out/downloads/"), file));
        return message;
    }

    private string WriteArchive(byte[] content)
    {
        File.WriteAllBytes(_folder["mine.zip"], content);
        return _folder["mine.zip"];
    }

    [Fact]
    public async Task Tasks_are_fetched_unpacked_checked_and_not_fetched_again()
    {
        using var server = new LoopbackServer(request =>
            request.SendAsync(request.Path.EndsWith("MNLI.zip") ? MnliArchive() : Sst2Archive()));
        await PrepareAsync(["SST-2", "MNLI"], Table(server.Url));
        Assert.Equal(["/glue/SST-2.zip", "/glue/MNLI.zip"], server.Requests.Select(request => request.Path));
        Assert.Equal(["out/SST-2/about.json", "out/SST-2/dev.tsv", "out/SST-2/test.tsv", "out/SST-2/train.tsv"],
            _folder.Files.Where(file => file.StartsWith("out/SST-2/")));
        GlueCorpus sst2 = GlueCorpus.Load(_folder["out"], GlueTask.Sst2), mnli = GlueCorpus.Load(_folder["out"], GlueTask.Mnli);
        Assert.Equal(["a ", "b", "\"c", "d"], sst2.Train.Concat(sst2.Dev).Concat(sst2.Test).Select(text => text.Text));
        Assert.Equal((1, 1, 1), (mnli.Train.Count, mnli.DevMismatched.Count, mnli.TestMismatched.Count));

        using JsonDocument about = JsonDocument.Parse(File.ReadAllBytes(_folder["out/MNLI/about.json"]));
        Assert.Equal(("glue", "MNLI"), (about.RootElement.GetProperty("dataset").GetString(),
            about.RootElement.GetProperty("task").GetString()));
        Assert.Equal(["train", "dev_matched", "dev_mismatched", "test_matched", "test_mismatched"],
            about.RootElement.GetProperty("counts").EnumerateObject().Select(count => count.Name));
        Assert.Equal($"{server.Url}/glue/MNLI.zip",
            about.RootElement.GetProperty("sources")[0].GetProperty("url").GetString());

        await PrepareAsync(["SST-2", "MNLI"], Table(server.Url));
        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData("CoLA")]
    [InlineData("STS-B")]
    [InlineData("RTE")]
    public async Task The_real_files_come_out_as_they_went_in(string name)
    {
        GlueTask task = GlueTask.Find(name);
        string[] files = ["train.tsv", "dev.tsv", "test.tsv"];
        string from = ReferenceData.Path($"data/glue/{name}");
        string archive = WriteArchive(ZipFilesTests.Archive(
            [.. files.Select(file => ($"{name}/{file}", File.ReadAllBytes(Path.Combine(from, file))))]));
        await PrepareAsync([name], [new(task, [new DataSource("a.zip", "http://127.0.0.1:1/a.zip", null, null)])], archive);
        foreach (string file in files)
            Assert.Equal(File.ReadAllBytes(Path.Combine(from, file)), File.ReadAllBytes(_folder[$"out/{name}/{file}"]));
        Assert.Equal(task.Train.Rows, GlueCorpus.Load(_folder["out"], task).Train.Count);
    }

    [Fact]
    public async Task MRPC_is_made_of_the_published_files_by_the_script_itself()
    {
        string published = ReferenceData.Path("data/glue/MRPC");
        using var server = new LoopbackServer(request => request.SendAsync(File.ReadAllBytes(
            Path.Combine(published, request.Path == $"/{MrpcFiles.DevIdsName}" ? "dev_ids.tsv" : request.Path[1..]))));
        // The script's own table holds the files to the published sizes and checksums.
        string said = await Repository.DataScriptAsync(
            "glue.cs", "--tasks", "mrpc", "--mirror", server.Url, "--output", _folder["out"]);
        Assert.Contains("train 3,668, dev 408, test 1,725 rows", said);
        foreach (string file in new[] { "dev.tsv", "test.tsv" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(published, file)), File.ReadAllBytes(_folder[$"out/MRPC/{file}"]));
        // The copy of train.tsv lacks one pair that the corpus has.
        Assert.Single(File.ReadLines(_folder["out/MRPC/train.tsv"]).Except(File.ReadLines(Path.Combine(published, "train.tsv"))));
        Assert.Equal(3_668, GlueCorpus.Load(_folder["out"], GlueTask.Mrpc).Train.Count);
    }

    [Theory]
    [InlineData(MrpcFiles.TrainName, "Quality\t#1 ID\n", "msr_paraphrase_train.txt:1: 2 columns, expected 5")]
    [InlineData(MrpcFiles.TrainName, "q\ti\tj\ts\tt\n1\t1\t2\ta\tb\n0\t3\n", "msr_paraphrase_train.txt:3: 2 columns, expected 5")]
    [InlineData(MrpcFiles.TestName, "q\ti\tj\ts\tt\n", "msr_paraphrase_test.txt:1: no row, expected pairs")]
    [InlineData(MrpcFiles.DevIdsName, "7\t8\n", "no row of MRPC")]
    public async Task A_bad_file_of_MRPC_is_named(string name, string content, string message)
    {
        const string Header = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n";
        using var server = new LoopbackServer(request => request.SendAsync(Encoding.UTF8.GetBytes(
            request.Path.EndsWith(name) ? content
            : request.Path.EndsWith(MrpcFiles.DevIdsName) ? "1\t2\n" : Header + "1\t1\t2\ta\tb\n0\t3\t4\tc\td\n")));
        GlueTask small = GlueTask.Mrpc with { Train = new("train"), Dev = [new("dev")], Test = [new("test")] };
        Assert.Contains(message, await FailsAsync(["MRPC"], Table(server.Url, small)));
    }

    [Fact]
    public async Task An_archive_of_ones_own_serves_every_task_in_it()
    {
        string archive = WriteArchive(Sst2Archive());
        Assert.Contains("mine.zip: holds no MNLI/train.tsv", (await Assert.ThrowsAsync<ArchiveException>(
            () => PrepareAsync(["SST-2", "MNLI"], Table(), archive))).Message);
        Assert.True(PreparedFolder.IsThere(_folder["out"], "SST-2"));
        Assert.False(Directory.Exists(_folder["out/MNLI"]));
        Assert.Contains("none.zip", (await Assert.ThrowsAsync<DownloadException>(
            () => PrepareAsync(["MNLI"], Table(), _folder["none.zip"]))).Message);
    }

    [Theory]
    [InlineData("sentence\tlabel\na\t1\n", "SST-2/train.tsv: 1 rows, expected 2 as published")]
    [InlineData("sentence\tlabel\na\t1\nb\t7\n", "train.tsv:3: label '7'")]
    [InlineData("", "train.tsv:1: no row of SST-2")]
    public async Task Rows_that_are_missing_or_wrong_are_found_before_the_task_is_there(string train, string message)
    {
        using var server = new LoopbackServer(request => request.SendAsync(Sst2Archive(train)));
        Assert.Contains(message, await FailsAsync(["SST-2"], Table(server.Url)));
    }

    [Fact]
    public async Task A_file_that_is_no_archive_leaves_nothing_and_an_evil_one_too()
    {
        using var server = new LoopbackServer(request => request.SendAsync(
            request.Path.EndsWith("MNLI.zip") ? ZipFilesTests.Archive(("MNLI/../../evil", [1])) : "not a zip"u8.ToArray()));
        Assert.Contains("SST-2.zip: not a whole .zip archive", await FailsAsync(["SST-2"], Table(server.Url)));
        Assert.Contains("holds no MNLI/train.tsv", await FailsAsync(["MNLI"], Table(server.Url)));
        Assert.DoesNotContain(_folder.Files, file => file.Contains("evil"));
    }

    [Theory]
    [InlineData("--tasks: 'WNLI'", "--tasks", "CoLA,WNLI")]
    [InlineData("--tasks", "--tasks", ",")]
    [InlineData("--mirror and --archive", "--mirror", "http://a", "--archive", "b")]
    [InlineData("--nonsense", "--nonsense")]
    public async Task Bad_arguments_are_said_and_end_with_2(string named, params string[] arguments)
    {
        var errors = new StringWriter();
        Assert.Equal(2, await GlueScript.RunAsync(arguments, Table(), errors));
        Assert.StartsWith("error: ", errors.ToString());
        Assert.Contains(named, errors.ToString());
    }

    [Fact]
    public async Task Names_are_taken_in_any_case_and_an_error_is_one_line()
    {
        var errors = new StringWriter();
        using var server = new LoopbackServer(request => request.SendAsync([], status: "404 Not Found"));
        Assert.Equal(1, await GlueScript.RunAsync(
            ["--tasks", "sst-2, mnli", "--mirror", server.Url, "--output", _folder["out"]], Table(), errors));
        Assert.Equal(["/SST-2.zip"], server.Requests.Select(request => request.Path));
        Assert.Single(errors.ToString().TrimEnd().Split('\n'));
        Assert.Contains("404", errors.ToString());
    }
}

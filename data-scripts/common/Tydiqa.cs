using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using IntraDistill.Tasks;

namespace IntraDistill.DataScripts;

/// <summary>
/// TyDiQA-GoldP (Clark et al. 2020) for zero-shot transfer: English to train on, the development sets of nine languages to score.
/// </summary>
public static class Tydiqa
{
    private const string Name = "goldp", TrainName = "tydiqa-goldp-v1.1-train.json", DevName = "tydiqa-goldp-v1.1-dev.tgz",
        DevFolder = "tydiqa-goldp-v1.1-dev";

    // 5.6 MB of questions, which JSON's escapes make larger.
    private static readonly ArchiveLimits s_limits = new(256 << 20, 100);
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The command line: <c>[--output DIR] [--mirror URL]</c>.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="sources">The source table: the training set of all languages, and the archive of the development
    /// sets.</param>
    /// <param name="published">How many questions each part has: <c>en.train</c>, <c>en.dev</c>, <c>ar.dev</c> ….</param>
    /// <param name="errors">Where errors go; null is the console.</param>
    public static Task<int> RunAsync(string[] arguments, IReadOnlyList<DataSource> sources,
        IReadOnlyDictionary<string, int> published, TextWriter? errors = null)
    {
        Option<string> output = DataScript.Output("data/tydiqa");
        Option<string?> mirror = DataScript.Mirror();
        var command = new RootCommand("Gets TyDiQA-GoldP: English to train on, nine languages to score.") { output, mirror };
        return DataScript.RunAsync(command, arguments, (parsed, cancellation) => PrepareAsync(parsed.GetValue(output)!,
            parsed.GetValue(mirror), sources, published, new DownloadSettings(), cancellation), errors);
    }

    /// <summary>Downloads what is not there yet and makes <c>OUTPUT/goldp</c>.</summary>
    public static async Task PrepareAsync(string output, string? mirror, IReadOnlyList<DataSource> sources,
        IReadOnlyDictionary<string, int> published, DownloadSettings settings, CancellationToken cancellation)
    {
        var progress = new DownloadProgress();
        if (PreparedFolder.IsThere(output, Name))
        {
            progress.Say($"{Path.Combine(output, Name)}: is there already; delete it to make it anew");
            return;
        }
        using IDisposable only = DataScript.Lock(output);
        using var downloader = new Downloader(settings, progress);
        var files = new List<ObtainedFile>();
        foreach (DataSource source in sources)
            files.Add(await downloader.GetAsync(source, Path.Combine(output, "downloads"), mirror, cancellation));

        using var folder = new PreparedFolder(output, Name, "version", "questions");
        progress.Say("taking the English questions and checking every answer");
        WriteTrain(PathOf(TrainName), Path.Combine(folder.Path, "tydiqa.goldp.en.train.json"));
        WriteDev(PathOf(DevName), folder, cancellation);
        foreach ((string part, int questions) in published)
        {
            cancellation.ThrowIfCancellationRequested();
            int found = SquadFile.Read(Path.Combine(folder.Path, $"tydiqa.goldp.{part}.json")).Count;
            if (found != questions)
                throw new IntraDistillException(
                    $"tydiqa.goldp.{part}.json: {found} questions, expected {questions} as published");
            folder.Count(part, found);
        }
        folder.Finish("tydiqa", files,
        [
            $"of {TrainName} the questions whose id begins with english", $"{DevName} unpacked, its files named as XTREME does",
            "every question read; every answer stands at its place; as many as are published",
        ], cancellation);
        progress.Say(folder.ToString());

        string PathOf(string name) => files.Single(file => Path.GetFileName(file.Path) == name).Path;
    }

    /// <summary>A paragraph a question, as XTREME writes it, but with whole ids, which are unique.</summary>
    private static void WriteTrain(string from, string to)
    {
        using FileStream stream = File.Create(to);
        using Utf8JsonWriter json = new(stream, s_json);
        json.WriteStartObject();
        json.WriteStartArray("data");
        foreach (QuestionExample question in SquadFile.Read(from))
        {
            if (!question.Id.StartsWith("english-", StringComparison.Ordinal))
                continue;
            json.WriteStartObject();
            json.WriteStartArray("paragraphs");
            json.WriteStartObject();
            json.WriteString("context", question.Context);
            json.WriteStartArray("qas");
            json.WriteStartObject();
            json.WriteString("id", question.Id);
            json.WriteString("question", question.Question);
            json.WriteStartArray("answers");
            foreach (AnswerSpan answer in question.Answers)
            {
                json.WriteStartObject();
                json.WriteString("text", answer.Text);
                // The form counts characters.
                json.WriteNumber("answer_start", question.Context[..answer.Start].EnumerateRunes().Count());
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDev(string archive, PreparedFolder folder, CancellationToken cancellation)
    {
        Dictionary<string, string> wanted = TydiqaCorpus.Languages.ToDictionary(
            language => $"{DevFolder}/tydiqa-goldp-dev-{TydiqaCorpus.NameOf(language)}.json",
            language => $"tydiqa.goldp.{language}.dev.json");
        IReadOnlyList<string> found;
        using (FileStream stream = File.OpenRead(archive))
            found = TarGzip.Extract(stream, archive, folder.Path, wanted.ContainsKey, s_limits, cancellation);
        if (wanted.Keys.Except(found).FirstOrDefault() is { } missing)
            throw new ArchiveException($"{archive}: holds no {missing}");
        foreach ((string path, string name) in wanted)
            File.Move(Path.Combine(folder.Path, path), Path.Combine(folder.Path, name));
        folder.Discard(DevFolder);
    }
}

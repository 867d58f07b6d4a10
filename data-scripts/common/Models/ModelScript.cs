using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntraDistill.DataScripts.Models;

/// <summary>A row of the source table: a checkpoint of the Hugging Face Hub at one revision.</summary>
/// <param name="Name">Its name, which is also the name of its folder.</param>
/// <param name="Repository">Its repository on the Hub, such as <c>google-bert/bert-base-uncased</c>.</param>
/// <param name="Revision">The commit of the repository.</param>
/// <param name="License">Its licence, as the repository states it.</param>
/// <param name="Files">Name, size and SHA-256 of its files; the last two null where they are not known beforehand.</param>
public sealed record ModelSource(
    string Name, string Repository, string Revision, string License,
    IReadOnlyList<(string Name, long? Size, string? Sha256)> Files)
{
    /// <summary>The files with their addresses on the Hub.</summary>
    public IEnumerable<DataSource> Sources => Files.Select(file => new DataSource(
        file.Name, $"https://huggingface.co/{Repository}/resolve/{Revision}/{file.Name}", file.Size, file.Sha256));
}

/// <summary>What a run is asked for.</summary>
/// <param name="Models">The names of the checkpoints.</param>
/// <param name="Cache">The folder that holds a folder for each.</param>
/// <param name="Mirror">The address of a folder with the same folders, or null.</param>
public sealed record ModelRequest(IReadOnlyList<string> Models, string Cache, string? Mirror);

/// <summary>
/// Gets pretrained checkpoints into a cache: <c>CACHE/NAME</c> with the files as the Hub has them and <c>about.json</c>, last of
/// all. Nothing in a folder names the place where it lies, so a cache can be moved, copied and shared.
/// </summary>
public static class ModelScript
{
    private const string AboutName = "about.json";
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    /// <summary>The command line: <c>[--models LIST|all] [--cache DIR] [--mirror URL]</c>.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="sources">The source table.</param>
    /// <param name="errors">Where errors go; null is the console.</param>
    public static Task<int> RunAsync(string[] arguments, IReadOnlyList<ModelSource> sources, TextWriter? errors = null)
    {
        string[] known = [.. sources.Select(source => source.Name)];
        Option<string> models = DataScript.Names("--models", known, known[0]);
        var cache = new Option<string>("--cache")
        {
            Description = "The folder for the checkpoints, each in a folder of its name; may be shared and moved.",
            HelpName = "DIR", DefaultValueFactory = _ => "data/models",
        };
        var mirror = new Option<string?>("--mirror")
        {
            Description = "Fetch NAME/FILE from below this address, such as a cache that a web server shows, instead of from the "
                + "Hub.",
            HelpName = "URL",
        };
        var command = new RootCommand("Gets pretrained checkpoints from the Hugging Face Hub.") { models, cache, mirror };
        return DataScript.RunAsync(command, arguments, (parsed, cancellation) => GetAsync(
            new ModelRequest(DataScript.Asked(parsed.GetValue(models)!, known), parsed.GetValue(cache)!, parsed.GetValue(mirror)),
            sources, new DownloadSettings(), cancellation), errors);
    }

    /// <summary>Gets what is not there yet.</summary>
    public static async Task GetAsync(ModelRequest request, IReadOnlyList<ModelSource> sources, DownloadSettings settings,
        CancellationToken cancellation)
    {
        var progress = new DownloadProgress();
        ModelSource[] asked = [.. sources.Where(source => request.Models.Contains(source.Name))];
        // Looked at before the lock: whoever only uses a shared cache need not be able to write to it.
        foreach (ModelSource there in asked.Where(source => PreparedFolder.IsThere(request.Cache, source.Name)))
            progress.Say($"{Path.Combine(request.Cache, there.Name)}: is there already; delete it to get it anew");
        ModelSource[] wanted = [.. asked.Where(source => !PreparedFolder.IsThere(request.Cache, source.Name))];
        if (wanted.Length == 0)
            return;
        using IDisposable only = DataScript.Lock(request.Cache);
        using var downloader = new Downloader(settings, progress);
        foreach (ModelSource model in wanted)
        {
            // Straight into its place: gigabytes are neither fetched twice nor copied, and files that the user has are taken.
            // Each file takes its name when it is whole, and without about.json the folder is unfinished.
            string folder = Path.Combine(request.Cache, model.Name);
            string? mirror = request.Mirror is null ? null : $"{request.Mirror.TrimEnd('/')}/{model.Name}";
            var files = new List<ObtainedFile>();
            foreach (DataSource file in model.Sources)
                files.Add(await downloader.GetAsync(file, folder, mirror, cancellation));
            Finish(model, files, folder);
            progress.Say($"{folder}: {files.Count} files, {files.Sum(file => file.Size):N0} bytes");
        }
    }

    private static void Finish(ModelSource model, List<ObtainedFile> files, string folder)
    {
        var about = new JsonObject
        {
            ["model"] = model.Name,
            ["repository"] = model.Repository,
            ["revision"] = model.Revision,
            ["license"] = model.License,
            ["sources"] = new JsonArray([.. files.Select(file => (JsonNode)new JsonObject
            {
                ["url"] = file.Url, ["file"] = Path.GetFileName(file.Path), ["size"] = file.Size, ["sha256"] = file.Sha256,
            })]),
            ["toolVersion"] = typeof(ModelScript).Assembly.GetName().Version!.ToString(3),
        };
        try
        {
            string path = Path.Combine(folder, AboutName);
            File.WriteAllText(path + ".tmp", about.ToJsonString(s_json) + "\n");
            File.Move(path + ".tmp", path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IntraDistillException($"{folder}: cannot be written: {e.Message}", e);
        }
    }
}

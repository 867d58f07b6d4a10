using System.CommandLine;
using IntraDistill.Tasks;

namespace IntraDistill.DataScripts.Glue;

/// <summary>A row of the source table: a task, and the files that it is made of.</summary>
/// <param name="Task">The task.</param>
/// <param name="Files">One zip archive with <c>TASK/train.tsv</c> …, or the files that <see cref="MrpcFiles"/> names.</param>
public sealed record GlueSource(GlueTask Task, IReadOnlyList<DataSource> Files);

/// <summary>What a run is asked for.</summary>
/// <param name="Tasks">The names of the tasks.</param>
/// <param name="Output">The data set's folder.</param>
/// <param name="Mirror">The address of a folder with the same files, or null.</param>
/// <param name="Archive">A zip archive that the user has, or null.</param>
public sealed record GlueRequest(IReadOnlyList<string> Tasks, string Output, string? Mirror, string? Archive);

/// <summary>GLUE (Wang et al. 2019): gets the original files of its tasks and checks that all their rows are there.</summary>
public static class GlueScript
{
    // MNLI's archive, the largest, has 313 MB.
    private static readonly ArchiveLimits s_limits = new(4L << 30, 1_000);

    /// <summary>The command line: <c>[--tasks LIST|all] [--output DIR] [--mirror URL | --archive FILE]</c>.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="sources">The source table.</param>
    /// <param name="errors">Where errors go; null is the console.</param>
    public static Task<int> RunAsync(string[] arguments, IReadOnlyList<GlueSource> sources, TextWriter? errors = null)
    {
        string[] known = [.. sources.Select(source => source.Task.Name)];
        Option<string> tasks = DataScript.Names("--tasks", known, "all");
        Option<string> output = DataScript.Output("data/glue");
        Option<string?> mirror = DataScript.Mirror();
        var archive = new Option<string?>("--archive")
        {
            Description = "Take TASK/train.tsv, dev.tsv and test.tsv of each task from this zip archive instead of fetching any.",
            HelpName = "FILE",
        };
        var command = new RootCommand("Gets the tasks of the GLUE benchmark.") { tasks, output, mirror, archive };
        command.Validators.Add(result =>
        {
            if (result.GetResult(mirror) is not null && result.GetResult(archive) is not null)
                result.AddError("--mirror and --archive: expected one of them");
        });
        return DataScript.RunAsync(command, arguments, (parsed, cancellation) => PrepareAsync(
            new GlueRequest(DataScript.Asked(parsed.GetValue(tasks)!, known), parsed.GetValue(output)!, parsed.GetValue(mirror),
                parsed.GetValue(archive)), sources, new DownloadSettings(), cancellation), errors);
    }

    /// <summary>Gets what is not there yet and makes <c>OUTPUT/TASK</c> for each task.</summary>
    public static async Task PrepareAsync(GlueRequest request, IReadOnlyList<GlueSource> sources, DownloadSettings settings,
        CancellationToken cancellation)
    {
        var progress = new DownloadProgress();
        GlueSource[] asked = [.. sources.Where(source => request.Tasks.Contains(source.Task.Name))];
        foreach (GlueSource there in asked.Where(source => PreparedFolder.IsThere(request.Output, source.Task.Name)))
            progress.Say($"{Path.Combine(request.Output, there.Task.Name)}: is there already; delete it to make it anew");
        GlueSource[] wanted = [.. asked.Where(source => !PreparedFolder.IsThere(request.Output, source.Task.Name))];
        if (wanted.Length == 0)
            return;
        using IDisposable only = DataScript.Lock(request.Output);
        using var downloader = new Downloader(settings, progress);
        ObtainedFile? archive = request.Archive is null ? null
            : await FileCheck.ReadAsync(null, request.Archive, null, cancellation);
        foreach (GlueSource source in wanted)
        {
            var files = new List<ObtainedFile>();
            if (archive is not null)
                files.Add(archive);
            else
                foreach (DataSource file in source.Files)
                    files.Add(await downloader.GetAsync(
                        file, Path.Combine(request.Output, "downloads"), request.Mirror, cancellation));
            Prepare(source.Task, files, request.Output, progress, cancellation);
        }
    }

    private static void Prepare(
        GlueTask task, List<ObtainedFile> files, string output, DownloadProgress progress, CancellationToken cancellation)
    {
        using var folder = new PreparedFolder(output, task.Name, "task", "rows");
        string step;
        if (files.Count == 1)
        {
            progress.Say($"unpacking {task.Name} from {files[0].Path}");
            Unpack(task, files[0].Path, folder, cancellation);
            step = "unpacked, nothing changed";
        }
        else
            step = MrpcFiles.Write(folder, files);
        foreach ((GluePart part, bool labelled) in
            task.Dev.Prepend(task.Train).Select(part => (part, true)).Concat(task.Test.Select(part => (part, false))))
        {
            cancellation.ThrowIfCancellationRequested();
            folder.Count(part.Name, CheckedRows(task, part, labelled, folder.Path));
        }
        folder.Finish("glue", files, [step, "every row read; as many as the benchmark publishes"], cancellation);
        progress.Say(folder.ToString());
    }

    private static void Unpack(GlueTask task, string archive, PreparedFolder folder, CancellationToken cancellation)
    {
        var wanted = task.Dev.Prepend(task.Train).Concat(task.Test).ToDictionary(
            part => $"{task.Name}/{part.Name}.tsv", part => Path.Combine(folder.Path, $"{part.Name}.tsv"));
        using FileStream stream = Open(archive);
        IReadOnlyList<string> found = ZipFiles.Extract(stream, archive, wanted.GetValueOrDefault, s_limits, cancellation);
        if (wanted.Keys.Except(found).FirstOrDefault() is { } missing)
            throw new ArchiveException($"{archive}: holds no {missing}");
    }

    /// <summary>Reads a part as the kit will, so that what is wrong with it shows now.</summary>
    private static int CheckedRows(GlueTask task, GluePart part, bool labelled, string folder)
    {
        string path = Path.Combine(folder, $"{part.Name}.tsv");
        int rows = (labelled ? GlueFile.Read(path, task) : GlueFile.ReadUnlabelled(path, task)).Count;
        return part.Rows is null || part.Rows == rows ? rows
            : throw new IntraDistillException($"{task.Name}/{part.Name}.tsv: {rows} rows, expected {part.Rows} as published");
    }

    private static FileStream Open(string archive)
    {
        try
        {
            return File.OpenRead(archive);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArchiveException($"{archive}: cannot be read: {e.Message}", e);
        }
    }
}

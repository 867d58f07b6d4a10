using System.CommandLine;
using IntraDistill.Tasks;

namespace IntraDistill.DataScripts.Panx;

/// <summary>What a run is asked for.</summary>
/// <param name="Languages">The codes of the languages.</param>
/// <param name="Output">The data set's folder.</param>
/// <param name="Mirror">The address of a folder with the same file, or null.</param>
/// <param name="Archive">A zip archive that the user has, or null.</param>
public sealed record PanxRequest(IReadOnlyList<string> Languages, string Output, string? Mirror, string? Archive);

/// <summary>
/// PAN-X (Pan et al. 2017 in the split of Rahimi et al. 2019): gets one zip archive in which each language is a
/// <c>CODE.tar.gz</c> of the files train, dev and test, and reads every line of them.
/// </summary>
public static class PanxScript
{
    private const string DriveAddress =
        "https://www.amazon.com/clouddrive/share/d3KGCRCIYwhKJF0H3eWA26hjg2ZCRhjpEQtDL70FSBN";

    private static readonly string[] s_parts = ["train", "dev", "test"];

    // The archive of all 176 languages has 234 MB, one language's files some 10 MB.
    private static readonly ArchiveLimits s_limits = new(1L << 30, 1_000), s_languageLimits = new(1L << 30, 100);

    /// <summary>The command line: <c>[--languages LIST|all] [--output DIR] [--mirror URL | --archive FILE]</c>.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="source">The archive.</param>
    /// <param name="errors">Where errors go; null is the console.</param>
    public static Task<int> RunAsync(string[] arguments, DataSource source, TextWriter? errors = null)
    {
        Option<string> languages = DataScript.Names("--languages", PanxCorpus.Languages, "all");
        Option<string> output = DataScript.Output("data/panx");
        Option<string?> mirror = DataScript.Mirror();
        var archive = new Option<string?>("--archive")
        {
            Description = "Take CODE.tar.gz of each language from this zip archive instead of fetching one. The publisher has it as "
                + $"AmazonPhotos.zip on Amazon Drive, which wants a browser: {DriveAddress}",
            HelpName = "FILE",
        };
        var command = new RootCommand("Gets PAN-X (WikiANN), named entities in 48 languages.") { languages, output, mirror, archive };
        command.Validators.Add(result =>
        {
            if (result.GetResult(mirror) is not null && result.GetResult(archive) is not null)
                result.AddError("--mirror and --archive: expected one of them");
        });
        return DataScript.RunAsync(command, arguments, (parsed, cancellation) => PrepareAsync(
            new PanxRequest(DataScript.Asked(parsed.GetValue(languages)!, PanxCorpus.Languages), parsed.GetValue(output)!,
                parsed.GetValue(mirror), parsed.GetValue(archive)), source, new DownloadSettings(), cancellation), errors);
    }

    /// <summary>Gets the archive if it is needed and makes <c>OUTPUT/CODE</c> for each language.</summary>
    public static async Task PrepareAsync(
        PanxRequest request, DataSource source, DownloadSettings settings, CancellationToken cancellation)
    {
        var progress = new DownloadProgress();
        foreach (string there in request.Languages.Where(language => PreparedFolder.IsThere(request.Output, language)))
            progress.Say($"{Path.Combine(request.Output, there)}: is there already; delete it to make it anew");
        string[] wanted = [.. request.Languages.Where(language => !PreparedFolder.IsThere(request.Output, language))];
        if (wanted.Length == 0)
            return;
        using IDisposable only = DataScript.Lock(request.Output);
        using var downloader = new Downloader(settings, progress);
        ObtainedFile archive = request.Archive is null
            ? await downloader.GetAsync(source, Path.Combine(request.Output, "downloads"), request.Mirror, cancellation)
            : await FileCheck.ReadAsync(null, request.Archive, null, cancellation);
        foreach (string language in wanted)
        {
            using var folder = new PreparedFolder(request.Output, language, "language", "sentences");
            Unpack(archive.Path, language, folder, cancellation);
            foreach (string part in s_parts)
            {
                cancellation.ThrowIfCancellationRequested();
                // Read as the kit will, so that what is wrong with it shows now.
                folder.Count(part, PanxCorpus.ReadPublished(Path.Combine(folder.Path, part)).Count);
            }
            folder.Finish("panx", [archive], [$"{language}.tar.gz unpacked, nothing changed", "every sentence read"], cancellation);
            progress.Say(folder.ToString());
        }
    }

    private static void Unpack(string archive, string language, PreparedFolder folder, CancellationToken cancellation)
    {
        // Whatever folder it lies in: the copies of the archive differ in it.
        string name = $"{language}.tar.gz", inner = Path.Combine(folder.Path, name);
        using (FileStream zip = Open(archive))
            if (ZipFiles.Extract(zip, archive, path => path[(path.LastIndexOf('/') + 1)..] == name ? inner : null, s_limits,
                cancellation).Count == 0)
                throw new ArchiveException($"{archive}: holds no {name}");
        using (FileStream tar = Open(inner))
        {
            string called = $"{name} in {archive}";
            IReadOnlyList<string> found = TarGzip.Extract(tar, called, folder.Path, s_parts.Contains, s_languageLimits, cancellation);
            if (s_parts.Except(found).FirstOrDefault() is { } missing)
                throw new ArchiveException($"{called}: holds no {missing}");
        }
        File.Delete(inner);
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

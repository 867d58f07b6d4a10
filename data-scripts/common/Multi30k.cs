using System.CommandLine;
using System.IO.Compression;

namespace IntraDistill.DataScripts;

/// <summary>
/// Multi30k, German to English, task 1 (Elliott et al. 2016): 29,000 / 1,014 / 1,000 captions (test 2016, Flickr), as they
/// are: neither tokenized nor lower-cased.
/// </summary>
public static class Multi30k
{
    private const string Pair = "de-en";
    private const long MaxBytes = 64 << 20;
    private static readonly (Part Part, string File)[] s_parts =
        [(Part.Train, "train"), (Part.Valid, "val"), (Part.Test, "test_2016_flickr")];

    /// <summary>The command line: <c>[--output DIR] [--mirror URL]</c>.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="sources">The source table: <c>{train,val,test_2016_flickr}.{de,en}.gz</c>.</param>
    /// <param name="errors">Where errors go; null is the console.</param>
    public static Task<int> RunAsync(string[] arguments, IReadOnlyList<DataSource> sources, TextWriter? errors = null)
    {
        Option<string> output = DataScript.Output("data/multi30k");
        Option<string?> mirror = DataScript.Mirror();
        var command = new RootCommand("Gets Multi30k (German to English, task 1).") { output, mirror };
        return DataScript.RunAsync(command, arguments, (parsed, cancellation) => PrepareAsync(
            parsed.GetValue(output)!, parsed.GetValue(mirror), sources, new DownloadSettings(), cancellation), errors);
    }

    /// <summary>Downloads what is not there yet and makes <c>OUTPUT/de-en</c>.</summary>
    public static async Task PrepareAsync(string output, string? mirror, IReadOnlyList<DataSource> sources,
        DownloadSettings settings, CancellationToken cancellation)
    {
        var progress = new DownloadProgress();
        if (PreparedFolder.IsThere(output, Pair))
        {
            progress.Say($"{Path.Combine(output, Pair)}: is there already; delete it to make it anew");
            return;
        }
        using IDisposable only = DataScript.Lock(output);
        using var downloader = new Downloader(settings, progress);
        var files = new List<ObtainedFile>();
        foreach (DataSource source in sources)
            files.Add(await downloader.GetAsync(source, Path.Combine(output, "downloads"), mirror, cancellation));

        using var folder = new PreparedFolder(output, Pair);
        foreach ((Part part, string file) in s_parts)
            folder.Write(part, TextLines.Pair(Lines(files, $"{file}.de.gz"), Lines(files, $"{file}.en.gz"), file));
        folder.Finish("multi30k", files, ["decompress", "one caption a line, neither tokenized nor lower-cased"], cancellation);
        progress.Say(folder.ToString());
    }

    private static string[] Lines(List<ObtainedFile> files, string name)
    {
        string path = files.Single(file => Path.GetFileName(file.Path) == name).Path;
        try
        {
            using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
            using var text = new MemoryStream();
            var buffer = new byte[1 << 16];
            for (int read; (read = gzip.Read(buffer)) > 0;)
            {
                if (text.Length + read > MaxBytes)
                    throw new ArchiveException($"{path}: unpacks to more than {MaxBytes} bytes");
                text.Write(buffer, 0, read);
            }
            return TextLines.Split(text.GetBuffer().AsSpan(0, (int)text.Length), path);
        }
        catch (InvalidDataException e)
        {
            throw new ArchiveException($"{path}: not a whole gzip file: {e.Message}", e);
        }
    }
}

namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>
/// WIT3's archives: one of a pair (<c>de-en/train.tags.de-en.de</c> …), as fairseq serves it, or the whole release, which
/// holds those of all pairs (<c>2014-01/texts/de/en/de-en.tgz</c>).
/// </summary>
public static class Wit3Archive
{
    // The pair's archive has 20 MB and holds some 80; the release's size is not known beforehand, a pair's times 28 and more.
    private static readonly ArchiveLimits s_pair = new(2L << 30, 1_000);
    private static readonly ArchiveLimits s_release = new(16L << 30, 100_000);

    /// <summary>Takes the text files of some pairs out of an archive, in one go.</summary>
    /// <param name="archive">The file.</param>
    /// <param name="folders">Where the files of each pair go, by pair.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArchiveException">It is broken or unsafe, or lacks a pair.</exception>
    public static void Extract(string archive, IReadOnlyDictionary<string, string> folders, CancellationToken cancellation)
    {
        using FileStream stream = Open(archive);
        var found = new HashSet<string>();
        TarGzip.Visit(stream, archive, path => PairOf(path) is not null, s_release, (path, content) =>
        {
            string pair = PairOf(path)!;
            if (IsText(path, pair))
                Save(path, content);
            else
                TarGzip.Visit(content, $"{archive}: {path}", inner => IsText(inner, pair), s_pair, Save, cancellation);

            void Save(string file, Stream text)
            {
                TarGzip.Save(text, Path.Combine(folders[pair], NameOf(file)), archive);
                found.Add(pair);
            }
        }, cancellation);
        string[] missing = [.. folders.Keys.Where(pair => !found.Contains(pair))];
        if (missing.Length > 0)
            throw new ArchiveException(
                $"{archive}: holds no {string.Join(", ", missing)}; expected PAIR/train.tags.PAIR.* or PAIR.tgz");

        string? PairOf(string path) =>
            folders.Keys.FirstOrDefault(pair => NameOf(path) == $"{pair}.tgz" || IsText(path, pair));
    }

    private static bool IsText(string path, string pair)
    {
        string[] languages = pair.Split('-');
        string name = NameOf(path);
        return languages.Any(language => name == $"train.tags.{pair}.{language}"
            || (name.StartsWith("IWSLT14.TED", StringComparison.Ordinal)
                && name.EndsWith($".{pair}.{language}.xml", StringComparison.Ordinal)));
    }

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

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

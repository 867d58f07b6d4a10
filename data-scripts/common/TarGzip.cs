using System.Formats.Tar;
using System.IO.Compression;

namespace IntraDistill.DataScripts;

/// <summary>
/// Reads <c>.tar.gz</c> archives that are not trusted: entries whose path leaves the target, links, devices and whatever
/// unpacks to more than the bounds are refused with an <see cref="ArchiveException"/>.
/// </summary>
public static class TarGzip
{
    private const string Format = ".tar.gz";

    /// <summary>Writes the wanted files of an archive below a folder, under their paths in the archive.</summary>
    /// <param name="archive">The compressed archive.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="folder">The target.</param>
    /// <param name="wanted">Says of a path, with <c>/</c>, whether to write it.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>The paths written, as they are in the archive.</returns>
    public static IReadOnlyList<string> Extract(Stream archive, string name, string folder, Func<string, bool> wanted,
        ArchiveLimits limits, CancellationToken cancellation)
    {
        var written = new List<string>();
        Visit(archive, name, wanted, limits, (path, content) =>
        {
            Save(content, Path.Combine(folder, path), name);
            written.Add(path);
        }, cancellation);
        return written;
    }

    /// <summary>Writes an entry's content to a file that is not there yet.</summary>
    internal static void Save(Stream content, string target, string name) => Unpacking.Save(content, target, name, Format);

    /// <summary>Calls <paramref name="visit"/> with path and content of each wanted file of an archive, in its order.</summary>
    /// <param name="archive">The compressed archive.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="wanted">Says of a path, with <c>/</c>, whether to visit it.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="visit">Reads a file's content, as far as it likes.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static void Visit(Stream archive, string name, Func<string, bool> wanted, ArchiveLimits limits,
        Action<string, Stream> visit, CancellationToken cancellation)
    {
        using var gzip = new GZipStream(archive, CompressionMode.Decompress, leaveOpen: true);
        using var bounded = new BoundedStream(gzip, name, limits.MaxBytes, cancellation);
        using var tar = new TarReader(bounded);
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        int entries = 0;
        while (Next(tar, name) is { } entry)
        {
            if (++entries > limits.MaxEntries)
                throw new ArchiveException($"{name}: more than {limits.MaxEntries} entries");
            if (entry.EntryType is TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes
                || !wanted(Unpacking.Plain(entry.Name)))
                continue;
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile))
                throw new ArchiveException($"{name}: {entry.Name} is a {entry.EntryType}, expected a plain file");
            string path = Unpacking.Inside(entry.Name, name);
            if (!seen.Add(path))
                throw new ArchiveException($"{name}: {path} is in it twice");
            visit(path, entry.DataStream ?? Stream.Null);
        }
    }

    private static TarEntry? Next(TarReader tar, string name)
    {
        try
        {
            return tar.GetNextEntry();
        }
        catch (Exception e) when (e is InvalidDataException or IOException or FormatException or ArgumentException)
        {
            throw Unpacking.Broken(name, Format, e);
        }
    }
}

using System.Formats.Tar;
using System.IO.Compression;

namespace IntraDistill.DataScripts;

/// <summary>Bounds of what an archive may unpack to.</summary>
/// <param name="MaxBytes">Bytes after decompression, whether they are wanted or not.</param>
/// <param name="MaxEntries">Entries.</param>
public sealed record ArchiveLimits(long MaxBytes, int MaxEntries);

/// <summary>
/// Reads <c>.tar.gz</c> archives that are not trusted: entries whose path leaves the target, links, devices and whatever
/// unpacks to more than the bounds are refused with an <see cref="ArchiveException"/>.
/// </summary>
public static class TarGzip
{
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
    internal static void Save(Stream content, string target, string name)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var file = new FileStream(target, FileMode.CreateNew, FileAccess.Write);
            Copy(content, file, name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArchiveException($"{name}: {target} cannot be written: {e.Message}", e);
        }
    }

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
            if (entry.EntryType is TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes || !wanted(Plain(entry.Name)))
                continue;
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile))
                throw new ArchiveException($"{name}: {entry.Name} is a {entry.EntryType}, expected a plain file");
            string path = Inside(entry.Name, name);
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
            throw Broken(name, e);
        }
    }

    private static void Copy(Stream from, Stream to, string name)
    {
        var buffer = new byte[1 << 16];
        for (int read; (read = Read()) > 0;)
            to.Write(buffer, 0, read);

        // Reading and writing fail for different reasons: a broken archive is not a full disk.
        int Read()
        {
            try
            {
                return from.Read(buffer);
            }
            catch (Exception e) when (e is InvalidDataException or IOException)
            {
                throw Broken(name, e);
            }
        }
    }

    private static ArchiveException Broken(string name, Exception e) =>
        new($"{name}: not a whole .tar.gz archive: {e.Message}", e);

    private static string Plain(string path) => path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;

    /// <summary>The path if it stays below whatever folder it is put in, on every platform.</summary>
    private static string Inside(string entry, string name)
    {
        string path = Plain(entry);
        bool stays = path.Length > 0 && !path.Any(c => c is '\\' or ':' || char.IsControl(c))
            && path.Split('/').All(part => part is not ("" or "." or ".."));
        return stays ? path : throw new ArchiveException($"{name}: the path '{entry}' does not stay inside the target");
    }

    /// <summary>Counts what is read, and ends a decompression that goes past the bound.</summary>
    private sealed class BoundedStream(Stream inner, string name, long limit, CancellationToken cancellation) : Stream
    {
        private long _read;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => _read; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            cancellation.ThrowIfCancellationRequested();
            int read = inner.Read(buffer);
            _read += read;
            return _read <= limit ? read : throw new ArchiveException($"{name}: unpacks to more than {limit} bytes");
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

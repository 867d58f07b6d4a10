namespace IntraDistill.DataScripts;

/// <summary>Bounds of what an archive may unpack to.</summary>
/// <param name="MaxBytes">Bytes after decompression, whether they are wanted or not.</param>
/// <param name="MaxEntries">Entries.</param>
public sealed record ArchiveLimits(long MaxBytes, int MaxEntries);

/// <summary>What every kind of archive that is not trusted is held to.</summary>
internal static class Unpacking
{
    /// <summary>The path of an entry, without a leading <c>./</c>.</summary>
    public static string Plain(string path) => path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;

    /// <summary>The path if it stays below whatever folder it is put in, on every platform.</summary>
    /// <exception cref="ArchiveException">It does not.</exception>
    public static string Inside(string entry, string name)
    {
        string path = Plain(entry);
        bool stays = path.Length > 0 && !path.Any(c => c is '\\' or ':' || char.IsControl(c))
            && path.Split('/').All(part => part is not ("" or "." or ".."));
        return stays ? path : throw new ArchiveException($"{name}: the path '{entry}' does not stay inside the target");
    }

    /// <summary>Writes an entry's content to a file that is not there yet.</summary>
    /// <param name="content">The content; its read errors mean a broken archive.</param>
    /// <param name="target">The file.</param>
    /// <param name="name">What errors call the archive.</param>
    /// <param name="format">What the archive should be, for the error: ".tar.gz".</param>
    public static void Save(Stream content, string target, string name, string format)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var file = new FileStream(target, FileMode.CreateNew, FileAccess.Write);
            Copy(content, file, name, format);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArchiveException($"{name}: {target} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>The error of an archive that cannot be read to its end.</summary>
    public static ArchiveException Broken(string name, string format, Exception e) =>
        new($"{name}: not a whole {format} archive: {e.Message}", e);

    private static void Copy(Stream from, Stream to, string name, string format)
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
                throw Broken(name, format, e);
            }
        }
    }
}

/// <summary>Counts what is read, and ends a decompression that goes past the bound.</summary>
internal sealed class BoundedStream(Stream inner, string name, long limit, CancellationToken cancellation) : Stream
{
    /// <summary>The bytes read so far.</summary>
    public long Count { get; private set; }

    /// <summary>Is shown what is read; an empty span is the end.</summary>
    public Action<ReadOnlySpan<byte>>? OnRead { get; init; }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => Count; set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        cancellation.ThrowIfCancellationRequested();
        int read = inner.Read(buffer);
        Count += read;
        OnRead?.Invoke(buffer[..read]);
        return Count <= limit ? read : throw new ArchiveException($"{name}: unpacks to more than {limit} bytes");
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

using System.IO.Compression;

namespace IntraDistill.DataScripts;

/// <summary>
/// Unpacks <c>.zip</c> archives that are not trusted: entries whose path leaves the target, links, whatever is not what its
/// length and checksum say, and what unpacks to more than the bounds are refused with an <see cref="ArchiveException"/>.
/// </summary>
public static class ZipFiles
{
    private const string Format = ".zip";

    // The kind of file in the attributes that Unix archivers write; 0 where another system wrote them.
    private const int UnixKind = 0xF000, UnixFile = 0x8000;
    private static readonly uint[] s_crcOfByte = [.. Enumerable.Range(0, 256).Select(CrcOfByte)];

    /// <summary>Writes the wanted files of an archive.</summary>
    /// <param name="archive">The archive; must be seekable.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="targetOf">Says of a path, with <c>/</c>, which file it becomes; null: it is not wanted.</param>
    /// <param name="limits">Bounds; the bytes are those of the wanted files.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>The paths written, as they are in the archive.</returns>
    public static IReadOnlyList<string> Extract(Stream archive, string name, Func<string, string?> targetOf,
        ArchiveLimits limits, CancellationToken cancellation)
    {
        var written = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        long room = limits.MaxBytes;
        using ZipArchive zip = Open(archive, name);
        if (zip.Entries.Count > limits.MaxEntries)
            throw new ArchiveException($"{name}: more than {limits.MaxEntries} entries");
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            if (entry.FullName.EndsWith('/') || targetOf(Unpacking.Plain(entry.FullName)) is not { } target)
                continue;
            int kind = (entry.ExternalAttributes >> 16) & UnixKind;
            if (kind is not (0 or UnixFile))
                throw new ArchiveException($"{name}: {entry.FullName} is of Unix kind 0x{kind:X}, expected a plain file");
            string path = Unpacking.Inside(entry.FullName, name);
            if (!written.Add(path))
                throw new ArchiveException($"{name}: {path} is in it twice");
            room -= Save(entry, target, name, room, limits.MaxBytes, cancellation);
        }
        return [.. written];
    }

    private static long Save(
        ZipArchiveEntry entry, string target, string name, long room, long limit, CancellationToken cancellation)
    {
        if (entry.Length > room)
            throw new ArchiveException($"{name}: unpacks to more than {limit} bytes");
        uint crc = uint.MaxValue;
        BoundedStream? bounded = null;
        using Stream content = Content(entry, name);
        // What the archive says of a file bounds what is written of it.
        using (bounded = new BoundedStream(content, name, entry.Length, cancellation) { OnRead = Check })
            Unpacking.Save(bounded, target, name, Format);
        return bounded.Count;

        void Check(ReadOnlySpan<byte> bytes)
        {
            foreach (byte one in bytes)
                crc = s_crcOfByte[(byte)crc ^ one] ^ (crc >> 8);
            if (bytes.IsEmpty && (bounded!.Count != entry.Length || ~crc != entry.Crc32))
                throw new InvalidDataException($"{entry.FullName} is not what its length and checksum say");
        }
    }

    private static ZipArchive Open(Stream archive, string name)
    {
        try
        {
            var zip = new ZipArchive(archive, ZipArchiveMode.Read, leaveOpen: true);
            _ = zip.Entries;   // read at the first look only, and may be broken
            return zip;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or ArgumentException)
        {
            throw Unpacking.Broken(name, Format, e);
        }
    }

    private static Stream Content(ZipArchiveEntry entry, string name)
    {
        try
        {
            return entry.Open();
        }
        catch (Exception e) when (e is InvalidDataException or IOException or NotSupportedException)
        {
            throw Unpacking.Broken(name, Format, e);
        }
    }

    private static uint CrcOfByte(int value)
    {
        uint crc = (uint)value;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) == 0 ? crc >> 1 : 0xEDB88320 ^ (crc >> 1);
        return crc;
    }
}

using System.Buffers.Binary;
using System.Text;

namespace IntraDistill;

/// <summary>One file inside a zip archive that is stored as it is.</summary>
/// <param name="Name">Its path in the archive.</param>
/// <param name="Offset">Where its bytes start in the archive.</param>
/// <param name="Length">How many they are.</param>
internal readonly record struct ZipEntry(string Name, long Offset, long Length);

/// <summary>
/// The entries of a zip archive as PyTorch writes it: stored, neither compressed nor encrypted, sizes beyond 4 GiB in the
/// zip64 records. What the directory says is held against the archive: every entry must lie in it, apart from the others.
/// </summary>
/// <seealso href="https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT"/>
internal sealed class ZipEntries
{
    private const uint EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50;
    private const uint DirectorySignature = 0x02014b50, LocalSignature = 0x04034b50;
    private const int EndSize = 22, End64Size = 56, Locator64Size = 20, DirectorySize = 46, LocalSize = 30;
    private const int MaxComment = ushort.MaxValue;
    private const int MaxDirectory = 1 << 26;
    private const ushort Zip64Extra = 1;
    private const ushort Encrypted = 1;

    private readonly string _path;
    private readonly Stream _stream;

    private ZipEntries(string path, Stream stream) => (_path, _stream) = (path, stream);

    /// <summary>Reads the directory of an archive.</summary>
    /// <exception cref="WeightFileException">The file is no such archive, or the directory is not true of it.</exception>
    public static Dictionary<string, ZipEntry> Read(string path, Stream stream) => new ZipEntries(path, stream).Read();

    private Dictionary<string, ZipEntry> Read()
    {
        (long start, long length, ulong count) = FindDirectory();
        if (start < 0 || length < 0 || start > _stream.Length || length > _stream.Length - start || length > MaxDirectory)
            throw Bad($"says that its directory has {length:N0} bytes from byte {start:N0} on, and has "
                + $"{_stream.Length:N0} bytes itself");
        ReadOnlySpan<byte> directory = WeightFile.Bytes(_stream, start, length);

        Dictionary<string, ZipEntry> entries = new(StringComparer.Ordinal);
        List<(long Start, long End)> places = [];
        while (!directory.IsEmpty)
        {
            (string name, long header, long size, int used) = ReadEntry(directory);
            directory = directory[used..];
            long data = DataOffset(name, header, start);
            if (size > start - data)
                throw Bad($"its entry '{WeightFileException.Printable(name)}' is truncated: it says that it has {size:N0} bytes");
            if (!entries.TryAdd(name, new(name, data, size)))
                throw Bad($"holds the entry '{WeightFileException.Printable(name)}' twice");
            places.Add((header, data + size));
        }
        if ((ulong)entries.Count != count)
            throw Bad($"says that it holds {count:N0} entries, and holds {entries.Count:N0}");
        places.Sort();
        for (int i = 1; i < places.Count; i++)
            if (places[i].Start < places[i - 1].End)
                throw Bad($"has entries that overlap at byte {places[i].Start:N0}");
        return entries;
    }

    private (long Start, long Length, ulong Count) FindDirectory()
    {
        long tailStart = Math.Max(0, _stream.Length - EndSize - MaxComment - Locator64Size);
        ReadOnlySpan<byte> tail = WeightFile.Bytes(_stream, tailStart, _stream.Length - tailStart);
        int at = tail.Length - EndSize;
        while (at >= 0 && (UInt32(tail[at..]) != EndSignature || UInt16(tail[(at + 20)..]) != tail.Length - at - EndSize))
            at--;
        if (at < 0)
            throw Bad("is truncated or no zip archive: it does not end with a directory");

        ReadOnlySpan<byte> end = tail[at..];
        ushort count = UInt16(end[10..]);
        uint length = UInt32(end[12..]), start = UInt32(end[16..]);
        bool zip64 = count == ushort.MaxValue || length == uint.MaxValue || start == uint.MaxValue;
        if (!zip64 || at < Locator64Size || UInt32(tail[(at - Locator64Size)..]) != Locator64Signature)
            return (start, length, count);

        ulong place = UInt64(tail[(at - Locator64Size + 8)..]);
        if (place > long.MaxValue || (long)place > _stream.Length - End64Size)
            throw Bad($"says that its zip64 record starts at byte {place:N0}, and has {_stream.Length:N0} bytes itself");
        ReadOnlySpan<byte> end64 = WeightFile.Bytes(_stream, (long)place, End64Size);
        if (UInt32(end64) != End64Signature)
            throw Bad($"has no zip64 record at byte {place:N0}");
        return ((long)UInt64(end64[48..]), (long)UInt64(end64[40..]), UInt64(end64[32..]));
    }

    private (string Name, long Header, long Size, int Used) ReadEntry(ReadOnlySpan<byte> directory)
    {
        if (directory.Length < DirectorySize || UInt32(directory) != DirectorySignature)
            throw Bad("has a directory that is truncated or damaged");
        int nameLength = UInt16(directory[28..]), extraLength = UInt16(directory[30..]), commentLength = UInt16(directory[32..]);
        int used = DirectorySize + nameLength + extraLength + commentLength;
        if (used > directory.Length)
            throw Bad("has a directory that is truncated");
        string name = Encoding.UTF8.GetString(directory.Slice(DirectorySize, nameLength));
        if ((UInt16(directory[8..]) & Encrypted) != 0 || UInt16(directory[10..]) != 0)
            throw Bad($"its entry '{WeightFileException.Printable(name)}' is compressed or encrypted; "
                + "PyTorch writes neither");

        ulong packed = UInt32(directory[20..]), size = UInt32(directory[24..]), header = UInt32(directory[42..]);
        ReadZip64(directory.Slice(DirectorySize + nameLength, extraLength), ref size, ref packed, ref header);
        if (packed != size || size > long.MaxValue || header > long.MaxValue)
            throw Bad($"its entry '{WeightFileException.Printable(name)}' says that it has {packed:N0} and {size:N0} bytes");
        return (name, (long)header, (long)size, used);
    }

    /// <summary>The sizes of 64 bits, in this order, of those fields that are full in the record itself.</summary>
    private static void ReadZip64(ReadOnlySpan<byte> extra, ref ulong size, ref ulong packed, ref ulong header)
    {
        while (extra.Length >= 4)
        {
            int length = UInt16(extra[2..]);
            if (length > extra.Length - 4)
                return;
            if (UInt16(extra) == Zip64Extra)
            {
                ReadOnlySpan<byte> fields = extra.Slice(4, length);
                Take(ref fields, ref size);
                Take(ref fields, ref packed);
                Take(ref fields, ref header);
                return;
            }
            extra = extra[(4 + length)..];
        }

        static void Take(ref ReadOnlySpan<byte> fields, ref ulong value)
        {
            if (value != uint.MaxValue || fields.Length < sizeof(ulong))
                return;
            value = UInt64(fields);
            fields = fields[sizeof(ulong)..];
        }
    }

    /// <summary>Where an entry's bytes start: after a header of its own, before the directory.</summary>
    private long DataOffset(string name, long header, long directoryStart)
    {
        if (header > directoryStart - LocalSize)
            throw Bad($"its entry '{WeightFileException.Printable(name)}' starts at byte {header:N0}, where no entry can be");
        ReadOnlySpan<byte> local = WeightFile.Bytes(_stream, header, LocalSize);
        long data = header + LocalSize + UInt16(local[26..]) + UInt16(local[28..]);
        if (UInt32(local) != LocalSignature || data > directoryStart)
            throw Bad($"has no entry '{WeightFileException.Printable(name)}' at byte {header:N0}");
        return data;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static ulong UInt64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64LittleEndian(bytes);

    private WeightFileException Bad(string problem) => new(_path, null, problem);
}

using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace IntraDistill;

/// <summary>What a 64-bit Linux library says of itself, read from its file: what for and what it needs, before it is loaded.</summary>
internal sealed class ElfFile : IDisposable
{
    private const int HeaderSize = 64, SectionSize = 64, DynamicSize = 16, SymbolSize = 24, LongestName = 4096;
    private const uint DynamicTable = 6, DynamicSymbols = 11, SymbolVersions = 0x6fffffff;   // SHT_DYNAMIC, _DYNSYM, _GNU_versym
    private const long NeededTag = 1;                                                        // DT_NEEDED

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly byte[] _sections;

    /// <exception cref="IntraDistillException">It is no such library.</exception>
    public ElfFile(string path)
    {
        _path = path;
        _file = File.OpenHandle(path);
        byte[] header = Read(0, HeaderSize);
        if (!header.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8))
            throw Broken();
        Machine = U16(header, 18);
        _sections = Read(I64(header, 40), U16(header, 60) * SectionSize);
    }

    /// <summary>The processor it is for: <c>e_machine</c>.</summary>
    public ushort Machine { get; }

    /// <summary>The libraries it asks for, by file name.</summary>
    public List<string> Needed()
    {
        (byte[] table, long names) = Section(DynamicTable);
        return [.. Enumerable.Range(0, table.Length / DynamicSize).Where(i => I64(table, i * DynamicSize) == NeededTag)
            .Select(i => Name(names + I64(table, i * DynamicSize + 8)))];
    }

    /// <summary>The symbols that others must bring. Left out are those it can do without (weak), and those of a stated version: the C and
    /// C++ libraries' have one, libtorch's have none.</summary>
    public List<string> Undefined()
    {
        const int global = 1;
        (byte[] symbols, long names) = Section(DynamicSymbols);
        byte[] versions = Section(SymbolVersions).Content;
        return [.. Enumerable.Range(1, symbols.Length / SymbolSize - 1)
            .Where(i => U16(symbols, i * SymbolSize + 6) == 0 && symbols[i * SymbolSize + 4] >> 4 == global && U16(versions, 2 * i) <= 1)
            .Select(i => Name(names + U32(symbols, i * SymbolSize)))];
    }

    public void Dispose() => _file.Dispose();

    // A section's content, and where the file has the names that it speaks of.
    private (byte[] Content, long Names) Section(uint type)
    {
        for (int at = 0; at < _sections.Length; at += SectionSize)
            if (U32(_sections, at + 4) == type)
                return (Read(I64(_sections, at + 24), (int)I64(_sections, at + 32)),
                    I64(_sections, (int)U32(_sections, at + 40) * SectionSize + 24));
        throw Broken();
    }

    private string Name(long offset)
    {
        Span<byte> text = stackalloc byte[LongestName];
        text = text[..RandomAccess.Read(_file, text, offset)];
        return Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]);
    }

    private byte[] Read(long offset, int length)
    {
        byte[] bytes = new byte[length];
        return RandomAccess.Read(_file, bytes, offset) == length ? bytes : throw Broken();
    }

    private IntraDistillException Broken() => new($"{_path}: expected a 64-bit library of Linux (ELF), whole");

    private static ushort U16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static long I64(byte[] bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
}

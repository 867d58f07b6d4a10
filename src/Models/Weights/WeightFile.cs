using System.Text;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>A file of named tensors, open for reading. Opening reads and checks what the file says of itself, and no tensor; each tensor is
/// read on its own, and none takes more memory than its bytes in the file.</summary>
public abstract class WeightFile : IDisposable
{
    private const int ChunkBytes = 1 << 28;
    private const int LongestName = 120;

    private readonly Stream _stream;

    private protected WeightFile(string path, Stream stream, IEnumerable<WeightEntry> entries)
    {
        (Path, _stream) = (path, stream);
        Tensors = entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The file's tensors by name.</summary>
    public IReadOnlyDictionary<string, WeightEntry> Tensors { get; }

    /// <summary>Reads the tensor of a name, on the CPU, in the file's type and shape.</summary>
    /// <exception cref="IntraDistillException">There is no such tensor, or the file cannot be read any more.</exception>
    public Tensor Read(string name)
    {
        if (!Tensors.TryGetValue(name, out WeightEntry? entry))
            throw Error(Path, name, "is not in the file");
        using var scope = NewDisposeScope();
        Tensor stored = empty([entry.StoredElements], entry.Type, CPU);
        try
        {
            _stream.Position = entry.Offset;
            long chunk = ChunkBytes / WeightEntry.SizeOf(entry.Type);
            for (long start = 0; start < entry.StoredElements; start += chunk) // a span has at most 2 GiB
                _stream.ReadExactly(stored.narrow(0, start, Math.Min(chunk, entry.StoredElements - start)).bytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Error(Path, name, $"cannot be read: {error.Message}", error);
        }
        long[] shape = [.. entry.Shape];
        return (entry.Strides is null ? stored.view(shape) : stored.as_strided(shape, entry.Strides)).MoveToOuterDisposeScope();
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens a file for a reader, which disposes it with itself; a reader that throws leaves it closed.</summary>
    private protected static T Open<T>(string path, Func<string, Stream, T> read) where T : WeightFile
    {
        FileStream stream = ReadFile.Of(path, () => File.OpenRead(path));
        try
        {
            return ReadFile.Of(path, () => read(path, stream));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Some bytes of the file, which the caller has checked to be in it.</summary>
    internal static byte[] Bytes(Stream stream, long offset, long length)
    {
        var bytes = new byte[length];
        stream.Position = offset;
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Writes a file whole or not at all.</summary>
    internal static void Replace(string path, Action<Stream> write) => AtomicFile.Write(path, write,
        error => Error(path, null, $"cannot be written: {error.Message}", error));

    /// <summary>An error of a file, or of a folder where none of several files is at fault, one line: <c>file: tensor 'name': what is
    /// wrong</c>, the tensor under its name in the file, if it is about one.</summary>
    internal static IntraDistillException Error(string file, string? tensor, string problem, Exception? inner = null) =>
        new(tensor is null ? $"{file}: {problem}" : $"{file}: tensor '{Printable(tensor)}': {problem}", inner!);

    /// <summary>A text out of a file, short enough for a message and on one line.</summary>
    internal static string Printable(string text)
    {
        StringBuilder shown = new();
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, LongestName)))
            shown.Append(char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '?' : c);
        return text.Length > LongestName ? $"{shown}…" : shown.ToString();
    }
}

/// <summary>One tensor of a weight file: what the file says of it, checked against the file's length.</summary>
public sealed record WeightEntry : KitRecord
{
    /// <summary>No weight has more dimensions; a file that says so is broken.</summary>
    internal const int MaxDimensions = 8;

    /// <summary>The tensor's name.</summary>
    public required string Name { get; init; }

    /// <summary>The type of its elements in the file.</summary>
    public required ScalarType Type { get; init; }

    /// <summary>Its shape; empty for a scalar.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>Where its first element lies, in bytes from the start of the file.</summary>
    internal long Offset { get; init; }

    /// <summary>How many elements of the file it is made from: fewer than it has, or more, where it is strided.</summary>
    internal long StoredElements { get; init; }

    /// <summary>The distance of neighbours along each dimension, in elements; null where they lie row by row.</summary>
    internal long[]? Strides { get; init; }

    /// <summary>The size of one element in bytes.</summary>
    internal static int SizeOf(ScalarType type) => type switch
    {
        ScalarType.Bool or ScalarType.Byte or ScalarType.Int8 => 1,
        ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 => 4,
        ScalarType.Int64 or ScalarType.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "a type of weight files was expected"),
    };

    /// <summary>The number of elements of a shape, or null where a dimension is negative or the sizes are beyond counting.</summary>
    internal static long? Count(ReadOnlySpan<long> shape)
    {
        // Zeros are left out of the bound: what torch multiplies for strides must be countable as well.
        long elements = 1, bound = 1;
        foreach (long size in shape)
        {
            if (size < 0 || (size > 1 && bound > long.MaxValue / sizeof(long) / size))
                return null;
            bound *= Math.Max(size, 1);
            elements *= size;
        }
        return elements;
    }
}

using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// A file of named tensors, open for reading. Opening reads and checks what the file says of itself, and no tensor; each
/// tensor is read on its own, and none takes more memory than its bytes in the file.
/// </summary>
public abstract class WeightFile : IDisposable
{
    private const int ChunkBytes = 1 << 28;

    private readonly Stream _stream;

    private protected WeightFile(string path, Stream stream, IEnumerable<WeightEntry> entries)
    {
        Path = path;
        _stream = stream;
        Tensors = entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The file's tensors by name.</summary>
    public IReadOnlyDictionary<string, WeightEntry> Tensors { get; }

    /// <summary>Reads one tensor.</summary>
    /// <param name="name">A name of <see cref="Tensors"/>.</param>
    /// <returns>The tensor on the CPU, in the file's type and shape.</returns>
    /// <exception cref="WeightFileException">There is no such tensor, or the file cannot be read any more.</exception>
    public Tensor Read(string name)
    {
        if (!Tensors.TryGetValue(name, out WeightEntry? entry))
            throw new WeightFileException(Path, name, "is not in the file");
        using var scope = NewDisposeScope();
        Tensor stored = empty([entry.StoredElements], entry.Type, CPU);
        Fill(stored, entry);
        Tensor shaped = entry.Strides is null
            ? stored.view([.. entry.Shape])
            : stored.as_strided([.. entry.Shape], entry.Strides);
        return shaped.MoveToOuterDisposeScope();
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens a file for a reader, which disposes it with itself; a reader that throws leaves it closed.</summary>
    private protected static T Open<T>(string path, Func<Stream, T> read) where T : WeightFile
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return read(stream);
        }
        catch (Exception error)
        {
            stream?.Dispose();
            if (error is IOException or UnauthorizedAccessException)
                throw new WeightFileException(path, null, $"cannot be read: {error.Message}", error);
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
    /// <exception cref="WeightFileException">It cannot be written.</exception>
    internal static void Replace(string path, Action<Stream> write) => AtomicFile.Write(path, write,
        error => new WeightFileException(path, null, $"cannot be written: {error.Message}", error));

    private void Fill(Tensor stored, WeightEntry entry)
    {
        try
        {
            _stream.Position = entry.Offset;
            long chunk = ChunkBytes / WeightEntry.SizeOf(entry.Type);
            for (long start = 0; start < entry.StoredElements; start += chunk) // a span has at most 2 GiB
            {
                using Tensor part = stored.narrow(0, start, Math.Min(chunk, entry.StoredElements - start));
                _stream.ReadExactly(part.bytes);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WeightFileException(Path, entry.Name, $"cannot be read: {error.Message}", error);
        }
    }
}

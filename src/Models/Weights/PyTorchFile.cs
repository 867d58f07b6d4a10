using System.IO.Compression;
using System.Text;

namespace IntraDistill;

/// <summary>A <c>pytorch_model.bin</c>: a zip archive (PyTorch 1.6 and later) with a pickle that names the tensors and one file of raw
/// elements for every storage. The pickle is read by <see cref="StateDictPickle"/> and never executed, so that a file from anywhere can be
/// opened.</summary>
public sealed class PyTorchFile : WeightFile
{
    // Some 130 bytes a tensor: no model needs more, and what the pickle's objects take in memory stays small.
    private const int MaxPickle = 1 << 22;

    private const string PickleName = "/data.pkl";

    // How a file of PyTorch before 1.6 starts: a pickle of the number 0x1950a86a20f9469cfc6c.
    private static readonly byte[] s_oldStart =
        [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

    private PyTorchFile(string path, Stream stream, IEnumerable<WeightEntry> entries) : base(path, stream, entries) { }

    /// <summary>Opens a file and reads which tensors it holds.</summary>
    /// <exception cref="IntraDistillException">The file cannot be read, is truncated, is no state dictionary, or its pickle wants more than
    /// weights need.</exception>
    public static PyTorchFile Open(string path) => Open(path, Read);

    /// <summary>Reads a file that is open already, and owns it from then on.</summary>
    internal static PyTorchFile Read(string path, Stream stream)
    {
        if (stream.Length >= s_oldStart.Length && Bytes(stream, 0, s_oldStart.Length).AsSpan().SequenceEqual(s_oldStart))
            throw Error(path, null,
                "is in PyTorch's format before 1.6, which is not read; take the model's model.safetensors, or save it anew");
        Dictionary<string, (long Offset, long Length)> files = Files(path, stream);
        if (files.Keys.Where(name => name.EndsWith(PickleName, StringComparison.Ordinal)).Take(2).ToArray() is not [string pickle])
            throw Error(path, null, "is no file of PyTorch: expected one data.pkl in the archive");
        string root = pickle[..^PickleName.Length];
        if (files.TryGetValue(root + "/byteorder", out var order) && order.Length < 16
            && Encoding.ASCII.GetString(Bytes(stream, order.Offset, order.Length)) != "little")
            throw Error(path, null, "is not little-endian");

        (long start, long length) = files[pickle];
        if (length > MaxPickle)
            throw Error(path, null, $"has a pickle of {length:N0} bytes; at most {MaxPickle:N0} were expected");
        Dictionary<string, WeightEntry> entries = new(StringComparer.Ordinal);
        foreach ((object? key, object? value) in StateDictPickle.Parse(path, Bytes(stream, start, length)))
        {
            if (key is not string name)
                throw Error(path, null, "is no state dictionary: one of its keys is no text");
            if (value is not PickledTensor tensor)
                throw Error(path, name, "is no tensor");
            if (!entries.TryAdd(name, Place(path, name, tensor, root, files)))
                throw Error(path, name, "is in the file twice");
        }
        return new(path, stream, entries.Values);
    }

    /// <summary>Where the files of the archive lie in it. PyTorch stores them as they are; each must lie in the archive, apart from the
    /// others.</summary>
    private static Dictionary<string, (long Offset, long Length)> Files(string path, Stream stream)
    {
        Dictionary<string, (long Offset, long Length)> files = new(StringComparer.Ordinal);
        try
        {
            using ZipArchive archive = new(stream, ZipArchiveMode.Read, leaveOpen: true);
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                using Stream bytes = entry.Open();
                if (entry.IsEncrypted || entry.CompressedLength != entry.Length || bytes is DeflateStream)
                    throw Bad(entry, "is compressed or encrypted; PyTorch writes neither");
                // What is stored is read straight from the archive, whose position then says where it lies.
                long offset = bytes.ReadByte() < 0 ? 0 : stream.Position - 1;
                if (!files.TryAdd(entry.FullName, (offset, entry.Length)))
                    throw Bad(entry, "is there twice");
            }
        }
        catch (InvalidDataException error)
        {
            throw Error(path, null, $"is truncated, damaged or no zip archive: {error.Message}", error);
        }
        long last = 0;
        foreach ((long offset, long length) in files.Values.Where(file => file.Length > 0).Order())
        {
            if (offset < last)
                throw Error(path, null, $"has entries that overlap at byte {offset:N0}");
            last = offset + length;
        }
        return files;

        IntraDistillException Bad(ZipArchiveEntry entry, string problem) =>
            Error(path, null, $"its entry '{Printable(entry.FullName)}' {problem}");
    }

    /// <summary>Holds a tensor's shape against its storage, and the storage against its file.</summary>
    private static WeightEntry Place(
        string path, string name, PickledTensor tensor, string root, Dictionary<string, (long Offset, long Length)> files)
    {
        PickledStorage storage = tensor.Storage;
        if (!files.TryGetValue($"{root}/data/{storage.Key}", out var file))
            throw Bad($"has its elements in '{Printable(storage.Key)}', which is not in the archive");
        int size = WeightEntry.SizeOf(storage.Type);
        if (file.Length % size != 0 || file.Length / size != storage.Elements)
            throw Bad($"has a storage of {storage.Elements:N0} elements of {storage.Type}, but {file.Length:N0} bytes");

        string shape = TensorShape.Text(tensor.Shape);
        long count = WeightEntry.Count(tensor.Shape) ?? throw Bad($"has the shape {shape}, which no file can hold");
        if (count > storage.Elements)
            throw Bad($"has the shape {shape}, and {storage.Elements:N0} elements in its file");
        long span = count == 0 ? 0 : Span(tensor) ?? throw Bad("has strides that no file can hold");
        if (tensor.Offset < 0 || tensor.Offset > storage.Elements || span > storage.Elements - tensor.Offset)
            throw Bad($"reaches beyond the {storage.Elements:N0} elements in its file");
        return new()
        {
            Name = name,
            Type = storage.Type,
            Shape = tensor.Shape,
            Offset = file.Offset + tensor.Offset * size,
            StoredElements = span,
            Strides = count == 0 ? null : tensor.Strides,
        };

        IntraDistillException Bad(string problem) => Error(path, name, problem);
    }

    /// <summary>The elements from a tensor's first to its last, both counted; null if that is beyond counting.</summary>
    private static long? Span(PickledTensor tensor)
    {
        if (tensor.Strides.Length != tensor.Shape.Length)
            return null;
        Int128 last = tensor.Shape.Zip(tensor.Strides).Aggregate((Int128)0, (sum, pair) => sum + (Int128)(pair.First - 1) * pair.Second);
        return last < long.MaxValue ? (long)last + 1 : null;
    }
}

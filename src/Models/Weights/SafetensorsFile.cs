using System.Buffers.Binary;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// A file in the safetensors format: the length of the header, 8 bytes little-endian; the header, JSON with type, shape and
/// place of every tensor; the tensors, without gaps. As the format's own reader does, this one takes nothing that overlaps,
/// leaves bytes unnamed or has a header above 100 MB.
/// </summary>
/// <seealso href="https://huggingface.co/docs/safetensors"/>
public sealed class SafetensorsFile : WeightFile
{
    private const int MaxHeader = 100_000_000;

    private SafetensorsFile(string path, Stream stream, IEnumerable<WeightEntry> entries) : base(path, stream, entries) { }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="WeightFileException">The file cannot be read, is truncated, or its header is not true of it.</exception>
    public static SafetensorsFile Open(string path) => Open(path, stream => Read(path, stream));

    /// <summary>Writes tensors to a file, whole or not at all; one of this name is replaced.</summary>
    /// <param name="path">The file; its folder is made if it is not there.</param>
    /// <param name="tensors">On any device, of floating-point types or Bool.</param>
    /// <exception cref="WeightFileException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<(string Name, Tensor Tensor)> tensors) =>
        Replace(path, stream => SafetensorsWriter.Write(stream, tensors));

    /// <summary>Reads a file that is open already, and owns it from then on.</summary>
    /// <param name="path">What to call it in messages.</param>
    /// <param name="stream">Its bytes; can seek.</param>
    internal static SafetensorsFile Read(string path, Stream stream)
    {
        if (stream.Length < sizeof(long))
            throw new WeightFileException(path, null, $"is truncated: it has only {stream.Length} bytes");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(Bytes(stream, 0, sizeof(long)));
        if (length > MaxHeader)
            throw new WeightFileException(path, null,
                $"is no safetensors file: it says that its header has {length:N0} bytes; at most {MaxHeader:N0} were expected");
        if ((long)length > stream.Length - sizeof(long))
            throw new WeightFileException(path, null,
                $"is truncated: it says that its header has {length:N0} bytes, and has {stream.Length:N0} bytes itself");
        byte[] header = Bytes(stream, sizeof(long), (long)length);
        return new(path, stream, SafetensorsHeader.Parse(path, header, stream.Length));
    }
}

using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>A file in the safetensors format: the length of the header, 8 bytes little-endian; the header, JSON with type, shape and place
/// of every tensor; the tensors, without gaps. As the format's own reader does, this one takes nothing that overlaps, leaves bytes unnamed
/// or has a header above 100 MB.</summary>
/// <seealso href="https://huggingface.co/docs/safetensors"/>
public sealed class SafetensorsFile : WeightFile
{
    private const string Metadata = "__metadata__";
    private const int MaxHeader = 100_000_000;
    private const int BufferSize = 1 << 20;

    private static readonly (string Name, ScalarType Type)[] s_types =
    [
        ("BOOL", ScalarType.Bool), ("U8", ScalarType.Byte), ("I8", ScalarType.Int8), ("I16", ScalarType.Int16), ("I32", ScalarType.Int32),
        ("I64", ScalarType.Int64), ("F16", ScalarType.Float16), ("BF16", ScalarType.BFloat16), ("F32", ScalarType.Float32),
        ("F64", ScalarType.Float64),
    ];

    private static readonly JsonSerializerOptions s_strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    private SafetensorsFile(string path, Stream stream, IEnumerable<WeightEntry> entries) : base(path, stream, entries) { }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="IntraDistillException">The file cannot be read, is truncated, or its header is not true of it.</exception>
    public static SafetensorsFile Open(string path) => Open(path, Read);

    /// <summary>Writes tensors to a file, whole or not at all; one of this name is replaced.</summary>
    /// <param name="path">The file; its folder is made if it is not there.</param>
    /// <param name="tensors">On any device, of real numbers or Bool.</param>
    /// <exception cref="IntraDistillException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<(string Name, Tensor Tensor)> tensors) =>
        Replace(path, stream => Write(stream, tensors));

    /// <summary>Reads a file that is open already, and owns it from then on.</summary>
    internal static SafetensorsFile Read(string path, Stream stream)
    {
        if (stream.Length < sizeof(long))
            throw Error(path, null, $"is truncated: it has only {stream.Length} bytes");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(Bytes(stream, 0, sizeof(long)));
        if (length > MaxHeader)
            throw Error(path, null,
                $"is no safetensors file: it says that its header has {length:N0} bytes; at most {MaxHeader:N0} were expected");
        if ((long)length > stream.Length - sizeof(long))
            throw Error(path, null,
                $"is truncated: it says that its header has {length:N0} bytes, and has {stream.Length:N0} bytes itself");
        try
        {
            using JsonDocument header = JsonDocument.Parse(Bytes(stream, sizeof(long), (long)length));
            return new(path, stream, Entries(path, header.RootElement, sizeof(long) + (long)length, stream.Length));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException) // the latter for bad UTF-8 in a name
        {
            throw Error(path, null, $"has a header that is no valid JSON: {Printable(error.Message)}", error);
        }
    }

    /// <summary>Writes all tensors, one after the other, behind a header that is padded to a multiple of 8 bytes.</summary>
    internal static void Write(Stream stream, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        byte[] header = Header(tensors);
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach ((_, Tensor tensor) in tensors)
        {
            using var scope = NewDisposeScope();
            tensor.detach().cpu().contiguous().WriteBytesToStream(stream, BufferSize);
        }
    }

    private static byte[] Header(IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        JsonObject header = new() { [Metadata] = new JsonObject { ["format"] = "pt" } }; // Hugging Face's loader asks for it
        long at = 0;
        foreach ((string name, Tensor tensor) in tensors)
        {
            string type = Array.Find(s_types, pair => pair.Type == tensor.dtype).Name
                ?? throw new ArgumentException($"{name} is of type {tensor.dtype}; real numbers or Bool were expected", nameof(tensors));
            long[] place = [at, at += tensor.numel() * WeightEntry.SizeOf(tensor.dtype)];
            header.Add(name, JsonSerializer.SerializeToNode(new TensorHeader(type, tensor.shape, place), s_strict));
        }
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        return [.. json, .. Enumerable.Repeat((byte)' ', -json.Length & (sizeof(long) - 1))];
    }

    /// <summary>The tensors of a header, which must fill the rest of the file, one after the other.</summary>
    private static List<WeightEntry> Entries(string path, JsonElement header, long dataStart, long fileLength)
    {
        if (header.ValueKind != JsonValueKind.Object)
            throw Error(path, null, $"expected an object in the header, got {header.ValueKind}");
        List<WeightEntry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (JsonProperty tensor in header.EnumerateObject())
        {
            if (!names.Add(tensor.Name))
                throw Error(path, tensor.Name, "is in the header twice");
            if (tensor.Name != Metadata)
                entries.Add(Entry(path, tensor, dataStart, fileLength - dataStart));
        }

        long last = dataStart;
        foreach (WeightEntry entry in entries.OrderBy(entry => entry.Offset).ThenBy(entry => entry.StoredElements))
        {
            if (entry.Offset != last)
                throw Error(path, entry.Name, $"starts at byte {entry.Offset:N0}; expected {last:N0}, where the one before it ends");
            last += entry.StoredElements * WeightEntry.SizeOf(entry.Type);
        }
        return last == fileLength ? entries
            : throw Error(path, null, $"has {fileLength - dataStart:N0} bytes after its header; the tensors have {last - dataStart:N0}");
    }

    private static WeightEntry Entry(string path, JsonProperty tensor, long dataStart, long dataLength)
    {
        (string typeName, long[] shape, long[] offsets) = Fields();
        int found = Array.FindIndex(s_types, pair => pair.Name == typeName);
        if (found < 0)
            throw Bad($"has the dtype '{Printable(typeName)}'; expected {string.Join(", ", s_types.Select(pair => pair.Name))}");
        ScalarType type = s_types[found].Type;
        if (shape.Length > WeightEntry.MaxDimensions || WeightEntry.Count(shape) is not long count)
            throw Bad($"has the shape {Printable(TensorShape.Text(shape))}, which no file can hold");
        if (offsets is not [>= 0 and long start, long end] || start > end || end > dataLength)
            throw Bad($"lies at bytes {Printable(string.Join(" to ", offsets))} of {dataLength:N0}: the file is cut or its header wrong");
        if (count > dataLength || count * WeightEntry.SizeOf(type) != end - start)
            throw Bad($"has {end - start:N0} bytes, which shape {TensorShape.Text(shape)} of {type} does not need");
        return new() { Name = tensor.Name, Type = type, Shape = shape, Offset = dataStart + start, StoredElements = count };

        TensorHeader Fields()
        {
            try
            {
                return tensor.Value.Deserialize<TensorHeader>(s_strict) ?? throw Bad("expected an object, got null");
            }
            catch (JsonException error)
            {
                throw Bad($"expected dtype, shape and data_offsets, once each, of whole numbers: {Printable(error.Message)}", error);
            }
        }

        IntraDistillException Bad(string problem, Exception? inner = null) => Error(path, tensor.Name, problem, inner);
    }

    private sealed record TensorHeader(string Dtype, long[] Shape, long[] DataOffsets);
}

using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
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
    private const int BufferSize = 1 << 20;

    private static readonly (string Name, ScalarType Type)[] s_types =
    [
        ("BOOL", ScalarType.Bool), ("U8", ScalarType.Byte), ("I8", ScalarType.Int8), ("I16", ScalarType.Int16), ("I32", ScalarType.Int32),
        ("I64", ScalarType.Int64), ("F16", ScalarType.Float16), ("BF16", ScalarType.BFloat16), ("F32", ScalarType.Float32),
        ("F64", ScalarType.Float64),
    ];

    private SafetensorsFile(string path, Stream stream, IEnumerable<WeightEntry> entries) : base(path, stream, entries) { }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="IntraDistillException">The file cannot be read, is truncated, or its header is not true of it.</exception>
    public static SafetensorsFile Open(string path) => Open(path, stream => Read(path, stream));

    /// <summary>Writes tensors to a file, whole or not at all; one of this name is replaced.</summary>
    /// <param name="path">The file; its folder is made if it is not there.</param>
    /// <param name="tensors">On any device, of real numbers or Bool.</param>
    /// <exception cref="IntraDistillException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<(string Name, Tensor Tensor)> tensors) =>
        Replace(path, stream => Write(stream, tensors));

    /// <summary>Reads a file that is open already, and owns it from then on.</summary>
    /// <param name="path">What to call it in messages.</param>
    /// <param name="stream">Its bytes; can seek.</param>
    internal static SafetensorsFile Read(string path, Stream stream)
    {
        if (stream.Length < sizeof(long))
            throw Error(path, null, $"is truncated: it has only {stream.Length} bytes");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(Bytes(stream, 0, sizeof(long)));
        if (length > MaxHeader)
            throw Error(path, null, $"is no safetensors file: it says that its header has {length:N0} bytes; at most {MaxHeader:N0} were expected");
        if ((long)length > stream.Length - sizeof(long))
            throw Error(path, null, $"is truncated: it says that its header has {length:N0} bytes, and has {stream.Length:N0} bytes itself");
        byte[] header = Bytes(stream, sizeof(long), (long)length);
        return new(path, stream, SafetensorsHeader.Parse(path, header, stream.Length));
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
        JsonObject header = new() { ["__metadata__"] = new JsonObject { ["format"] = "pt" } }; // Hugging Face's loader asks for it
        long at = 0;
        foreach ((string name, Tensor tensor) in tensors)
        {
            header.Add(name, JsonSerializer.SerializeToNode(new
            {
                dtype = Array.Find(s_types, pair => pair.Type == tensor.dtype).Name
                    ?? throw new ArgumentException($"{name} is of type {tensor.dtype}; real numbers or Bool were expected", nameof(tensors)),
                tensor.shape,
                data_offsets = (long[])[at, at += tensor.numel() * WeightEntry.SizeOf(tensor.dtype)],
            }));
        }
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        return [.. json, .. Enumerable.Repeat((byte)' ', -json.Length & (sizeof(long) - 1))];
    }

    /// <summary>The type of a name; null where the format has none of this name.</summary>
    internal static ScalarType? TypeOf(string name) =>
        Array.FindIndex(s_types, pair => pair.Name == name) is >= 0 and int found ? s_types[found].Type : null;
}

/// <summary>The header of a safetensors file: JSON that is read token by token, and believed only where the file bears it out.</summary>
internal ref struct SafetensorsHeader
{
    private const string Metadata = "__metadata__";

    private readonly string _path;
    private readonly long _dataStart;
    private readonly long _dataLength;
    private readonly List<WeightEntry> _entries = [];
    private readonly List<(long Start, long End, string Name)> _places = [];
    private Utf8JsonReader _json;
    private string? _tensor;

    private SafetensorsHeader(string path, ReadOnlySpan<byte> header, long fileLength)
    {
        _path = path;
        _dataStart = sizeof(long) + header.Length;
        _dataLength = fileLength - _dataStart;
        _json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 4 });
    }

    /// <summary>Reads the header.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="header">The header's bytes, which follow the 8 of its length.</param>
    /// <param name="fileLength">The length of the whole file.</param>
    /// <exception cref="IntraDistillException">The header is no such header, or is not true of the file.</exception>
    public static List<WeightEntry> Parse(string path, ReadOnlySpan<byte> header, long fileLength)
    {
        SafetensorsHeader parser = new(path, header, fileLength);
        try
        {
            parser.ReadHeader();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException) // the latter for bad UTF-8 in a text
        {
            throw WeightFile.Error(path, parser._tensor, $"has a header that is no valid JSON{Place(error)}", error);
        }
        parser.CheckPlaces();
        return parser._entries;
    }

    private void ReadHeader()
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        Expect(JsonTokenType.StartObject, "an object");
        while (Next() != JsonTokenType.EndObject)
        {
            string name = _json.GetString()!;
            _tensor = name;
            if (!names.Add(name))
                throw Bad("is in the header twice");
            Expect(JsonTokenType.StartObject, "an object");
            if (name == Metadata)
                _json.Skip();
            else
                ReadTensor(name);
            _tensor = null;
        }
        while (_json.Read()) { } // nothing but blanks may follow; anything else throws
    }

    private void ReadTensor(string name)
    {
        ScalarType? type = null;
        long[]? shape = null, offsets = null;
        while (Next() != JsonTokenType.EndObject)
        {
            string key = _json.GetString()!;
            if (key == "dtype" && type is null)
                type = ReadType();
            else if (key == "shape" && shape is null)
                shape = ReadNumbers(key, WeightEntry.MaxDimensions);
            else if (key == "data_offsets" && offsets is null)
                offsets = ReadNumbers(key, 2);
            else
                throw Bad($"has the key '{WeightFile.Printable(key)}'; "
                    + "expected dtype, shape and data_offsets, once each");
        }
        if (type is null || shape is null || offsets is not [long start, long end])
            throw Bad("expected dtype, shape and data_offsets, the last with a start and an end");

        long count = WeightEntry.Count(shape) ?? throw Bad($"has the shape {TensorShape.Text(shape)}, which no file can hold");
        if (start > end || end > _dataLength)
            throw Bad($"lies at bytes {start:N0} to {end:N0} of {_dataLength:N0}: the file is truncated or its header wrong");
        if (count > _dataLength || count * WeightEntry.SizeOf(type.Value) != end - start)
            throw Bad($"has {end - start:N0} bytes, which shape {TensorShape.Text(shape)} of {type} does not need");
        _places.Add((start, end, name));
        _entries.Add(new()
        {
            Name = name,
            Type = type.Value,
            Shape = shape,
            Offset = _dataStart + start,
            StoredElements = count,
        });
    }

    private ScalarType ReadType()
    {
        Expect(JsonTokenType.String, "a text as dtype");
        string type = _json.GetString()!;
        return SafetensorsFile.TypeOf(type) ?? throw Bad($"has the dtype '{WeightFile.Printable(type)}'; "
            + "expected BOOL, U8, I8, I16, I32, I64, F16, BF16, F32 or F64");
    }

    private long[] ReadNumbers(string key, int most)
    {
        Expect(JsonTokenType.StartArray, $"an array as {key}");
        Span<long> numbers = stackalloc long[WeightEntry.MaxDimensions];
        int count = 0;
        while (Next() != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out long number) || number < 0 || count == most)
                throw Bad($"expected at most {most} whole numbers, none below 0, as {key}");
            numbers[count++] = number;
        }
        return numbers[..count].ToArray();
    }

    /// <summary>The tensors must fill the rest of the file, one after the other.</summary>
    private readonly void CheckPlaces()
    {
        _places.Sort();
        long last = 0;
        foreach ((long start, long end, string name) in _places)
        {
            if (start < last)
                throw WeightFile.Error(_path, name, $"starts at byte {start:N0}, inside another tensor");
            if (start > last)
                throw WeightFile.Error(_path, name, $"starts at byte {start:N0}, and bytes {last:N0} to {start:N0} belong to no tensor");
            last = end;
        }
        if (last != _dataLength)
            throw WeightFile.Error(_path, null, $"has {_dataLength:N0} bytes after its header; the tensors have {last:N0}");
    }

    private void Expect(JsonTokenType type, string what)
    {
        if (Next() != type)
            throw Bad($"expected {what} in the header, got {_json.TokenType}");
    }

    private JsonTokenType Next() => _json.Read() ? _json.TokenType : throw Bad("the header ends in the middle");

    private readonly IntraDistillException Bad(string problem) => WeightFile.Error(_path, _tensor, problem);

    private static string Place(Exception error) => error is JsonException { BytePositionInLine: long position } json
        ? $" (line {json.LineNumber + 1}, byte {position + 1})"
        : "";
}

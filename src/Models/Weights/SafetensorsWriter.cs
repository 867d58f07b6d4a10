using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Writes tensors in the safetensors format; see <see cref="SafetensorsFile"/>.</summary>
internal static class SafetensorsWriter
{
    private const int BufferSize = 1 << 20;

    /// <summary>Writes all tensors, one after the other, behind a header that is padded to a multiple of 8 bytes.</summary>
    public static void Write(Stream stream, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
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
        MemoryStream header = new();
        using (Utf8JsonWriter json = new(header))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt"); // Hugging Face's loader asks for it
            json.WriteEndObject();
            long at = 0;
            foreach ((string name, Tensor tensor) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", TypeName(tensor.dtype));
                WriteNumbers(json, "shape", tensor.shape);
                WriteNumbers(json, "data_offsets", at, at += tensor.numel() * WeightEntry.SizeOf(tensor.dtype));
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (header.Length % sizeof(long) != 0)
            header.WriteByte((byte)' ');
        return header.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string key, params ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(key);
        foreach (long number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static string TypeName(ScalarType type) => type switch
    {
        ScalarType.Float64 => "F64",
        ScalarType.Float32 => "F32",
        ScalarType.Float16 => "F16",
        ScalarType.BFloat16 => "BF16",
        ScalarType.Bool => "BOOL",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "a floating-point type or Bool was expected"),
    };
}

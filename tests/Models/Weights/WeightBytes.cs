using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>Weight files made in memory, good and bad.</summary>
internal static class WeightBytes
{
    /// <summary>A safetensors file of a header and so many bytes of data, 0, 1, 2, …</summary>
    public static byte[] Safetensors(string header, int dataLength)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var file = new byte[sizeof(long) + json.Length + dataLength];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, sizeof(long));
        for (int i = 0; i < dataLength; i++)
            file[sizeof(long) + json.Length + i] = (byte)i;
        return file;
    }

    /// <summary>A safetensors file of tensors that follow each other.</summary>
    public static byte[] Safetensors(params (string Name, string Type, long[] Shape, byte[] Data)[] tensors)
    {
        StringBuilder header = new("{\"__metadata__\":{\"format\":\"pt\"}");
        int at = 0;
        foreach ((string name, string type, long[] shape, byte[] data) in tensors)
        {
            header.Append($",\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{string.Join(',', shape)}],");
            header.Append($"\"data_offsets\":[{at},{at + data.Length}]}}");
            at += data.Length;
        }
        byte[] file = Safetensors(header.Append('}').ToString(), at);
        tensors.SelectMany(tensor => tensor.Data).ToArray().CopyTo(file, file.Length - at);
        return file;
    }

    public static SafetensorsFile OpenSafetensors(byte[] file) =>
        SafetensorsFile.Read("a.safetensors", new MemoryStream(file, false));

    public static PyTorchFile OpenPyTorch(byte[] file) => PyTorchFile.Read("a.bin", new MemoryStream(file, false));

    /// <summary>A tensor's elements row by row; none for an empty one, which TorchSharp's accessor does not do.</summary>
    public static float[] Floats(Tensor tensor)
    {
        using Tensor rows = tensor.contiguous();
        return MemoryMarshal.Cast<byte, float>(rows.bytes).ToArray();
    }

    /// <summary>An archive as PyTorch lays it out, written by .NET's own zip writer.</summary>
    public static byte[] PyTorch(byte[] pickle, params (string Key, byte[] Data)[] storages) =>
        Zip([("m/data.pkl", pickle), .. storages.Select(storage => ($"m/data/{storage.Key}", storage.Data)),
            ("m/version", "3\n"u8.ToArray())]);

    public static byte[] Zip((string Name, byte[] Data)[] files, CompressionLevel level = CompressionLevel.NoCompression)
    {
        MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] data) in files)
            {
                using Stream entry = archive.CreateEntry(name, level).Open();
                entry.Write(data);
            }
        }
        return stream.ToArray();
    }
}

/// <summary>Writes pickles of protocol 2, opcode by opcode.</summary>
internal sealed class PickleBytes
{
    private readonly List<byte> _bytes = [0x80, 2];

    public byte[] Stop() => [.. _bytes, (byte)'.'];

    public PickleBytes Op(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleBytes Op(char opcode) => Op((byte)opcode);

    public PickleBytes Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Op('X').Op(BitConverter.GetBytes(utf8.Length)).Op(utf8);
    }

    public PickleBytes Global(string module, string name) => Op('c').Op(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));

    public PickleBytes Number(long value) => value is >= int.MinValue and <= int.MaxValue
        ? Op('J').Op(BitConverter.GetBytes((int)value))
        : Op(0x8a, 8).Op(BitConverter.GetBytes(value));

    public PickleBytes Tuple(params long[] numbers)
    {
        Op('(');
        foreach (long number in numbers)
            Number(number);
        return Op('t');
    }

    /// <summary>A tensor as <c>torch.save</c> writes it.</summary>
    public PickleBytes Tensor(string storageType, string key, long elements, long offset, long[] shape, long[] strides) =>
        Global("torch._utils", "_rebuild_tensor_v2").Op('(')
            .Op('(').Text("storage").Global("torch", storageType).Text(key).Text("cpu").Number(elements).Op('t').Op('Q')
            .Number(offset).Tuple(shape).Tuple(strides).Op(0x89).Global("collections", "OrderedDict").Op(')').Op('R')
            .Op('t').Op('R');

    /// <summary>A dictionary of one tensor.</summary>
    public static byte[] Of(
        string name, string storageType, string key, long elements, long offset, long[] shape, long[] strides) =>
        new PickleBytes().Op('}').Text(name).Tensor(storageType, key, elements, offset, shape, strides).Op('s').Stop();
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// The checkpoint format, one file: the magic "IDKCKPT1"; the length of the header, 8 bytes little-endian; the header, JSON in
/// UTF-8, with the trainer's state and the name, type, shape and length of every tensor; the tensors, raw, in that order; and
/// the SHA-256 of all before it. The header is complete, so a reader in another language needs nothing else.
/// </summary>
internal static class CheckpointFile
{
    private const int HashLength = 32;
    private const int BufferSize = 1 << 20;
    private const int MaxHeader = 1 << 28;

    private static readonly JsonSerializerOptions Json =
        new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private static ReadOnlySpan<byte> Magic => "IDKCKPT1"u8;

    private sealed record TensorEntry(string Name, string Type, long[] Shape, long Bytes);

    private sealed record Header(CheckpointState State, TensorEntry[] Tensors);

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <exception cref="CheckpointException">The file cannot be written; nothing is left behind.</exception>
    public static void Write(string path, CheckpointState state, IReadOnlyList<(string Name, Tensor Tensor)> tensors) =>
        AtomicFile.Write(path, file =>
        {
            using var sha = SHA256.Create();
            using (var hashing = new CryptoStream(file, sha, CryptoStreamMode.Write, leaveOpen: true))
                WriteContent(hashing, state, tensors);
            file.Write(sha.Hash!);
        }, error => new CheckpointException(path, $"cannot be written: {error.Message}", error), held: true);

    /// <summary>Reads a file after checking it. The tensors are on the CPU and belong to the current dispose scope.</summary>
    /// <exception cref="CheckpointException">The file is truncated, corrupted, not a checkpoint or cannot be read.</exception>
    public static (CheckpointState State, Dictionary<string, Tensor> Tensors) Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize);
            var header = ReadHeader(path, file);
            CheckHash(path, file);
            var tensors = new Dictionary<string, Tensor>();
            foreach (var entry in header.Tensors)
            {
                var value = empty(entry.Shape, Enum.Parse<ScalarType>(entry.Type), CPU);
                value.ReadBytesFromStream(file, BufferSize);
                tensors.Add(entry.Name, value);
            }
            return (header.State, tensors);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"cannot be read: {error.Message}", error);
        }
    }

    private static void WriteContent(Stream stream, CheckpointState state, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        var entries = tensors.Select(pair => new TensorEntry(pair.Name, pair.Tensor.dtype.ToString(), pair.Tensor.shape,
            pair.Tensor.NumberOfElements * pair.Tensor.ElementSize)).ToArray();
        var header = JsonSerializer.SerializeToUtf8Bytes(new Header(state, entries), Json);
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(Magic);
        stream.Write(length);
        stream.Write(header);
        foreach (var (_, tensor) in tensors)
        {
            using var scope = NewDisposeScope();
            tensor.detach().cpu().contiguous().WriteBytesToStream(stream, BufferSize);
        }
    }

    /// <summary>Reads the header, checks that the file is as long as it says, and leaves the file at the first tensor.</summary>
    private static Header ReadHeader(string path, FileStream file)
    {
        var start = new byte[Magic.Length + sizeof(long)];
        if (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length)
            throw new CheckpointException(path, $"is truncated: it has only {file.Length:N0} bytes.");
        if (!start.AsSpan(0, Magic.Length).SequenceEqual(Magic))
            throw new CheckpointException(path, "is not a checkpoint of this kit: its first bytes are not IDKCKPT1.");
        long length = BinaryPrimitives.ReadInt64LittleEndian(start.AsSpan(Magic.Length));
        if (length is <= 0 or > MaxHeader)
            throw new CheckpointException(path, $"is corrupted: a header of {length:N0} bytes cannot be.");
        var bytes = new byte[length];
        if (file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw new CheckpointException(path, $"is truncated: it has only {file.Length:N0} bytes.");

        Header header;
        try
        {
            header = JsonSerializer.Deserialize<Header>(bytes, Json)!;
            if (header?.State is null || header.Tensors is null) throw new JsonException("State or Tensors is missing");
        }
        catch (JsonException error)
        {
            throw new CheckpointException(path, $"is corrupted: its header is no valid JSON ({error.Message}).", error);
        }
        long expected = start.Length + length + header.Tensors.Sum(entry => entry.Bytes) + HashLength;
        if (file.Length != expected)
        {
            throw new CheckpointException(path, file.Length < expected
                ? $"is truncated: it has {file.Length:N0} of {expected:N0} bytes."
                : $"is corrupted: it has {file.Length:N0} bytes where {expected:N0} were expected.");
        }
        return header;
    }

    private static void CheckHash(string path, FileStream file)
    {
        long first = file.Position;
        file.Position = 0;
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferSize];
        for (long left = file.Length - HashLength; left > 0;)
        {
            int count = file.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (count == 0) throw new EndOfStreamException();
            sha.AppendData(buffer, 0, count);
            left -= count;
        }
        var stored = new byte[HashLength];
        file.ReadExactly(stored);
        if (!sha.GetHashAndReset().AsSpan().SequenceEqual(stored))
            throw new CheckpointException(path, "is corrupted: its SHA-256 does not match its content.");
        file.Position = first;
    }
}

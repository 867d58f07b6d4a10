using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Everything of a run that is not a tensor. Goes into the header of its checkpoint.</summary>
internal sealed record CheckpointState(long Update, int Epoch, int Position, int EpochBatches, long EpochTokens, TimeSpan TrainingTime,
    long PeakMemory, long[] OptimizerSteps, ValidationPoint[] Validations, Dictionary<string, string> Settings);

/// <summary>What of a run a checkpoint is made of, and how it is put back. Nothing is changed unless all of it fits.</summary>
internal sealed class Checkpoint(TrainerSettings settings, nn.Module model, TrainerOptimizer optimizer, TrainingHistory history,
    KeptWeights kept)
{
    private const string Weights = "weights/", Optimizer = "optimizer/", Kept = "kept/", History = "history";

    public void Save(string file, CheckpointState state)
    {
        using var scope = NewDisposeScope();
        CheckpointFile.Write(file, state,
            [.. Targets(), .. kept.Tensors().Select(pair => (Kept + pair.Name, pair.Tensor)), (History, history.UpdatesTensor())]);
    }

    /// <summary>Puts a checkpoint's tensors and history back and returns the rest of it. Before anything is changed, <c>check</c> is
    /// called with that, to throw if it does not fit.</summary>
    public CheckpointState Restore(string file, Action<CheckpointState> check)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (state, stored) = CheckpointFile.Read(file);
        CheckSettings(file, state.Settings);
        var targets = Targets();
        CheckTensors(file, stored, targets);
        check(state);

        kept.Restore(stored, Kept);
        foreach (var (name, tensor) in targets) tensor.copy_(stored[name]);
        optimizer.Steps = state.OptimizerSteps;
        history.Restore(stored[History], state.Validations);
        return state;
    }

    // The optimizer's state has the shapes of the weights: compared first, the weights give the error a person understands.
    private List<(string Name, Tensor Tensor)> Targets() =>
    [
        .. WeightSnapshot.Of(model).Select(pair => (Weights + pair.Name, pair.Tensor)),
        .. optimizer.StateTensors().Select(pair => (Optimizer + pair.Name, pair.Tensor)),
    ];

    private void CheckSettings(string file, Dictionary<string, string> stored)
    {
        var current = settings.Fingerprint();
        foreach (string name in stored.Keys.Union(current.Keys))
        {
            string was = stored.GetValueOrDefault(name, "unset"), now = current.GetValueOrDefault(name, "unset");
            if (was != now) throw CheckpointException.OfAnother(file, $"{name} = {was}, and this run has {name} = {now}.");
        }
    }

    private static void CheckTensors(string file, Dictionary<string, Tensor> stored, List<(string Name, Tensor Tensor)> targets)
    {
        foreach (var (name, tensor) in targets)
        {
            if (!stored.TryGetValue(name, out var value)) throw CheckpointException.OfAnother(file, $"another model: it has no {name}.");
            if (Describe(value) != Describe(tensor))
                throw CheckpointException.OfAnother(file, $"another model: {name} is {Describe(value)} in it and {Describe(tensor)} here.");
        }
        string? extra = stored.Keys.Except(targets.Select(target => target.Name))
            .FirstOrDefault(name => name.StartsWith(Weights, StringComparison.Ordinal));
        if (extra is not null) throw CheckpointException.OfAnother(file, $"another model: {extra} in it is not here.");
    }

    private static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]";
}

/// <summary>The checkpoint format, one file: the magic "IDKCKPT1"; the length of the header, 8 bytes little-endian; the header, JSON in
/// UTF-8, with the trainer's state and the name, type, shape and length of every tensor; the tensors, raw, in that order; and
/// the SHA-256 of all before it. The header is complete, so a reader in another language needs nothing else.</summary>
internal static class CheckpointFile
{
    private const int HashLength = 32, BufferSize = 1 << 20, MaxHeader = 1 << 28;

    private static readonly JsonSerializerOptions s_json =
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
        byte[] header = JsonSerializer.SerializeToUtf8Bytes(new Header(state, entries), s_json), length = new byte[sizeof(long)];
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
        byte[] start = Next(Magic.Length + sizeof(long));
        if (!start.AsSpan().StartsWith(Magic))
            throw new CheckpointException(path, "is not a checkpoint of this kit: its first bytes are not IDKCKPT1.");
        long length = BinaryPrimitives.ReadInt64LittleEndian(start.AsSpan(Magic.Length));
        if (length is <= 0 or > MaxHeader)
            throw new CheckpointException(path, $"is corrupted: a header of {length:N0} bytes cannot be.");
        Header header;
        try
        {
            header = JsonSerializer.Deserialize<Header>(Next((int)length), s_json)!;
            if (header?.State is null || header.Tensors is null) throw new JsonException("State or Tensors is missing");
        }
        catch (JsonException error)
        {
            throw new CheckpointException(path, $"is corrupted: its header is no valid JSON ({error.Message}).", error);
        }
        long expected = file.Position + header.Tensors.Sum(entry => entry.Bytes) + HashLength;
        if (file.Length < expected) throw new CheckpointException(path, $"is truncated: it has {file.Length:N0} of {expected:N0} bytes.");
        if (file.Length > expected)
            throw new CheckpointException(path, $"is corrupted: it has {file.Length:N0} bytes where {expected:N0} were expected.");
        return header;

        byte[] Next(int count)
        {
            var bytes = new byte[count];
            return file.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count ? bytes
                : throw new CheckpointException(path, $"is truncated: it has only {file.Length:N0} bytes.");
        }
    }

    private static void CheckHash(string path, FileStream file)
    {
        long first = file.Position;
        file.Position = 0;
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferSize];
        for (long left = file.Length - HashLength; left > 0;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            file.ReadExactly(part);
            sha.AppendData(part);
            left -= part.Length;
        }
        var stored = new byte[HashLength];
        file.ReadExactly(stored);
        if (!sha.GetHashAndReset().SequenceEqual(stored))
            throw new CheckpointException(path, "is corrupted: its SHA-256 does not match its content.");
        file.Position = first;
    }
}

/// <summary>The checkpoints of one run in their folder: <c>update-0000001000.checkpoint</c>, the last two of them.</summary>
internal sealed class CheckpointFolder(string folder)
{
    private const string Prefix = "update-", Extension = ".checkpoint";

    private readonly string _path = Path.GetFullPath(folder);
    private string? _last, _previous;

    /// <summary>All checkpoints, the newest first.</summary>
    public IReadOnlyList<string> Files() => !Directory.Exists(_path) ? [] :
    [
        .. Directory.EnumerateFiles(_path, $"{Prefix}*{Extension}")
            .Where(file => Path.GetFileNameWithoutExtension(file)[Prefix.Length..].All(char.IsAsciiDigit))
            .OrderByDescending(file => file, StringComparer.Ordinal),
    ];

    /// <summary>The newest checkpoint.</summary>
    public string? Newest => Files().FirstOrDefault();

    /// <summary>The path of the checkpoint after an update.</summary>
    public string FileAt(long update) =>
        Path.Combine(_path, Prefix + update.ToString("0000000000", CultureInfo.InvariantCulture) + Extension);

    /// <summary>Takes note of a checkpoint that was written or resumed from. It and the good one before it stay.</summary>
    public void Accept(string file)
    {
        if (file != _last) (_previous, _last) = (_last, file);
    }

    /// <summary>Deletes the others, and what a killed process left of one.</summary>
    public void Prune()
    {
        foreach (string other in Files().Where(other => other != _last && other != _previous)
            .Concat(Directory.EnumerateFiles(_path, $"{Prefix}*{Extension}{AtomicFile.Temporary}")))
        {
            try
            {
                File.Delete(other);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // A checkpoint too many does no harm; the next call tries again.
            }
        }
    }
}

/// <summary>A checkpoint cannot be written, is truncated, corrupted or no checkpoint; or is in order but of something else.</summary>
internal sealed class CheckpointException(string file, string problem, Exception? inner = null)
    : IntraDistillException($"Checkpoint {file}: {problem}", inner!)
{
    /// <summary>Whether it is in order, but was made with other settings, another model or other data.</summary>
    public bool IsOfAnother { get; private init; }

    public static CheckpointException OfAnother(string file, string what) => new(file, $"was made with {what}") { IsOfAnother = true };
}

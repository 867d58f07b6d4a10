using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Everything of a run that is not a tensor. Goes into the header of its checkpoint.</summary>
internal sealed record CheckpointState(
    long Update,
    int Epoch,
    int Position,
    int EpochBatches,
    long EpochTokens,
    TimeSpan TrainingTime,
    long PeakMemory,
    long[] OptimizerSteps,
    ValidationPoint[] Validations,
    Dictionary<string, string> Settings);

/// <summary>What a checkpoint is made of, and how it is put back. Nothing is changed unless all of it fits.</summary>
internal static class Checkpoint
{
    private const string Weights = "weights/", Optimizer = "optimizer/", Kept = "kept/", History = "history";

    public static void Save(string file, CheckpointState state, nn.Module model, TrainerOptimizer optimizer,
        TrainingHistory history, KeptWeights kept)
    {
        using var scope = NewDisposeScope();
        CheckpointFile.Write(file, state,
        [
            .. WeightSnapshot.Of(model).Select(pair => (Weights + pair.Name, pair.Tensor)),
            .. optimizer.StateTensors().Select(pair => (Optimizer + pair.Name, pair.Tensor)),
            .. kept.Tensors().Select(pair => (Kept + pair.Name, pair.Tensor)),
            (History, history.UpdatesTensor()),
        ]);
    }

    /// <summary>
    /// Puts a checkpoint's tensors and history back and returns the rest of it. Before anything is changed, <c>check</c> is
    /// called with that, to throw if it does not fit. <c>kept</c> takes the weights that the rules keep.
    /// </summary>
    public static CheckpointState Restore(string file, TrainerSettings settings, nn.Module model, TrainerOptimizer optimizer,
        TrainingHistory history, KeptWeights kept, Action<CheckpointState> check)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (state, stored) = CheckpointFile.Read(file);
        CheckSettings(file, state.Settings, settings.Fingerprint());
        // The optimizer's state has the shapes of the weights: compared first, the weights give the error a person understands.
        var targets = WeightSnapshot.Of(model).Select(pair => (Name: Weights + pair.Name, pair.Tensor))
            .Concat(optimizer.StateTensors().Select(pair => (Name: Optimizer + pair.Name, pair.Tensor))).ToList();
        CheckTensors(file, stored, targets);
        check(state);

        kept.Restore(stored, Kept);
        foreach (var (name, tensor) in targets) tensor.copy_(stored[name]);
        optimizer.Steps = state.OptimizerSteps;
        history.Restore(stored[History], state.Validations, settings);
        return state;
    }

    private static void CheckSettings(string file, Dictionary<string, string> stored, IReadOnlyDictionary<string, string> current)
    {
        foreach (string name in stored.Keys.Union(current.Keys))
        {
            string? was = stored.GetValueOrDefault(name), now = current.GetValueOrDefault(name);
            if (was != now)
            {
                throw new CheckpointException(file,
                    $"was made with {name} = {was ?? "unset"}, and this run has {name} = {now ?? "unset"}.") { IsOfAnother = true };
            }
        }
    }

    private static void CheckTensors(string file, Dictionary<string, Tensor> stored, List<(string Name, Tensor Tensor)> targets)
    {
        foreach (var (name, tensor) in targets)
        {
            if (!stored.TryGetValue(name, out var value))
                throw new CheckpointException(file, $"was made with another model: it has no {name}.") { IsOfAnother = true };
            if (Describe(value) != Describe(tensor))
            {
                throw new CheckpointException(file,
                    $"was made with another model: {name} is {Describe(value)} in it and {Describe(tensor)} here.") { IsOfAnother = true };
            }
        }
        var known = targets.Select(target => target.Name).ToHashSet();
        string? extra = stored.Keys
            .FirstOrDefault(name => name.StartsWith(Weights, StringComparison.Ordinal) && !known.Contains(name));
        if (extra is not null)
            throw new CheckpointException(file, $"was made with another model: {extra} in it is not here.") { IsOfAnother = true };
    }

    private static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]";
}

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
    /// <exception cref="IntraDistillException">The file cannot be written; nothing is left behind.</exception>
    public static void Write(string path, CheckpointState state, IReadOnlyList<(string Name, Tensor Tensor)> tensors) =>
        AtomicFile.Write(path, file =>
        {
            using var sha = SHA256.Create();
            using (var hashing = new CryptoStream(file, sha, CryptoStreamMode.Write, leaveOpen: true))
                WriteContent(hashing, state, tensors);
            file.Write(sha.Hash!);
        }, error => new CheckpointException(path, $"cannot be written: {error.Message}", error), held: true);

    /// <summary>Reads a file after checking it. The tensors are on the CPU and belong to the current dispose scope.</summary>
    /// <exception cref="IntraDistillException">The file is truncated, corrupted, not a checkpoint or cannot be read.</exception>
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

/// <summary>The checkpoints of one run in their folder: <c>update-0000001000.checkpoint</c>, the last two of them.</summary>
internal sealed class CheckpointFolder(string folder)
{
    private const string Prefix = "update-";
    private const string Extension = ".checkpoint";

    private string? _last;
    private string? _previous;

    public string Path { get; } = System.IO.Path.GetFullPath(folder);

    /// <summary>All checkpoints, the newest first.</summary>
    public IReadOnlyList<string> Files()
    {
        if (!Directory.Exists(Path)) return [];
        return [.. Directory.EnumerateFiles(Path, Prefix + "*" + Extension)
            .Where(file => long.TryParse(System.IO.Path.GetFileNameWithoutExtension(file)[Prefix.Length..],
                NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .OrderByDescending(file => file, StringComparer.Ordinal)];
    }

    /// <summary>The path of the checkpoint after an update.</summary>
    public string FileAt(long update) =>
        System.IO.Path.Combine(Path, Prefix + update.ToString("0000000000", CultureInfo.InvariantCulture) + Extension);

    /// <summary>
    /// Takes note of a checkpoint that was written or resumed from. It and the good one before it stay; the others, and what
    /// a killed process left of one, go at the next one written.
    /// </summary>
    public void Accept(string file, bool prune)
    {
        if (file != _last) (_previous, _last) = (_last, file);
        if (!prune) return;
        var old = Files().Where(other => other != _last && other != _previous)
            .Concat(Directory.EnumerateFiles(Path, Prefix + "*" + Extension + ".tmp"));
        foreach (string other in old)
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

/// <summary>A copy of a model's parameters and buffers in host memory.</summary>
internal sealed class WeightSnapshot : IDisposable
{
    private readonly List<(string Name, Tensor Tensor)> _tensors = [];

    /// <summary>The copies, by the name of the parameter or buffer.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> Tensors => _tensors;

    /// <summary>A model's own parameters and buffers, each once, in order.</summary>
    public static IEnumerable<(string Name, Tensor Tensor)> Of(nn.Module model) =>
        model.named_parameters().Select(pair => (pair.name, (Tensor)pair.parameter))
            .Concat(model.named_buffers().Select(pair => (pair.name, pair.buffer)));

    /// <summary>Copies the model's weights, over an earlier copy if there is one.</summary>
    public void Take(nn.Module model) => Take(Of(model));

    /// <summary>Copies weights, over an earlier copy of the same ones if there is one.</summary>
    public void Take(IEnumerable<(string Name, Tensor Tensor)> weights)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (_tensors.Count == 0)
        {
            _tensors.AddRange(weights.Select(pair =>
                (pair.Name, zeros(pair.Tensor.shape, pair.Tensor.dtype, CPU).DetachFromDisposeScope())));
        }
        foreach (var ((_, copy), (_, weight)) in _tensors.Zip(weights)) copy.copy_(weight.detach());
    }

    /// <summary>Writes the copies into the model.</summary>
    public void Restore(nn.Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var ((_, copy), (_, weight)) in _tensors.Zip(Of(model))) weight.copy_(copy);
    }

    /// <summary>Writes the mean of several copies into the model. What is no floating-point number is that of the last.</summary>
    public static void RestoreMean(IReadOnlyList<WeightSnapshot> copies, nn.Module model)
    {
        using var noGrad = no_grad();
        int i = 0;
        foreach (var (_, weight) in Of(model))
        {
            using var scope = NewDisposeScope();
            Tensor[] values = [.. copies.Select(copy => copy._tensors[i].Tensor)];
            weight.copy_(weight.is_floating_point() ? stack(values.Select(value => value.to(float64))).mean([0]) : values[^1]);
            i++;
        }
    }

    /// <summary>Runs an action that may change the weights, in evaluation mode; then the model is as it was.</summary>
    public static T Around<T>(nn.Module model, Func<T> action)
    {
        using var last = new WeightSnapshot();
        last.Take(model);
        bool training = model.training;
        try
        {
            model.eval();
            return action();
        }
        finally
        {
            last.Restore(model);
            model.train(training);
        }
    }

    public void Dispose() => _tensors.ForEach(pair => pair.Tensor.Dispose());
}

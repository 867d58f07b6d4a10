using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>What became of a checkpoint's weights and of a model's parameters.</summary>
public sealed record LoadedWeights : KitRecord
{
    /// <summary>The files that were read.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>The model's parameters that have the checkpoint's values now.</summary>
    public required IReadOnlyList<string> Loaded { get; init; }

    /// <summary>The model's parameters that the checkpoint does not have, and that keep their values: the whole head (or pooler) of a model
    /// that is to be fine-tuned. Empty when a fine-tuned checkpoint is read whole.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>The checkpoint's tensors that the model has no place for: a head (or pooler) for another task.</summary>
    public required IReadOnlyList<string> Unused { get; init; }
}

/// <summary>Weights of checkpoints in Hugging Face's layout: <c>model.safetensors</c> or <c>pytorch_model.bin</c>, whole or in parts, are
/// read; <c>model.safetensors</c> is written.</summary>
/// <remarks>What differs between checkpoints and does no harm is accepted: the encoder's names with and without <c>bert.</c> or
/// <c>roberta.</c>, <c>gamma</c> and <c>beta</c> for a normalization's weight and bias, the buffer <c>position_ids</c>, the
/// masked language model's output weight that the embeddings hold already, and 16- and 64-bit floating-point numbers. A head
/// and a pooler are in the checkpoint whole or not at all. Anything else is an error, and the model is then as it was.</remarks>
public static class HuggingFaceWeights
{
    // What is read of a checkpoint beside its weights: settings and tokenizer.
    private static readonly string[] s_smallFiles =
        [BertConfigFile.Name, "vocab.txt", "tokenizer_config.json", "vocab.json", "merges.txt", "sentencepiece.bpe.model"];

    /// <summary>Copies a checkpoint's weights into a model.</summary>
    /// <param name="model">A <see cref="BertEncoder"/> or an <see cref="IBertModel"/>, on any device.</param>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <returns>What was loaded, and what was not: to be looked at, as a model with a new head knows nothing of its task.</returns>
    /// <exception cref="IntraDistillException">There are no weights, a file is broken, or a tensor is missing, unknown or of another shape
    /// than the model's.</exception>
    /// <exception cref="ArgumentException">The model is of another kind.</exception>
    public static LoadedWeights LoadInto(nn.Module model, string folder)
    {
        BertSettings settings = SettingsOf(model);
        using WeightFolder weights = WeightFolder.Open(folder);
        WeightMatch match = new(weights, settings.EncoderName, model.named_parameters());
        using var scope = NewDisposeScope(); // copy_ gives out another handle
        using var noGrad = no_grad();
        foreach ((_, Parameter parameter, WeightEntry entry, WeightFile file) in match.Pairs)
        {
            using Tensor value = file.Read(entry.Name);
            parameter.copy_(value);
        }
        string[] loaded = [.. match.Pairs.Select(pair => pair.Name)];
        return new() { Files = [.. weights.Files], Loaded = loaded, Missing = match.Missing, Unused = match.Unused };
    }

    /// <summary>Writes a model as a checkpoint, <c>config.json</c> and <c>model.safetensors</c>: for <see cref="LoadInto"/> and
    /// <see cref="BertSettings.Load"/>, and for Hugging Face's own readers.</summary>
    /// <param name="model">A <see cref="BertEncoder"/> or an <see cref="IBertModel"/>, on any device.</param>
    /// <param name="folder">Where to; made if it is not there. Files of these names are replaced, each whole.</param>
    /// <exception cref="IntraDistillException">A file cannot be written.</exception>
    /// <exception cref="ArgumentException">The model is of another kind.</exception>
    public static void Save(nn.Module model, string folder)
    {
        BertSettings settings = SettingsOf(model);
        (string, Tensor)[] weights = [.. model.named_parameters().Select(pair => (pair.name, (Tensor)pair.parameter))];
        SafetensorsFile.Write(Path.Combine(folder, WeightFolder.Safetensors), weights);
        WeightFile.Replace(Path.Combine(folder, BertConfigFile.Name), stream => BertConfigFile.Write(stream, settings));
    }

    /// <summary>The name of a checkpoint: that of its folder.</summary>
    public static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));

    /// <summary>The first 12 hexadecimal digits of a SHA-256 over names and contents of the files that a checkpoint is read from: settings,
    /// weights (with the index of their parts) and tokenizer; other files in its folder do not count. For a run's config: folders of the
    /// same name may hold different checkpoints, and equal ones lie under many names. Reads the weights through, about a gigabyte a
    /// second.</summary>
    /// <exception cref="IntraDistillException">There are no weights, or a file cannot be read.</exception>
    public static string Fingerprint(string folder)
    {
        string[] paths = [.. s_smallFiles.Select(name => Path.Combine(folder, name)).Where(File.Exists)];
        using (WeightFolder weights = WeightFolder.Open(folder))
            paths = [.. paths, weights.Path, .. weights.Files];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        foreach (string path in paths.Distinct().Order(StringComparer.Ordinal))
        {
            using FileStream file = ReadFile.Of(path, () => File.OpenRead(path));
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(path)}\0{file.Length}\0"));
            while (ReadFile.Of(path, () => file.Read(buffer)) is > 0 and int count)
                hash.AppendData(buffer, 0, count);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }

    private static BertSettings SettingsOf(nn.Module model) => model switch
    {
        BertEncoder encoder => encoder.Settings,
        IBertModel { Encoder: var encoder } => encoder.Settings,
        _ => throw new ArgumentException($"a {nameof(BertEncoder)} or a model with one was expected, not a {model.GetType().Name}"),
    };
}

/// <summary>The weights of a folder in Hugging Face's layout, open for reading: one file, or several with an index that says which tensor
/// is in which. Safetensors come before PyTorch's format.</summary>
internal sealed class WeightFolder : IDisposable
{
    public const string Safetensors = "model.safetensors";

    private static readonly (string Name, Func<string, WeightFile> Open)[] s_formats =
        [(Safetensors, SafetensorsFile.Open), ("pytorch_model.bin", PyTorchFile.Open)];

    private readonly Dictionary<string, WeightFile> _files = new(StringComparer.Ordinal);

    private WeightFolder(string path) => Path = path;

    /// <summary>The file, or the index of several.</summary>
    public string Path { get; }

    public IEnumerable<string> Files => _files.Values.Select(file => file.Path);

    /// <summary>Every tensor and the file that has it.</summary>
    public IEnumerable<(WeightEntry Entry, WeightFile File)> Tensors =>
        _files.Values.SelectMany(file => file.Tensors.Values.Select(entry => (entry, file)));

    /// <exception cref="IntraDistillException">There are none, or a file is broken, or the index is not true of the files.</exception>
    public static WeightFolder Open(string folder)
    {
        foreach ((string name, Func<string, WeightFile> open) in s_formats)
        {
            string single = System.IO.Path.Combine(folder, name), index = single + ".index.json";
            bool sharded = !File.Exists(single);
            if (sharded && !File.Exists(index))
                continue;
            WeightFolder weights = new(sharded ? index : single);
            try
            {
                if (sharded)
                    weights.OpenShards(folder, open);
                else
                    weights._files.Add(name, open(single));
                return weights;
            }
            catch
            {
                weights.Dispose();
                throw;
            }
        }
        throw WeightFile.Error(folder, null,
            $"has no weights; expected {string.Join(" or ", s_formats.Select(format => format.Name))}, or an index of parts");
    }

    public void Dispose()
    {
        foreach (WeightFile file in _files.Values)
            file.Dispose();
    }

    private void OpenShards(string folder, Func<string, WeightFile> open)
    {
        Dictionary<string, string> map = ReadIndex();
        foreach (string shard in map.Values.Distinct(StringComparer.Ordinal))
        {
            // A name with a folder in it could reach any file of the machine.
            if (shard.AsSpan().IndexOfAny("/\\:") >= 0 || shard is "" or "." or "..")
                throw WeightFile.Error(Path, null, $"names the part '{WeightFile.Printable(shard)}'; expected a file of the same folder");
            _files.Add(shard, open(System.IO.Path.Combine(folder, shard)));
        }
        foreach ((string tensor, string shard) in map)
            if (!_files[shard].Tensors.ContainsKey(tensor))
                throw WeightFile.Error(_files[shard].Path, tensor, $"is not in the file where {Path} has it");
        foreach ((string shard, WeightFile file) in _files)
            foreach (string tensor in file.Tensors.Keys)
                if (map.GetValueOrDefault(tensor) != shard)
                    throw WeightFile.Error(file.Path, tensor, $"is in the file, but {Path} does not have it there");
    }

    private Dictionary<string, string> ReadIndex()
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        try
        {
            using JsonDocument index = JsonDocument.Parse(ReadFile.Bytes(Path));
            if (index.RootElement.ValueKind != JsonValueKind.Object
                || !index.RootElement.TryGetProperty("weight_map", out JsonElement entries)
                || entries.ValueKind != JsonValueKind.Object)
                throw WeightFile.Error(Path, null, "has no weight_map; expected the file of each tensor");
            foreach (JsonProperty entry in entries.EnumerateObject())
            {
                if (entry.Value.ValueKind != JsonValueKind.String || !map.TryAdd(entry.Name, entry.Value.GetString()!))
                    throw WeightFile.Error(Path, entry.Name, "expected the name of one file in weight_map");
            }
            return map;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException) // the latter for bad UTF-8 in a text
        {
            throw WeightFile.Error(Path, null, "is no valid JSON", error);
        }
    }
}

/// <summary>Which tensor of a checkpoint belongs to which parameter of a model. Both are compared without the encoder's name in front. The
/// encoder must be there whole; every other part (pooler, heads) whole or not at all.</summary>
internal sealed class WeightMatch
{
    private static readonly string[] s_parts =
        ["pooler", "classifier", "qa_outputs", "lm_head", "cls.predictions", "cls.seq_relationship"];
    private static readonly string[] s_buffers = ["embeddings.position_ids", "embeddings.token_type_ids"];

    // What an output shares, and what it is under the name of the output itself.
    private static readonly (string Alias, string Name)[] s_shared =
    [
        ("cls.predictions.decoder.weight", "embeddings.word_embeddings.weight"),
        ("cls.predictions.decoder.bias", "cls.predictions.bias"),
        ("lm_head.decoder.weight", "embeddings.word_embeddings.weight"),
        ("lm_head.decoder.bias", "lm_head.bias"),
    ];

    private readonly string _prefix;
    private readonly Dictionary<string, (string Name, Parameter Parameter)> _wanted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (WeightEntry Entry, WeightFile File)> _found = new(StringComparer.Ordinal);

    /// <exception cref="IntraDistillException">They do not fit each other.</exception>
    public WeightMatch(WeightFolder weights, string encoderName, IEnumerable<(string name, Parameter parameter)> parameters)
    {
        _prefix = encoderName + '.';
        foreach ((string name, Parameter parameter) in parameters)
            _wanted.Add(WithoutPrefix(name), (name, parameter));
        foreach ((WeightEntry entry, WeightFile file) in weights.Tensors)
        {
            string name = Canonical(entry.Name);
            if (!s_buffers.Contains(name) && !_found.TryAdd(name, (entry, file)))
                throw WeightFile.Error(file.Path, entry.Name, "is in the checkpoint under another name as well");
        }
        ResolveShared();

        HashSet<string> present = [.. _wanted.Keys.Where(_found.ContainsKey).Select(Part)];
        foreach ((string name, (string own, Parameter parameter)) in _wanted)
        {
            if (_found.Remove(name, out var found))
                Pair(own, parameter, found.Entry, found.File);
            else if (Part(name) is "" || present.Contains(Part(name)))
                throw WeightFile.Error(weights.Path, own, "is not in the checkpoint, and the model needs it");
            else
                Missing.Add(own);
        }
        foreach ((string name, (WeightEntry entry, WeightFile file)) in _found)
        {
            if (Part(name) is "" || present.Contains(Part(name)))
                throw WeightFile.Error(file.Path, entry.Name, "is unknown: the model has no such parameter");
            Unused.Add(entry.Name);
        }
    }

    /// <summary>Each parameter that is in the checkpoint, and the tensor it is to have.</summary>
    public List<(string Name, Parameter Parameter, WeightEntry Entry, WeightFile File)> Pairs { get; } = [];

    /// <summary>The model's parameters that the checkpoint does not have.</summary>
    public List<string> Missing { get; } = [];

    /// <summary>The checkpoint's tensors that the model does not have.</summary>
    public List<string> Unused { get; } = [];

    private void Pair(string own, Parameter parameter, WeightEntry entry, WeightFile file)
    {
        CheckShape(entry, file, parameter);
        if (entry.Type is not (ScalarType.Float32 or ScalarType.Float64 or ScalarType.Float16 or ScalarType.BFloat16))
            throw WeightFile.Error(file.Path, entry.Name, $"is of type {entry.Type}; expected floating-point numbers");
        Pairs.Add((own, parameter, entry, file));
    }

    /// <summary>What an output shares with another parameter is taken from there, and from here only where it is not there.</summary>
    private void ResolveShared()
    {
        foreach ((string alias, string name) in s_shared)
        {
            if (!_wanted.Keys.Any(wanted => Part(wanted) == Part(alias)) || !_found.Remove(alias, out var found))
                continue;
            if (!_found.TryAdd(name, found))
                CheckShape(found.Entry, found.File, _wanted[name].Parameter);
        }
    }

    private static void CheckShape(WeightEntry entry, WeightFile file, Parameter parameter)
    {
        if (!entry.Shape.SequenceEqual(parameter.shape))
            throw WeightFile.Error(file.Path, entry.Name,
                $"has the shape {TensorShape.Text([.. entry.Shape])}; the model's is {parameter.Text()}");
    }

    /// <summary>The part of a model that a name belongs to; empty for the encoder's own and for unknown names.</summary>
    private static string Part(string name) =>
        s_parts.FirstOrDefault(part => name.StartsWith(part + '.', StringComparison.Ordinal)) ?? "";

    // Old checkpoints have names of their own for a normalization's weight and bias.
    private string Canonical(string name) =>
        WithoutPrefix(name.Replace("LayerNorm.gamma", "LayerNorm.weight").Replace("LayerNorm.beta", "LayerNorm.bias"));

    private string WithoutPrefix(string name) =>
        name.StartsWith(_prefix, StringComparison.Ordinal) ? name[_prefix.Length..] : name;
}

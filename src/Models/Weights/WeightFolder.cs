using System.Text.Json;

namespace IntraDistill;

/// <summary>
/// The weights of a folder in Hugging Face's layout, open for reading: one file, or several with an index that says which
/// tensor is in which. Safetensors come before PyTorch's format.
/// </summary>
internal sealed class WeightFolder : IDisposable
{
    public const string Safetensors = "model.safetensors";

    private static readonly (string Name, Func<string, WeightFile> Open)[] s_formats =
    [
        (Safetensors, SafetensorsFile.Open),
        ("pytorch_model.bin", PyTorchFile.Open),
    ];

    private readonly Dictionary<string, WeightFile> _files = new(StringComparer.Ordinal);

    private WeightFolder(string path) => Path = path;

    /// <summary>The file, or the index of several.</summary>
    public string Path { get; }

    /// <summary>The files.</summary>
    public IEnumerable<string> Files => _files.Values.Select(file => file.Path);

    /// <summary>Every tensor and the file that has it.</summary>
    public IEnumerable<(WeightEntry Entry, WeightFile File)> Tensors =>
        _files.Values.SelectMany(file => file.Tensors.Values.Select(entry => (entry, file)));

    /// <summary>Opens the weights of a folder.</summary>
    /// <exception cref="WeightFileException">
    /// There are none, or a file is broken, or the index is not true of the files.
    /// </exception>
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
        throw new WeightFileException(folder, null,
            $"has no weights; expected {string.Join(" or ", s_formats.Select(format => format.Name))}, or an index of parts");
    }

    /// <summary>Closes the files.</summary>
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
                throw new WeightFileException(Path, null,
                    $"names the part '{WeightFileException.Printable(shard)}'; expected a file of the same folder");
            _files.Add(shard, open(System.IO.Path.Combine(folder, shard)));
        }
        foreach ((string tensor, string shard) in map)
            if (!_files[shard].Tensors.ContainsKey(tensor))
                throw new WeightFileException(_files[shard].Path, tensor, $"is not in the file where {Path} has it");
        foreach ((string shard, WeightFile file) in _files)
            foreach (string tensor in file.Tensors.Keys)
                if (map.GetValueOrDefault(tensor) != shard)
                    throw new WeightFileException(file.Path, tensor, $"is in the file, but {Path} does not have it there");
    }

    private Dictionary<string, string> ReadIndex()
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        try
        {
            using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(Path));
            if (index.RootElement.ValueKind != JsonValueKind.Object
                || !index.RootElement.TryGetProperty("weight_map", out JsonElement entries)
                || entries.ValueKind != JsonValueKind.Object)
                throw new WeightFileException(Path, null, "has no weight_map; expected the file of each tensor");
            foreach (JsonProperty entry in entries.EnumerateObject())
            {
                if (entry.Value.ValueKind != JsonValueKind.String || !map.TryAdd(entry.Name, entry.Value.GetString()!))
                    throw new WeightFileException(Path, entry.Name, "expected the name of one file in weight_map");
            }
            return map;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WeightFileException(Path, null, $"cannot be read: {error.Message}", error);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException) // the latter for bad UTF-8 in a text
        {
            throw new WeightFileException(Path, null, "is no valid JSON", error);
        }
    }
}

using TorchSharp;
using TorchSharp.Modules;

namespace IntraDistill;

/// <summary>
/// Which tensor of a checkpoint belongs to which parameter of a model. Both are compared without the encoder's name in
/// front. The encoder must be there whole; every other part (pooler, heads) whole or not at all.
/// </summary>
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
    private readonly List<(Parameter, WeightEntry, WeightFile)> _pairs = [];
    private readonly List<string> _loaded = [];
    private readonly List<string> _missing = [];
    private readonly List<string> _unused = [];

    /// <summary>Matches all of them.</summary>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="encoderName">What stands before the encoder's names in a model with a head.</param>
    /// <param name="parameters">The model's parameters.</param>
    /// <exception cref="WeightFileException">They do not fit each other.</exception>
    public WeightMatch(WeightFolder weights, string encoderName, IEnumerable<(string name, Parameter parameter)> parameters)
    {
        _prefix = encoderName + '.';
        foreach ((string name, Parameter parameter) in parameters)
            _wanted.Add(WithoutPrefix(name), (name, parameter));
        foreach ((WeightEntry entry, WeightFile file) in weights.Tensors)
        {
            string name = Canonical(entry.Name);
            if (!s_buffers.Contains(name) && !_found.TryAdd(name, (entry, file)))
                throw new WeightFileException(file.Path, entry.Name, "is in the checkpoint under another name as well");
        }
        ResolveShared();

        HashSet<string> present = [.. _wanted.Keys.Where(_found.ContainsKey).Select(Part)];
        foreach ((string name, (string own, Parameter parameter)) in _wanted)
        {
            if (_found.Remove(name, out var found))
                Pair(own, parameter, found.Entry, found.File);
            else if (Part(name) is "" || present.Contains(Part(name)))
                throw new WeightFileException(weights.Path, own, "is not in the checkpoint, and the model needs it");
            else
                _missing.Add(own);
        }
        foreach ((string name, (WeightEntry entry, WeightFile file)) in _found)
        {
            if (Part(name) is "" || present.Contains(Part(name)))
                throw new WeightFileException(file.Path, entry.Name, "is unknown: the model has no such parameter");
            _unused.Add(entry.Name);
        }
    }

    /// <summary>Each parameter that is in the checkpoint, and the tensor it is to have.</summary>
    public IReadOnlyList<(Parameter Parameter, WeightEntry Entry, WeightFile File)> Pairs => _pairs;

    /// <summary>The names of those parameters.</summary>
    public IReadOnlyList<string> Loaded => _loaded;

    /// <summary>The model's parameters that the checkpoint does not have.</summary>
    public IReadOnlyList<string> Missing => _missing;

    /// <summary>The checkpoint's tensors that the model does not have.</summary>
    public IReadOnlyList<string> Unused => _unused;

    private void Pair(string own, Parameter parameter, WeightEntry entry, WeightFile file)
    {
        CheckShape(entry, file, parameter);
        if (entry.Type is not (torch.ScalarType.Float32 or torch.ScalarType.Float64
            or torch.ScalarType.Float16 or torch.ScalarType.BFloat16))
            throw new WeightFileException(file.Path, entry.Name, $"is of type {entry.Type}; expected floating-point numbers");
        _pairs.Add((parameter, entry, file));
        _loaded.Add(own);
    }

    /// <summary>
    /// What an output shares with another parameter is taken from there, and from here only where it is not there.
    /// </summary>
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
            throw new WeightFileException(file.Path, entry.Name,
                $"has the shape {TensorShape.Text([.. entry.Shape])}; the model's is {parameter.Text()}");
    }

    /// <summary>The part of a model that a name belongs to; empty for the encoder's own and for unknown names.</summary>
    private static string Part(string name) =>
        s_parts.FirstOrDefault(part => name.StartsWith(part + '.', StringComparison.Ordinal)) ?? "";

    private string Canonical(string name)
    {
        if (name.EndsWith("LayerNorm.gamma", StringComparison.Ordinal))
            name = name[..^"gamma".Length] + "weight";
        else if (name.EndsWith("LayerNorm.beta", StringComparison.Ordinal))
            name = name[..^"beta".Length] + "bias";
        return WithoutPrefix(name);
    }

    private string WithoutPrefix(string name) =>
        name.StartsWith(_prefix, StringComparison.Ordinal) ? name[_prefix.Length..] : name;
}

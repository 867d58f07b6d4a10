using System.Security.Cryptography;
using System.Text;
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

    /// <summary>
    /// The model's parameters that the checkpoint does not have, and that keep their values: the whole head (or pooler) of a
    /// model that is to be fine-tuned. Empty when a fine-tuned checkpoint is read whole.
    /// </summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>The checkpoint's tensors that the model has no place for: a head (or pooler) for another task.</summary>
    public required IReadOnlyList<string> Unused { get; init; }
}

/// <summary>
/// Weights of checkpoints in Hugging Face's layout: <c>model.safetensors</c> or <c>pytorch_model.bin</c>, whole or in parts,
/// are read; <c>model.safetensors</c> is written.
/// </summary>
/// <remarks>
/// What differs between checkpoints and does no harm is accepted: the encoder's names with and without <c>bert.</c> or
/// <c>roberta.</c>, <c>gamma</c> and <c>beta</c> for a normalization's weight and bias, the buffer <c>position_ids</c>, the
/// masked language model's output weight that the embeddings hold already, and 16- and 64-bit floating-point numbers. A head
/// and a pooler are in the checkpoint whole or not at all. Anything else is an error, and the model is then as it was.
/// </remarks>
public static class HuggingFaceWeights
{
    /// <summary>Copies a checkpoint's weights into a model.</summary>
    /// <param name="model">A <see cref="BertEncoder"/> or an <see cref="IBertModel"/>, on any device.</param>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <returns>
    /// What was loaded, and what was not: to be looked at, as a model with a new head knows nothing of its task.
    /// </returns>
    /// <exception cref="WeightFileException">
    /// There are no weights, a file is broken, or a tensor is missing, unknown or of another shape than the model's.
    /// </exception>
    /// <exception cref="ArgumentException">The model is of another kind.</exception>
    public static LoadedWeights LoadInto(nn.Module model, string folder)
    {
        BertSettings settings = SettingsOf(model);
        using WeightFolder weights = WeightFolder.Open(folder);
        WeightMatch match = new(weights, settings.EncoderName, model.named_parameters());
        using var scope = NewDisposeScope(); // copy_ gives out another handle
        using var noGrad = no_grad();
        foreach ((Parameter parameter, WeightEntry entry, WeightFile file) in match.Pairs)
        {
            using Tensor value = file.Read(entry.Name);
            parameter.copy_(value);
        }
        return new() { Files = [.. weights.Files], Loaded = match.Loaded, Missing = match.Missing, Unused = match.Unused };
    }

    /// <summary>
    /// Writes a model as a checkpoint, <c>config.json</c> and <c>model.safetensors</c>: for <see cref="LoadInto"/> and
    /// <see cref="BertSettings.Load"/>, and for Hugging Face's own readers.
    /// </summary>
    /// <param name="model">A <see cref="BertEncoder"/> or an <see cref="IBertModel"/>, on any device.</param>
    /// <param name="folder">Where to; made if it is not there. Files of these names are replaced, each whole.</param>
    /// <exception cref="WeightFileException">A file cannot be written.</exception>
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

    /// <summary>The files that a tokenizer may be read from.</summary>
    internal static IReadOnlyList<string> TokenizerFiles { get; } =
        ["vocab.txt", "tokenizer_config.json", "vocab.json", "merges.txt", "sentencepiece.bpe.model"];

    /// <summary>
    /// The first 12 hexadecimal digits of a SHA-256 over names and contents of the files that a checkpoint is read from: settings,
    /// weights (with the index of their parts) and tokenizer. For a run's config: folders of the same name may hold different
    /// checkpoints, and equal ones lie under many names. Reads the weights through, about a gigabyte a second.
    /// </summary>
    /// <param name="folder">The checkpoint's folder; other files in it do not count.</param>
    /// <exception cref="WeightFileException">There are no weights, or a file cannot be read.</exception>
    public static string Fingerprint(string folder)
    {
        string[] files;
        using (WeightFolder weights = WeightFolder.Open(folder))
            files = [weights.Path, .. weights.Files];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        foreach (string path in TokenizerFiles.Append(BertConfigFile.Name).Select(name => Path.Combine(folder, name))
            .Where(File.Exists).Concat(files).Distinct().Order(StringComparer.Ordinal))
        {
            try
            {
                using FileStream file = File.OpenRead(path);
                hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(path)}\0{file.Length}\0"));
                for (int count; (count = file.Read(buffer)) > 0;)
                    hash.AppendData(buffer, 0, count);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new WeightFileException(path, null, $"cannot be read: {error.Message}", error);
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }

    private static BertSettings SettingsOf(nn.Module model) => model switch
    {
        BertEncoder encoder => encoder.Settings,
        IBertModel { Encoder: var encoder } => encoder.Settings,
        _ => throw new ArgumentException(
            $"a {nameof(BertEncoder)} or a model with one was expected, not a {model.GetType().Name}"),
    };
}

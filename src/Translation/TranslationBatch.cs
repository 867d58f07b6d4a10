using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>Sentence pairs of similar length as arrays of ids, short rows filled with the pad id 0.</summary>
/// <param name="Source">(B, S): source ids and EOS.</param>
/// <param name="DecoderInput">(B, T): BOS and target ids.</param>
/// <param name="Target">(B, T): target ids and EOS, what the decoder is to say at each position.</param>
/// <param name="Tokens">Entries of <paramref name="Target"/> that are not padding.</param>
public sealed record TranslationBatch(long[,] Source, long[,] DecoderInput, long[,] Target, int Tokens) : KitRecord, IBatch
{
    /// <summary>Which pair of the list that the batches were made from each row is; B entries.</summary>
    public IReadOnlyList<int> Indices { get; init; } = [];

    /// <summary>
    /// The batch as int64 tensors for a model on a device. For a GPU lengths are multiples of 8, filled with padding, for
    /// its products like them; and the target stays on the CPU, where <see cref="TranslationObjective"/> wants it.
    /// </summary>
    /// <returns>(B, S), (B, T) and (B, T).</returns>
    public (Tensor Source, Tensor DecoderInput, Tensor Target) On(Device device)
    {
        int step = device.type == DeviceType.CPU ? 1 : 8;
        return (DeviceTensors.From(Source, device, step), DeviceTensors.From(DecoderInput, device, step), DeviceTensors.From(Target, CPU, step));
    }
}

/// <summary>How sentences are put into batches.</summary>
public sealed record TranslationBatchSettings
{
    /// <summary>
    /// The most ids in a batch, padding included: rows times the length of the longest source or target in it, as
    /// fairseq's <c>--max-tokens</c> counts them. Default: the paper's 4,096.
    /// </summary>
    public int MaxTokens { get; init; } = 4096;

    /// <summary>The most ids in a sentence, EOS included; a longer one loses its end (not its EOS).</summary>
    public int MaxLength { get; init; } = 256;

    /// <summary>Together with the epoch, decides which sentences share a batch and the order of the batches.</summary>
    public int Seed { get; init; } = 1;
}

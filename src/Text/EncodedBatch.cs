using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>Encoded texts as rows of equal length.</summary>
/// <param name="Ids">(B, T), short rows filled with the padding id.</param>
/// <param name="TypeIds">(B, T), 0 in padding.</param>
/// <param name="Mask">(B, T), the attention mask: 1 for a token, 0 for padding.</param>
public sealed record EncodedBatch(long[,] Ids, long[,] TypeIds, long[,] Mask) : KitRecord
{
    /// <summary>Puts texts side by side, each filled up on the right to the longest.</summary>
    /// <param name="texts">B texts.</param>
    /// <param name="padId">The tokenizer's <see cref="IPretrainedTokenizer.PadId"/>.</param>
    public static EncodedBatch Pad(IReadOnlyList<EncodedText> texts, int padId)
    {
        int length = texts.Count == 0 ? 0 : texts.Max(text => text.Length);
        EncodedBatch batch = new(
            new long[texts.Count, length], new long[texts.Count, length], new long[texts.Count, length]);
        for (int row = 0; row < texts.Count; row++)
        {
            for (int i = 0; i < length; i++)
            {
                bool token = i < texts[row].Length;
                batch.Ids[row, i] = token ? texts[row].Ids[i] : padId;
                batch.TypeIds[row, i] = token ? texts[row].TypeIds[i] : 0;
                batch.Mask[row, i] = token ? 1 : 0;
            }
        }
        return batch;
    }

    /// <summary>The texts as a BERT-like model takes them.</summary>
    /// <param name="device">Where the tensors are to be.</param>
    /// <returns>(B, T) int64 each.</returns>
    public (Tensor Ids, Tensor Mask, Tensor TypeIds) On(Device device) =>
        (DeviceTensors.From(Ids, device), DeviceTensors.From(Mask, device), DeviceTensors.From(TypeIds, device));
}

using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// Sinusoidal position embeddings laid out as fairseq's: the sines of all frequencies, then their cosines; the frequency
/// of column i of d/2 is <c>10000^(−i / (d/2 − 1))</c>. The first token of a sentence has position pad + 1, padding has
/// position pad, whose row is zero.
/// </summary>
public static class SinusoidalPositions
{
    /// <summary>Makes the table.</summary>
    /// <param name="length">The longest sentence.</param>
    /// <param name="modelSize">The width d, at least 4; the last column is zero where d is odd.</param>
    /// <param name="padId">The id of the padding token.</param>
    /// <returns>(padId + 1 + length, d), float64.</returns>
    public static Tensor Table(int length, int modelSize, int padId)
    {
        int half = modelSize / 2;
        var table = new double[padId + 1 + length, modelSize];
        for (int position = padId + 1; position < table.GetLength(0); position++)
            for (int i = 0; i < half; i++)
            {
                double angle = position * Math.Exp(-i * Math.Log(10000) / (half - 1));
                table[position, i] = Math.Sin(angle);
                table[position, half + i] = Math.Cos(angle);
            }
        return from_array(table);
    }

    /// <summary>The rows of <see cref="Table"/> for the tokens of a batch: padding is not counted.</summary>
    /// <param name="table">What <see cref="Table"/> returned.</param>
    /// <param name="tokens">(T, B) int64, time-first.</param>
    /// <param name="padId">The id of the padding token.</param>
    /// <returns>(T, B, d).</returns>
    public static Tensor Lookup(Tensor table, Tensor tokens, int padId)
    {
        using var scope = NewDisposeScope();
        Tensor real = tokens.ne(padId).to(int64);
        Tensor rows = real.cumsum(0).mul_(real).add_(padId);
        return table.index_select(0, rows.reshape(-1)).view(tokens.shape[0], tokens.shape[1], -1).MoveToOuterDisposeScope();
    }
}

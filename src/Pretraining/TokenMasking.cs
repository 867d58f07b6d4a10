
namespace IntraDistill.Tasks;

/// <summary>
/// Hides tokens for masked language modelling, as BERT does: of those to predict 80 % give way to the mask, 10 % to a token drawn
/// from all that are not special, and 10 % stay. A special token ([UNK] is one) is never predicted.
/// </summary>
internal sealed class TokenMasking(IPretrainedTokenizer tokenizer, double maskShare)
{
    private const double HiddenShare = 0.8, RandomShare = 0.1;

    private readonly HashSet<int> _special = [.. Special(tokenizer)];
    private readonly int[] _ordinary = [.. Enumerable.Range(0, tokenizer.VocabularySize).Except(Special(tokenizer))];

    /// <summary>The places of a text's tokens that can be predicted.</summary>
    public int[] Choices(EncodedText text) => [.. Enumerable.Range(0, text.Length).Where(t => !_special.Contains(text.Ids[t]))];

    /// <summary>Hides the nearest whole number of the share of a text's tokens, and at least one.</summary>
    /// <returns>The ids with some of them hidden, and the places to predict, ascending.</returns>
    public (int[] Ids, int[] Chosen) Hide(EncodedText text, Random random)
    {
        int[] chosen = Choices(text);
        int count = int.Max(1, (int)Math.Round(maskShare * chosen.Length));
        // The first steps of a Fisher–Yates shuffle choose without repetition.
        for (int i = 0; i < count; i++)
        {
            int other = random.Next(i, chosen.Length);
            (chosen[i], chosen[other]) = (chosen[other], chosen[i]);
        }
        chosen = chosen[..count];
        Array.Sort(chosen);
        int[] ids = [.. text.Ids];
        foreach (int t in chosen)
        {
            double kind = random.NextDouble();
            if (kind < HiddenShare)
                ids[t] = tokenizer.MaskId;
            else if (kind < HiddenShare + RandomShare)
                ids[t] = _ordinary[random.Next(_ordinary.Length)];
        }
        return (ids, chosen);
    }

    private static int[] Special(IPretrainedTokenizer tokenizer) =>
        [tokenizer.PadId, tokenizer.UnkId, tokenizer.ClsId, tokenizer.SepId, tokenizer.MaskId];
}

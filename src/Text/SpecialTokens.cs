namespace IntraDistill.Tasks;

/// <summary>The special tokens of a model family and how they stand around texts.</summary>
/// <param name="Pad">Fills short rows.</param>
/// <param name="Unk">Unknown.</param>
/// <param name="Cls">Before the first text.</param>
/// <param name="Sep">After each text.</param>
/// <param name="Mask">Hides a piece.</param>
/// <param name="SepsBetween">How many of <paramref name="Sep"/> stand between the texts of a pair.</param>
/// <param name="PairType">The type id of the second text.</param>
/// <param name="MaskTakesSpace">Whether white space before a mask in text belongs to it.</param>
internal sealed record SpecialTokens(string Pad, string Unk, string Cls, string Sep, string Mask,
    int SepsBetween, int PairType, bool MaskTakesSpace)
{
    public static readonly SpecialTokens Bert = new("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", 1, 1, false);
    public static readonly SpecialTokens Roberta = new("<pad>", "<unk>", "<s>", "</s>", "<mask>", 2, 0, true);

    /// <summary>All of them, in the order of BERT's vocabularies.</summary>
    public IReadOnlyList<string> Names { get; } = [Pad, Unk, Cls, Sep, Mask];

    /// <summary>Finds the first special token that is written in a text.</summary>
    /// <returns>Where it begins and which it is; null when there is none.</returns>
    public (int Start, string Name)? Find(string text, int from)
    {
        // All begin with one bracket, of a kind or the other.
        for (int at = from; (at = text.IndexOf(Pad[0], at)) >= 0; at++)
        {
            foreach (string name in Names)
                if (string.CompareOrdinal(text, at, name, 0, name.Length) == 0)
                    return (at, name);
        }
        return null;
    }
}

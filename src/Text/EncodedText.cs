namespace IntraDistill.Tasks;

/// <summary>A part of a .NET string, in UTF-16 indices: <c>text[Start..End]</c>.</summary>
/// <param name="Start">Where it begins.</param>
/// <param name="End">The index after its last.</param>
public readonly record struct TextSpan(int Start, int End);

/// <summary>A text, or a pair of texts, as an encoder's input: one entry a token in each list.</summary>
/// <param name="Ids">The ids.</param>
/// <param name="TypeIds">
/// The segment of each token: for BERT 1 in the second text and its [SEP], else 0; for RoBERTa and XLM-R always 0.
/// </param>
/// <param name="Sources">The text that a token is from: 0 the first, 1 the second, -1 for the special tokens around them.</param>
/// <param name="Offsets">
/// What a token stands for in its text (with <see cref="Words"/>: in its word), as it was before lower-casing, accent stripping
/// or normalization. White space at its sides is not part of it, so a piece that is nothing but a space has an empty span, and
/// so have the special tokens around the texts. Pieces of one character (the bytes of an emoji, the letters of ﬁ) share its
/// span; else spans follow one another.
/// </param>
/// <param name="Words">The word that a token is from, -1 for special tokens around them; null unless words were encoded.</param>
public sealed record EncodedText(IReadOnlyList<int> Ids, IReadOnlyList<int> TypeIds, IReadOnlyList<int> Sources,
    IReadOnlyList<TextSpan> Offsets, IReadOnlyList<int>? Words) : KitRecord
{
    /// <summary>How many tokens there are.</summary>
    public int Length => Ids.Count;
}

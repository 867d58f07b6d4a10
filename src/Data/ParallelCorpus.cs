namespace IntraDistill.Data;

/// <summary>A sentence and its translation.</summary>
/// <param name="Source">The text to translate.</param>
/// <param name="Target">Its reference translation.</param>
/// <param name="Id">What names the pair in its corpus; empty where nothing does.</param>
public sealed record SentencePair(string Source, string Target, string Id = "");

/// <summary>A translation data set in its fixed parts.</summary>
/// <param name="Name">A short name for tables, such as "SDK de-en".</param>
/// <param name="Description">One line: where it comes from and how it was split.</param>
/// <param name="Train">The pairs to train on.</param>
/// <param name="Valid">The pairs to choose checkpoints and settings on.</param>
/// <param name="Test">The pairs of the reported numbers.</param>
/// <param name="HardTest">
/// The pairs of <paramref name="Test"/> that have no similar sentence in <paramref name="Train"/>; empty where that is not known.
/// </param>
public sealed record ParallelCorpus(
    string Name,
    string Description,
    IReadOnlyList<SentencePair> Train,
    IReadOnlyList<SentencePair> Valid,
    IReadOnlyList<SentencePair> Test,
    IReadOnlyList<SentencePair> HardTest)
{
    /// <summary>The same corpus with every text passed through a function, such as lower-casing as in IWSLT'14.</summary>
    /// <param name="text">Applied to sources and targets of all parts.</param>
    public ParallelCorpus Map(Func<string, string> text)
    {
        return this with { Train = All(Train), Valid = All(Valid), Test = All(Test), HardTest = All(HardTest) };

        SentencePair[] All(IReadOnlyList<SentencePair> pairs) =>
            [.. pairs.Select(pair => pair with { Source = text(pair.Source), Target = text(pair.Target) })];
    }
}

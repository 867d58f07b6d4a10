namespace IntraDistill.Tasks;

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
    IReadOnlyList<SentencePair> HardTest) : KitRecord
{
    /// <summary>
    /// The first 12 hexadecimal digits of a SHA-256 over all texts of train, valid, test and the hard part of test in their
    /// order: a run that is stored with it is not taken for one on other data.
    /// </summary>
    public string Fingerprint => DataFingerprint.Of(
        new[] { Train, Valid, Test, HardTest }.Select(part => part.SelectMany(pair => new[] { pair.Source, pair.Target })));

    /// <summary>
    /// A smaller corpus for quick runs: each part thinned evenly over its whole length (parts are ordered by origin, so that
    /// their beginnings are of one kind), and of <see cref="HardTest"/> what is left in <see cref="Test"/>.
    /// </summary>
    /// <param name="train">The most pairs to keep of <see cref="Train"/>.</param>
    /// <param name="valid">The most pairs to keep of <see cref="Valid"/>.</param>
    /// <param name="test">The most pairs to keep of <see cref="Test"/>.</param>
    public ParallelCorpus Sample(int train = int.MaxValue, int valid = int.MaxValue, int test = int.MaxValue)
    {
        SentencePair[] keptTest = Thinning.Evenly(Test, test);
        HashSet<SentencePair> kept = [.. keptTest];
        return this with
        {
            Train = Thinning.Evenly(Train, train),
            Valid = Thinning.Evenly(Valid, valid),
            Test = keptTest,
            HardTest = [.. HardTest.Where(kept.Contains)],
        };
    }

    /// <summary>The parts: how many pairs, and words of either language.</summary>
    /// <param name="source">The source language, for the headings.</param>
    /// <param name="target">The target language.</param>
    public KitTable Table(string source, string target)
    {
        KitCell Words(IEnumerable<string> texts) => KitCell.Number(texts.Sum(text => text.Split(' ').Length), 0);
        var table = new KitTable(Name, new("Part", Numeric: false), new("Pairs"), new($"Words, {source}"), new($"Words, {target}"));
        foreach (var (name, part) in new[] { ("train", Train), ("valid", Valid), ("test", Test), ("test, hard part", HardTest) })
            table.Row(name, KitCell.Number(part.Count, 0), Words(part.Select(pair => pair.Source)), Words(part.Select(pair => pair.Target)));
        return table.Note(Description);
    }
}

namespace IntraDistill.Tasks;

/// <summary>A task for zero-shot cross-lingual transfer: examples with labels in English to learn from and to choose a model by, and
/// examples in many languages, by their codes, English among them, to report results on.</summary>
public sealed record TransferCorpus<TExample>(string Name, IReadOnlyList<TExample> Train, IReadOnlyList<TExample> Dev,
    IReadOnlyDictionary<string, IReadOnlyList<TExample>> Test) : KitRecord where TExample : ITransferExample
{
    /// <summary>The first 12 hexadecimal digits of a SHA-256 over all examples and the languages of those in <see cref="Test"/>: a run that
    /// is stored with it is not taken for one on other data.</summary>
    public string Fingerprint => DataFingerprint.Of([Lines(Train), Lines(Dev),
        .. Test.OrderBy(part => part.Key, StringComparer.Ordinal).Select(part => Lines(part.Value).Prepend(part.Key))]);

    /// <summary>The corpus with test examples of English and of some languages only, by their codes; of all without codes.</summary>
    /// <exception cref="IntraDistillException">There is no such language.</exception>
    public TransferCorpus<TExample> In(params IReadOnlyCollection<string> codes)
    {
        if (codes.FirstOrDefault(code => !Test.ContainsKey(code)) is { } missing)
            throw new IntraDistillException($"{Name} has no language '{missing}'; it has {string.Join(", ", Test.Keys)}");
        return this with
        {
            Test = Test.Where(part => codes.Count == 0 || part.Key == "en" || codes.Contains(part.Key))
                .ToDictionary(part => part.Key, part => part.Value),
        };
    }

    /// <summary>A smaller corpus for quick runs: each part, and each language's test, thinned evenly over its whole length to so many
    /// examples.</summary>
    public TransferCorpus<TExample> Sample(int train = int.MaxValue, int dev = int.MaxValue, int test = int.MaxValue) => this with
    {
        Train = Thinning.Evenly(Train, train),
        Dev = Thinning.Evenly(Dev, dev),
        Test = Test.ToDictionary(part => part.Key, part => (IReadOnlyList<TExample>)Thinning.Evenly(part.Value, test)),
    };

    private static IEnumerable<string> Lines(IEnumerable<TExample> examples) => examples.SelectMany(example => example.Lines());
}

/// <summary>An example of a task for cross-lingual transfer.</summary>
public interface ITransferExample
{
    /// <summary>All that the example says, as lines of text: what tells it from any other.</summary>
    IEnumerable<string> Lines();
}

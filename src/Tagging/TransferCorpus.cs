namespace IntraDistill.Tasks;

/// <summary>
/// A task for zero-shot cross-lingual transfer: examples with labels in English to learn from and to choose a model by, and
/// examples in many languages to test on.
/// </summary>
/// <typeparam name="TExample">Tagged sentences, or questions.</typeparam>
/// <param name="Name">What the task is called.</param>
/// <param name="Train">The English examples to train on.</param>
/// <param name="Dev">The English examples to choose a model by.</param>
/// <param name="Test">The examples to report results on, by language code; English among them.</param>
public sealed record TransferCorpus<TExample>(string Name, IReadOnlyList<TExample> Train, IReadOnlyList<TExample> Dev,
    IReadOnlyDictionary<string, IReadOnlyList<TExample>> Test) : KitRecord where TExample : ITransferExample
{
    /// <summary>
    /// The first 12 hexadecimal digits of a SHA-256 over all examples and the languages of those in <see cref="Test"/>: a run that
    /// is stored with it is not taken for one on other data.
    /// </summary>
    public string Fingerprint => DataFingerprint.Of([Lines(Train), Lines(Dev),
        .. Test.OrderBy(part => part.Key, StringComparer.Ordinal).Select(part => Lines(part.Value).Prepend(part.Key))]);

    /// <summary>The corpus with test examples of English and of some languages only.</summary>
    /// <param name="codes">The languages' codes; none for all that there are.</param>
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

    /// <summary>A smaller corpus for quick runs: each part thinned evenly over its whole length.</summary>
    /// <param name="train">The most examples to keep of <see cref="Train"/>.</param>
    /// <param name="dev">The most examples to keep of <see cref="Dev"/>.</param>
    /// <param name="test">The most examples to keep of each language of <see cref="Test"/>.</param>
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

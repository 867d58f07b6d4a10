namespace IntraDistill.Tasks;

/// <summary>
/// A language of PAN-X (WikiANN; Pan et al. 2017, the split of Rahimi et al. 2019): sentences of Wikipedia in which persons,
/// organizations and places are tagged, which were found from the links by a program, not by people.
/// </summary>
/// <param name="Language">The language's code: <c>en</c>.</param>
/// <param name="Train">The sentences to train on; zero-shot transfer uses the English ones alone.</param>
/// <param name="Dev">The sentences to choose a model by, likewise.</param>
/// <param name="Test">The sentences that results are reported on.</param>
public sealed record PanxCorpus(string Language, IReadOnlyList<TaggedSentence> Train, IReadOnlyList<TaggedSentence> Dev,
    IReadOnlyList<TaggedSentence> Test) : KitRecord
{
    private const string AboutName = "about.json";

    // As published, and as the data set's CoNLL form is passed on.
    private static readonly string[] s_published = ["train", "dev", "test"];
    private static readonly string[] s_indexed = ["train.conllu", "val.conllu", "test.conllu"];

    /// <summary>The 48 languages that the paper tests on, in the order of the authors' and XTREME's scripts.</summary>
    public static IReadOnlyList<string> Languages { get; } =
        ("ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk tr et fi hu "
        + "qu pl uk az lt pa gu ro").Split(' ');

    /// <summary>
    /// The tags, IOB2: outside, and the first and other tokens of persons, organizations and places. In the order in which the data
    /// set numbers them where it is passed on with numbers.
    /// </summary>
    public static IReadOnlyList<string> Tags { get; } = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"];

    /// <summary>
    /// The first 12 hexadecimal digits of a SHA-256 over all tokens and tags of train, dev and test: a run that is stored with it is
    /// not taken for one on other data.
    /// </summary>
    public string Fingerprint =>
        DataFingerprint.Of(new[] { Train, Dev, Test }.Select(part => part.SelectMany(sentence => sentence.Lines())));

    /// <summary>A smaller corpus for quick runs: each part thinned evenly over its whole length.</summary>
    /// <param name="train">The most sentences to keep of <see cref="Train"/>.</param>
    /// <param name="dev">The most sentences to keep of <see cref="Dev"/>.</param>
    /// <param name="test">The most sentences to keep of <see cref="Test"/>.</param>
    public PanxCorpus Sample(int train = int.MaxValue, int dev = int.MaxValue, int test = int.MaxValue) => this with
    {
        Train = Thinning.Evenly(Train, train),
        Dev = Thinning.Evenly(Dev, dev),
        Test = Thinning.Evenly(Test, test),
    };

    /// <summary>
    /// Reads <c>{folder}/{language}</c>: the files <c>train</c>, <c>dev</c> and <c>test</c> as they are published
    /// (<see cref="TaggedFile.ReadPanx"/>), which is how <c>data-scripts/panx.cs</c> leaves them; or, where there is no <c>train</c>,
    /// <c>train.conllu</c>, <c>val.conllu</c> and <c>test.conllu</c> (<see cref="TaggedFile.ReadIndexed"/>).
    /// </summary>
    /// <remarks>
    /// The kit's own script writes <c>about.json</c> beside the files, last of all; where it is there, the number of sentences that
    /// it states must be what the files hold.
    /// </remarks>
    /// <param name="folder">The folder that holds a folder for each language.</param>
    /// <param name="language">The language's code; it need not be one of <see cref="Languages"/>.</param>
    /// <exception cref="IntraDistillException">
    /// A file is missing or not as it should be: the message names file, line and the command that gets the language.
    /// </exception>
    public static PanxCorpus Load(string folder, string language)
    {
        string path = Path.Combine(folder, language);
        string remedy = $"get it by 'dotnet run --file data-scripts/panx.cs -- --languages {language}' in the kit's folder";
        if (!Directory.Exists(path))
            throw new IntraDistillException($"{path}: there is no such folder; {remedy}");
        bool published = File.Exists(Path.Combine(path, s_published[0])) || !File.Exists(Path.Combine(path, s_indexed[0]));
        IReadOnlyList<TaggedSentence>[] parts = [.. (published ? s_published : s_indexed).Select(name =>
        {
            string file = Path.Combine(path, name);
            if (!File.Exists(file))
                throw new IntraDistillException($"{file}: there is no such file; {remedy}");
            return published ? ReadPublished(file) : Checked(file, TaggedFile.ReadIndexed(file));
        })];
        PreparedCounts.Check(Path.Combine(path, AboutName),
            s_published.Zip(parts, (name, part) => (name, part.Count)), "sentences", remedy);
        return new PanxCorpus(language, parts[0], parts[1], parts[2]);
    }

    /// <summary>
    /// Reads what zero-shot transfer needs: English to train on and to choose a model by, and the test sets of all languages that
    /// the folder has.
    /// </summary>
    /// <param name="folder">The folder that holds a folder for each language: <c>data/panx</c>. English must be there.</param>
    /// <exception cref="IntraDistillException">As for <see cref="Load"/>.</exception>
    public static TransferCorpus<TaggedSentence> LoadTransfer(string folder)
    {
        PanxCorpus english = Load(folder, "en");
        return new TransferCorpus<TaggedSentence>("PAN-X", english.Train, english.Dev, Languages
            .Where(language => Directory.Exists(Path.Combine(folder, language)))
            .ToDictionary(language => language, language => language == "en" ? english.Test : Load(folder, language).Test));
    }

    /// <summary>Reads one published file, whose tags are of <see cref="Tags"/>.</summary>
    /// <param name="file">Such as <c>data/panx/en/train</c>.</param>
    /// <exception cref="IntraDistillException">It cannot be read or is not as it should be; the message names what.</exception>
    public static IReadOnlyList<TaggedSentence> ReadPublished(string file) => Checked(file, TaggedFile.ReadPanx(file));

    private static IReadOnlyList<TaggedSentence> Checked(string file, IReadOnlyList<TaggedSentence> sentences)
    {
        for (int i = 0; i < sentences.Count; i++)
            if (sentences[i].Tags.Except(Tags).FirstOrDefault() is { } other)
                throw new IntraDistillException(
                    $"{file}: sentence {i} (from 0) has tag '{other}', where one of {string.Join(", ", Tags)} was expected");
        return sentences;
    }
}

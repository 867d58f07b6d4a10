namespace IntraDistill.Tasks;

/// <summary>A sentence cut into tokens, and what each of them is.</summary>
/// <param name="Tokens">The tokens as the data set has them; one may be empty or hold spaces.</param>
/// <param name="Tags">As many tags, such as <c>B-PER</c>.</param>
public sealed record TaggedSentence(IReadOnlyList<string> Tokens, IReadOnlyList<string> Tags) : KitRecord, ITransferExample
{
    /// <inheritdoc/>
    public IEnumerable<string> Lines() => Tokens.Zip(Tags, (token, tag) => $"{token}\t{tag}").Append("");
}

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

    private static readonly string[] s_parts = ["train", "dev", "test"];

    /// <summary>The 48 languages that the paper tests on, in the order of the authors' and XTREME's scripts.</summary>
    public static IReadOnlyList<string> Languages { get; } =
        ("ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk tr et fi hu "
        + "qu pl uk az lt pa gu ro").Split(' ');

    /// <summary>The tags, IOB2: outside, and the first and other tokens of persons, organizations and places.</summary>
    public static IReadOnlyList<string> Tags { get; } = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"];

    /// <summary>
    /// Reads <c>{folder}/{language}</c>: the files <c>train</c>, <c>dev</c> and <c>test</c> as they are published, which is how
    /// <c>data-scripts/panx.cs</c> leaves them.
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
        IReadOnlyList<TaggedSentence>[] parts = [.. s_parts.Select(name => Path.Combine(path, name)).Select(file =>
            File.Exists(file) ? ReadPublished(file) : throw new IntraDistillException($"{file}: there is no such file; {remedy}"))];
        PreparedCounts.Check(Path.Combine(path, AboutName), s_parts.Zip(parts, (name, part) => (name, part.Count)), "sentences", remedy);
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

    /// <summary>
    /// Reads one published file, <c>lang:token TAB tag</c> a line with an empty line after each sentence: UTF-8 as it stands, LF or CR LF
    /// at a line's end. Every token keeps its place, be it empty, of spaces or of characters that are not seen.
    /// </summary>
    /// <remarks>
    /// What stands before the first colon is left out, and the token may have colons of its own. A line of nothing but spaces counts as
    /// empty, several empty lines as one.
    /// </remarks>
    /// <param name="file">Such as <c>data/panx/en/train</c>.</param>
    /// <exception cref="IntraDistillException">
    /// It cannot be read, a line is not of that form or has a tag that is none of <see cref="Tags"/> (the message names it), or there is no
    /// sentence.
    /// </exception>
    public static IReadOnlyList<TaggedSentence> ReadPublished(string file)
    {
        List<TaggedSentence> sentences = [];
        List<string> tokens = [], tags = [];
        foreach ((int number, string[] columns) in TsvLines.Read(file))
        {
            if (columns.Length == 1 && columns[0].All(c => c == ' '))
            {
                End();
                continue;
            }
            int colon = columns[0].IndexOf(':');
            if (columns.Length != 2)
                throw Bad(number, $"{columns.Length} column{(columns.Length == 1 ? "" : "s")}, where 'lang:token TAB tag' was expected");
            if (colon < 0)
                throw Bad(number, $"'{columns[0]}' where a language, a colon and a token were expected");
            if (!Tags.Contains(columns[1]))
                throw Bad(number, $"tag '{columns[1]}', where one of {string.Join(", ", Tags)} was expected");
            tokens.Add(columns[0][(colon + 1)..]);
            tags.Add(columns[1]);
        }
        End();
        return sentences.Count > 0 ? sentences : throw new IntraDistillException($"{file}: no sentence in it");

        void End()
        {
            if (tokens.Count > 0)
                sentences.Add(new TaggedSentence([.. tokens], [.. tags]));
            tokens.Clear();
            tags.Clear();
        }

        IntraDistillException Bad(int line, string what) => new($"{file}:{line}: {what}");
    }
}

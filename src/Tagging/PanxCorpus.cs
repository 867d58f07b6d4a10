namespace IntraDistill.Tasks;

/// <summary>A sentence cut into tokens as the data set has them (one may be empty or hold spaces), each with a tag such as
/// <c>B-PER</c>.</summary>
public sealed record TaggedSentence(IReadOnlyList<string> Tokens, IReadOnlyList<string> Tags) : KitRecord, ITransferExample
{
    /// <inheritdoc/>
    public IEnumerable<string> Lines() => Tokens.Zip(Tags, (token, tag) => $"{token}\t{tag}").Append("");
}

/// <summary>A language of PAN-X (WikiANN; Pan et al. 2017, the split of Rahimi et al. 2019), by its code: sentences of Wikipedia in which
/// persons, organizations and places are tagged, which were found from the links by a program, not by people. Zero-shot transfer trains on
/// English and chooses a model by it alone.</summary>
public sealed record PanxCorpus(string Language, IReadOnlyList<TaggedSentence> Train, IReadOnlyList<TaggedSentence> Dev,
    IReadOnlyList<TaggedSentence> Test) : KitRecord
{
    /// <summary>The 48 languages that the paper tests on, in the order of the authors' and XTREME's scripts.</summary>
    public static IReadOnlyList<string> Languages { get; } =
        ("ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk tr et fi hu "
        + "qu pl uk az lt pa gu ro").Split(' ');

    /// <summary>The tags, IOB2: outside, and the first and other tokens of persons, organizations and places.</summary>
    public static IReadOnlyList<string> Tags { get; } = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"];

    /// <summary>Reads <c>{folder}/{language}</c>: the files <c>train</c>, <c>dev</c> and <c>test</c> as they are published, which is how
    /// <c>data-scripts/panx.cs</c> leaves them. The language need not be one of <see cref="Languages"/>.</summary>
    /// <exception cref="IntraDistillException">A file is missing, not as it should be, or of another length than <c>about.json</c> states,
    /// if it is there: the message names file, line and the command that gets the language.</exception>
    public static PanxCorpus Load(string folder, string language)
    {
        PreparedData data = new(Path.Combine(folder, language),
            $"get it by 'dotnet run --file data-scripts/panx.cs -- --languages {language}' in the kit's folder");
        PanxCorpus corpus = new(language, Read("train"), Read("dev"), Read("test"));
        data.CheckCounts("sentences");
        return corpus;

        IReadOnlyList<TaggedSentence> Read(string part) => data.Read(part, part, ReadPublished);
    }

    /// <summary>Reads what zero-shot transfer needs: English, which must be there, to train on and to choose a model by, and the test sets
    /// of all languages that the folder has.</summary>
    /// <exception cref="IntraDistillException">As for <see cref="Load"/>.</exception>
    public static TransferCorpus<TaggedSentence> LoadTransfer(string folder)
    {
        PanxCorpus english = Load(folder, "en");
        return new("PAN-X", english.Train, english.Dev, Languages
            .Where(language => Directory.Exists(Path.Combine(folder, language)))
            .ToDictionary(language => language, language => language == "en" ? english.Test : Load(folder, language).Test));
    }

    /// <summary>Reads one published file, <c>lang:token TAB tag</c> a line with an empty line after each sentence: UTF-8 as it stands, LF
    /// or CR LF at a line's end. Every token keeps its place, be it empty, of spaces or of characters that are not seen.</summary>
    /// <remarks>What stands before the first colon is left out, and the token may have colons of its own. A line of nothing but spaces
    /// counts as empty, several empty lines as one.</remarks>
    /// <exception cref="IntraDistillException">The file cannot be read, a line is not of that form or has a tag that is none of
    /// <see cref="Tags"/> (the message names it), or there is no sentence.</exception>
    public static IReadOnlyList<TaggedSentence> ReadPublished(string file)
    {
        List<TaggedSentence> sentences = [];
        List<string> tokens = [], tags = [];
        foreach ((int number, string[] columns) in TsvLines.Read(file).Append((0, [""])))      // an empty line ends the last sentence
        {
            if (columns.Length == 1 && columns[0].All(c => c == ' '))
            {
                if (tokens.Count > 0)
                    sentences.Add(new([.. tokens], [.. tags]));
                tokens.Clear();
                tags.Clear();
                continue;
            }
            if (columns.Length != 2)
                throw Bad($"{columns.Length} column{(columns.Length == 1 ? "" : "s")}, where 'lang:token TAB tag' was expected");
            int colon = columns[0].IndexOf(':');
            if (colon < 0)
                throw Bad($"'{columns[0]}' where a language, a colon and a token were expected");
            if (!Tags.Contains(columns[1]))
                throw Bad($"tag '{columns[1]}', where one of {string.Join(", ", Tags)} was expected");
            tokens.Add(columns[0][(colon + 1)..]);
            tags.Add(columns[1]);

            IntraDistillException Bad(string what) => new($"{file}:{number}: {what}");
        }
        return sentences.Count > 0 ? sentences : throw new IntraDistillException($"{file}: no sentence in it");
    }
}

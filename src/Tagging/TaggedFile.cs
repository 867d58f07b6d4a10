using System.Globalization;

namespace IntraDistill.Tasks;

/// <summary>
/// Reads sentences whose tokens have tags, a token a line with an empty line after each sentence, or as JSON. Every token keeps
/// its place, be it empty, of spaces or of characters that are not seen: UTF-8 as it stands, LF or CR LF at a line's end.
/// </summary>
/// <remarks>
/// A line of nothing but spaces counts as empty, several empty lines as one. All readers throw an
/// <see cref="IntraDistillException"/> that names file and line where a file cannot be read, a line is not of its form, or there
/// is no sentence at all.
/// </remarks>
public static class TaggedFile
{
    private const string DocumentStart = "-DOCSTART-";

    /// <summary>
    /// Reads <c>lang:token TAB tag</c>, as PAN-X is published; what stands before the first colon is left out, and the token may
    /// have colons of its own.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IntraDistillException">It cannot be read, or not so; the message names the line.</exception>
    public static IReadOnlyList<TaggedSentence> ReadPanx(string path) => Read(path, (columns, number, _) =>
    {
        RequireColumns(path, number, columns, 2, "lang:token TAB tag");
        int colon = columns[0].IndexOf(':');
        return colon >= 0 ? (columns[0][(colon + 1)..], columns[1])
            : throw Bad(path, number, $"'{columns[0]}' where a language, a colon and a token were expected");
    });

    /// <summary>Reads <c>index TAB token TAB tag</c>; the index counts a sentence's tokens from 0 or from 1.</summary>
    /// <inheritdoc cref="ReadPanx"/>
    public static IReadOnlyList<TaggedSentence> ReadIndexed(string path)
    {
        int first = 0;
        return Read(path, (columns, number, place) =>
        {
            RequireColumns(path, number, columns, 3, "index TAB token TAB tag");
            if (place == 0)
                first = columns[0] == "1" ? 1 : 0;
            return columns[0] == (first + place).ToString(CultureInfo.InvariantCulture) ? (columns[1], columns[2])
                : throw Bad(path, number, $"index '{columns[0]}', where {first + place} was expected: a line may be missing");
        });
    }

    /// <summary>
    /// Reads the form of the CoNLL shared tasks: the token, other columns, the tag. A line that has a tab is cut at tabs, any other
    /// one at spaces; lines of <c>-DOCSTART-</c> are passed over.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="tagColumn">The column of the tag; null for the last.</param>
    /// <exception cref="IntraDistillException">It cannot be read, or not so; the message names the line.</exception>
    public static IReadOnlyList<TaggedSentence> ReadConll(string path, Index? tagColumn = null) => Read(path, (columns, number, _) =>
    {
        if (columns.Length == 1)
            columns = columns[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (columns[0] == DocumentStart)
            return null;
        int tag = (tagColumn ?? ^1).GetOffset(columns.Length);
        return tag >= 1 && tag < columns.Length ? (columns[0], columns[tag])
            : throw Bad(path, number, $"{Columns(columns.Length)}, where a token and a tag in column {tagColumn ?? ^1} were expected");
    });

    /// <summary>Reads tags alone, one a line, as XTREME has its files of labels and predictions.</summary>
    /// <inheritdoc cref="ReadPanx"/>
    public static IReadOnlyList<IReadOnlyList<string>> ReadTags(string path) => [.. Read(path, (columns, number, _) =>
    {
        RequireColumns(path, number, columns, 1, "a tag");
        return ("", columns[0]);
    }).Select(sentence => sentence.Tags)];

    /// <summary>
    /// Reads JSON: an array of objects, or an object a line, each with <c>tokens</c> and <c>ner_tags</c> or <c>tags</c>, as the data
    /// set is passed on. Tags are text or numbers.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="tags">What the numbers stand for; null for <see cref="PanxCorpus.Tags"/>, in whose order they are usual.</param>
    /// <exception cref="IntraDistillException">It cannot be read, or not so; the message names the line or the sentence.</exception>
    public static IReadOnlyList<TaggedSentence> ReadJson(string path, IReadOnlyList<string>? tags = null) =>
        TaggedJson.Read(path, tags ?? PanxCorpus.Tags);

    /// <summary>What a line says, from its columns, its number and its place in the sentence; null ends the sentence.</summary>
    private delegate (string Token, string Tag)? LineReader(string[] columns, int number, int place);

    private static List<TaggedSentence> Read(string path, LineReader read)
    {
        var sentences = new List<TaggedSentence>();
        var tokens = new List<string>();
        var tags = new List<string>();
        foreach ((int number, string[] columns) in TsvLines.Read(path))
        {
            (string Token, string Tag)? line =
                columns.Length == 1 && columns[0].All(c => c == ' ') ? null : read(columns, number, tokens.Count);
            if (line is not { } found)
            {
                End();
                continue;
            }
            if (found.Tag.Length == 0 || found.Tag.Any(char.IsWhiteSpace))
                throw Bad(path, number, $"tag '{found.Tag}', where one without spaces was expected");
            tokens.Add(found.Token);
            tags.Add(found.Tag);
        }
        End();
        return sentences.Count > 0 ? sentences : throw new IntraDistillException($"{path}: no sentence in it");

        void End()
        {
            if (tokens.Count > 0)
                sentences.Add(new TaggedSentence([.. tokens], [.. tags]));
            tokens.Clear();
            tags.Clear();
        }
    }

    private static void RequireColumns(string path, int number, string[] columns, int count, string form)
    {
        if (columns.Length != count)
            throw Bad(path, number, $"{Columns(columns.Length)}, where '{form}' was expected");
    }

    private static string Columns(int count) => count == 1 ? "1 column" : $"{count} columns";

    private static IntraDistillException Bad(string path, int line, string what) => new($"{path}:{line}: {what}");
}

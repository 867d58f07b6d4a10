using System.Text.Json;

namespace IntraDistill.Tasks;

/// <summary>
/// A byte-level BPE vocabulary: <c>vocab.json</c> (piece to id) and <c>merges.txt</c> (a merge a line, in the order of rank).
/// </summary>
internal sealed class BpeFiles
{
    public const string VocabularyName = "vocab.json", MergesName = "merges.txt";

    private BpeFiles(string[] tokens, Dictionary<string, int> ids, List<string> merges) =>
        (Tokens, Ids, Merges) = (tokens, ids, merges);

    /// <summary>The pieces in the order of their ids.</summary>
    public string[] Tokens { get; }

    /// <summary>The id of each piece.</summary>
    public Dictionary<string, int> Ids { get; }

    /// <summary>The merges, left and right between a space.</summary>
    public List<string> Merges { get; }

    /// <summary>Reads the two files of a folder.</summary>
    public static BpeFiles Read(string folder)
    {
        (string[] tokens, Dictionary<string, int> ids) = ReadVocabulary(Path.Combine(folder, VocabularyName));
        return new BpeFiles(tokens, ids, ReadMerges(Path.Combine(folder, MergesName), ids));
    }

    private static (string[] Tokens, Dictionary<string, int> Ids) ReadVocabulary(string path)
    {
        byte[] json = VocabularyFile.ReadBytes(path);
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        Utf8JsonReader reader = new(json);
        try
        {
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                throw Bad(reader.TokenStartIndex, "expected a JSON object of pieces and their ids");
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                string token = reader.GetString()!;
                if (!reader.Read() || reader.TokenType is not JsonTokenType.Number || !reader.TryGetInt32(out int id) || id < 0)
                    throw Bad(reader.TokenStartIndex, $"expected the id of '{token}', a whole number from 0");
                if (!ids.TryAdd(token, id))
                    throw Bad(reader.TokenStartIndex, $"'{token}' is there twice");
            }
            reader.Read();
        }
        catch (JsonException e)
        {
            throw new SubwordFileException(
                path, (int)(e.LineNumber ?? 0) + 1, $"expected JSON: {VocabularyFile.OneLine(e.Message)}");
        }
        catch (InvalidOperationException)
        {
            throw Bad(reader.TokenStartIndex, "expected a piece in UTF-8");
        }

        int lines = VocabularyFile.LineOf(json, json.Length);
        string[] tokens = new string[ids.Count];
        foreach ((string token, int id) in ids)
        {
            if (id >= tokens.Length || tokens[id] is { })
                throw new SubwordFileException(
                    path, lines, $"'{token}' has the id {id}; expected each of 0 to {ids.Count - 1} once");
            tokens[id] = token;
        }
        VocabularyFile.RequireSpecials(path, lines, SpecialTokens.Roberta, ids);
        for (int b = 0; b < 256; b++)
            if (!ids.ContainsKey(ByteLevel.Character((byte)b).ToString()))
                throw new SubwordFileException(
                    path, lines, $"the file ends without '{ByteLevel.Character((byte)b)}', the byte {b}");
        return (tokens, ids);

        SubwordFileException Bad(long index, string message) => new(path, VocabularyFile.LineOf(json, index), message);
    }

    private static List<string> ReadMerges(string path, Dictionary<string, int> ids)
    {
        string[] lines = VocabularyFile.ReadText(path).Split('\n');
        int count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        List<string> merges = new(count);
        HashSet<string> known = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string line = lines[i].TrimEnd('\r');
            // The heading; a merge may begin with # as well.
            if (i == 0 && line.StartsWith("#version", StringComparison.Ordinal))
                continue;
            string[] parts = line.Split(' ');
            if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length == 0)
                throw new SubwordFileException(path, i + 1, "expected a merge: two pieces with a space between");
            foreach (string piece in new[] { parts[0], parts[1], parts[0] + parts[1] })
                if (!ids.ContainsKey(piece))
                    throw new SubwordFileException(path, i + 1, $"'{piece}' is not in vocab.json");
            if (!known.Add(line))
                throw new SubwordFileException(path, i + 1, "this merge is there twice");
            merges.Add(line);
        }
        return merges;
    }
}

using System.Text;
using System.Text.Json;

namespace IntraDistill.Tasks;

/// <summary>The files of a BERT tokenizer, as on the Hugging Face Hub.</summary>
internal static class BertFiles
{
    public const string Vocabulary = "vocab.txt", Config = "tokenizer_config.json";

    private const string LowerCase = "do_lower_case", StripAccents = "strip_accents", SplitChinese = "tokenize_chinese_chars";

    /// <summary>Reads a vocabulary: a piece a line, whose id is the line's number less one.</summary>
    public static (string[] Tokens, Dictionary<string, int> Ids) ReadVocabulary(string path)
    {
        string[] lines = VocabularyFile.ReadText(path).Split('\n');
        // The last line end is optional.
        int count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        string[] tokens = new string[count];
        Dictionary<string, int> ids = new(count, StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            tokens[i] = lines[i].TrimEnd('\r');
            if (tokens[i].Length == 0)
                throw new SubwordFileException(path, i + 1, "expected a piece, got an empty line");
            if (!ids.TryAdd(tokens[i], i))
                throw new SubwordFileException(path, i + 1, $"'{tokens[i]}' is there twice, first in line {ids[tokens[i]] + 1}");
        }
        VocabularyFile.RequireSpecials(path, count, SpecialTokens.Bert, ids);
        return (tokens, ids);
    }

    /// <summary>Reads the text rules; what the folder does not say is as in Hugging Face's BERT.</summary>
    /// <param name="folder">The folder, with or without a tokenizer_config.json.</param>
    /// <param name="tokens">The vocabulary. Without a word on case, it is cased when lower-casing would change a piece.</param>
    public static BertText ReadText(string folder, string[] tokens)
    {
        string path = Path.Combine(folder, Config);
        Dictionary<string, bool> given = [];
        if (File.Exists(path))
        {
            VocabularyFile.ReadJson(path, json =>
            {
                foreach (string name in new[] { LowerCase, StripAccents, SplitChinese })
                {
                    if (!json.TryGetProperty(name, out JsonElement value) || value.ValueKind is JsonValueKind.Null)
                        continue;
                    if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                        throw new SubwordFileException(path, 0, $"expected true or false as {name}, got {value.GetRawText()}");
                    given[name] = value.GetBoolean();
                }
            });
        }
        bool lower = given.TryGetValue(LowerCase, out bool said) ? said : !tokens.Any(IsCased);
        return new BertText(lower, given.GetValueOrDefault(StripAccents, lower), given.GetValueOrDefault(SplitChinese, true));

        // Special and unused tokens ([CLS], [unused5]) are no text.
        static bool IsCased(string token) => token[0] != '[' && token != token.ToLowerInvariant();
    }

    /// <summary>Writes vocabulary and text rules.</summary>
    public static void Write(string folder, IReadOnlyList<string> tokens, BertText text)
    {
        string config = JsonSerializer.Serialize(new Dictionary<string, object>
        {
            [LowerCase] = text.LowerCase,
            [StripAccents] = text.StripAccents,
            [SplitChinese] = text.SplitChinese,
            ["tokenizer_class"] = "BertTokenizer",
        });
        VocabularyFile.Write(Path.Combine(folder, Config), config + '\n');
        VocabularyFile.Write(Path.Combine(folder, Vocabulary), string.Concat(tokens.Select(token => token + '\n')));
    }
}

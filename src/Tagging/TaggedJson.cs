using System.Text.Json;

namespace IntraDistill.Tasks;

/// <summary>Reads tagged sentences from JSON; see <see cref="TaggedFile.ReadJson"/>.</summary>
internal static class TaggedJson
{
    public static IReadOnlyList<TaggedSentence> Read(string path, IReadOnlyList<string> tags)
    {
        byte[] content = Content(path);
        ReadOnlySpan<byte> start = content.AsSpan().TrimStart(" \t\r\n"u8);
        List<TaggedSentence> sentences = start.StartsWith("["u8) ? ReadArray(path, content, tags) : ReadLines(path, content, tags);
        return sentences.Count > 0 ? sentences : throw new IntraDistillException($"{path}: no sentence in it");
    }

    private static List<TaggedSentence> ReadArray(string path, byte[] content, IReadOnlyList<string> tags)
    {
        using JsonDocument document = Parse(path, 1, content);
        var sentences = new List<TaggedSentence>();
        foreach (JsonElement element in document.RootElement.EnumerateArray())
            sentences.Add(Sentence(element, $"{path}: sentence {sentences.Count} (from 0)", tags));
        return sentences;
    }

    private static List<TaggedSentence> ReadLines(string path, byte[] content, IReadOnlyList<string> tags)
    {
        var sentences = new List<TaggedSentence>();
        int number = 0;
        foreach (Range range in content.AsSpan().Split((byte)'\n'))
        {
            number++;
            if (content.AsSpan(range).Trim(" \t\r"u8).IsEmpty)
                continue;
            using JsonDocument document = Parse(path, number, content.AsMemory(range));
            sentences.Add(Sentence(document.RootElement, $"{path}:{number}", tags));
        }
        return sentences;
    }

    private static TaggedSentence Sentence(JsonElement element, string place, IReadOnlyList<string> names)
    {
        try
        {
            string[] tokens = [.. element.GetProperty("tokens").EnumerateArray().Select(Text)];
            JsonElement tags = element.TryGetProperty("ner_tags", out JsonElement found) ? found : element.GetProperty("tags");
            string[] tagged = [.. tags.EnumerateArray().Select(Tag)];
            return tokens.Length == tagged.Length ? new TaggedSentence(tokens, tagged) : throw new IntraDistillException(
                $"{place}: {tokens.Length} tokens and {tagged.Length} tags; expected a tag for each token");
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new IntraDistillException(
                $"{place}: expected an object with the lists 'tokens' (text) and 'ner_tags' or 'tags' (text or numbers): {e.Message}", e);
        }

        string Tag(JsonElement tag)
        {
            if (tag.ValueKind == JsonValueKind.String)
                return Text(tag);
            int number = tag.GetInt32();
            return number >= 0 && number < names.Count ? names[number]
                : throw new IntraDistillException($"{place}: tag {number}, where 0 to {names.Count - 1} were expected");
        }
    }

    private static string Text(JsonElement element) => element.GetString() ?? throw new InvalidOperationException("null among them");

    private static byte[] Content(string path)
    {
        byte[] content = ReadFile.Bytes(path);
        return content.AsSpan().StartsWith("\ufeff"u8) ? content[3..] : content;
    }

    private static JsonDocument Parse(string path, int line, ReadOnlyMemory<byte> content)
    {
        try
        {
            return JsonDocument.Parse(content);
        }
        catch (JsonException e)
        {
            throw new IntraDistillException($"{path}:{line + (e.LineNumber ?? 0)}: not JSON", e);
        }
    }
}

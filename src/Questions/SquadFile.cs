using System.Text;
using System.Text.Json;

namespace IntraDistill.Tasks;

/// <summary>An answer that stands in a text: <c>context[Start..End]</c>, in UTF-16 indices.</summary>
public sealed record AnswerSpan(string Text, int Start)
{
    /// <summary>The index after its last UTF-16 unit.</summary>
    public int End => Start + Text.Length;
}

/// <summary>A question, a text that its answer is a part of, and what annotators marked as the answer, each as good as the others (models
/// learn the first); empty where it is not known. The id is what its data set calls it.</summary>
public sealed record QuestionExample(string Id, string Question, string Context, IReadOnlyList<AnswerSpan> Answers)
    : KitRecord, ITransferExample
{
    /// <inheritdoc/>
    public IEnumerable<string> Lines() =>
        [Id, Question, Context, $"{Answers.Count}", .. Answers.SelectMany(answer => new[] { $"{answer.Start}", answer.Text })];
}

/// <summary>Reads questions as SQuAD has them: JSON with <c>data[].paragraphs[].qas[]</c>, each with <c>id</c>, <c>question</c> and
/// <c>answers[]</c> of <c>text</c> and <c>answer_start</c>.</summary>
/// <remarks><c>answer_start</c> counts Unicode characters, as Python does, and .NET's strings count UTF-16 units: an emoji before the
/// answer moves it by one. Every answer is looked for at its place.</remarks>
public static class SquadFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="IntraDistillException">The file cannot be read, is not of that form, or an answer does not stand at its place: the
    /// message names file and question.</exception>
    public static IReadOnlyList<QuestionExample> Read(string path)
    {
        using JsonDocument document = ReadFile.Json(path);
        List<QuestionExample> examples = [];
        foreach (JsonElement article in Items(document.RootElement, "data", path))
            foreach (JsonElement paragraph in Items(article, "paragraphs", path))
            {
                string where = $"{path}: the paragraph after question {(examples is [.., { } last] ? last.Id : "(none)")}";
                string context = Text(paragraph, "context", where);
                foreach (JsonElement question in Items(paragraph, "qas", where))
                {
                    string id = Text(question, "id", where), here = $"{path}: question {id}";
                    examples.Add(new(id, Text(question, "question", here), context,
                        [.. Items(question, "answers", here).Select(answer => Answer(answer, context, here))]));
                }
            }
        return examples.Count > 0 ? examples : throw new IntraDistillException($"{path}: no question in it");
    }

    private static AnswerSpan Answer(JsonElement answer, string context, string where)
    {
        string text = Text(answer, "text", where);
        JsonElement number = Get(answer, "answer_start", where);
        Rune[] characters = [.. context.EnumerateRunes()];
        if (number.ValueKind != JsonValueKind.Number || !number.TryGetInt32(out int character) || character < 0
            || character >= characters.Length)
            throw new IntraDistillException(
                $"{where}: answer_start {number.GetRawText()}, where the context has {characters.Length} characters");
        int start = characters.Take(character).Sum(rune => rune.Utf16SequenceLength);
        if (text.Length == 0 || string.CompareOrdinal(context, start, text, 0, text.Length) != 0)
            throw new IntraDistillException(
                $"{where}: the answer '{text}' does not stand at answer_start {character} of the context");
        return new(text, start);
    }

    private static JsonElement Get(JsonElement element, string name, string where) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement found) ? found
            : throw new IntraDistillException($"{where}: no '{name}', where SQuAD's form has data[].paragraphs[].qas[].answers[]");

    private static IEnumerable<JsonElement> Items(JsonElement element, string name, string where) =>
        Get(element, name, where) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray()
            : throw new IntraDistillException($"{where}: '{name}' is no list");

    private static string Text(JsonElement element, string name, string where)
    {
        JsonElement text = Get(element, name, where);
        try
        {
            if (text.ValueKind == JsonValueKind.String)
                return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, escaped.
        }
        throw new IntraDistillException($"{where}: '{name}' is no text");
    }
}

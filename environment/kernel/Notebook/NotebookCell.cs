using System.Text.Json.Nodes;

namespace IntraDistill.Kernel.Notebook;

/// <summary>A cell of a notebook: a view of its JSON.</summary>
internal sealed class NotebookCell(JsonObject node)
{
    /// <summary>The cell as it stands in the document.</summary>
    public JsonObject Node => node;

    /// <summary>Whether the cell is code.</summary>
    public bool IsCode => Type == "code";

    /// <summary>Whether the cell is prose.</summary>
    public bool IsMarkdown => Type == "markdown";

    /// <summary>The text of the cell.</summary>
    public string Source => Join(node["source"]);

    /// <summary>The text to run; with a language's magic where an editor marked the cell as other than C#.</summary>
    public string Code => Language is null or "csharp" ? Source : $"#!{Language}\n{Source}";

    /// <summary>The cell's outputs, in nbformat's form.</summary>
    public JsonArray Outputs => node["outputs"] as JsonArray ?? [];

    private string Type => node["cell_type"]!.GetValue<string>();

    private string? Language =>
        (node["metadata"]?["polyglot_notebook"]?["kernelName"] ?? node["metadata"]?["dotnet_interactive"]?["language"])
        ?.GetValue<string>();

    /// <summary>Whether the cell carries a tag.</summary>
    public bool HasTag(string tag) =>
        node["metadata"]?["tags"] is JsonArray tags && tags.Any(entry => entry is JsonValue value && value.ToString() == tag);

    /// <summary>Sets the outputs.</summary>
    /// <param name="outputs">In nbformat's form.</param>
    /// <param name="executionCount">The cell's number; null when it has not run.</param>
    public void SetOutputs(JsonArray outputs, int? executionCount)
    {
        node["outputs"] = outputs;
        node["execution_count"] = executionCount;
    }

    /// <summary>Removes the outputs.</summary>
    public void Clear() => SetOutputs([], null);

    /// <summary>Gives the cell an id unless it has one that no cell before it has.</summary>
    /// <param name="taken">The ids of the cells before it; its own is added.</param>
    public void EnsureId(HashSet<string> taken)
    {
        node["metadata"] ??= new JsonObject();
        if (node["id"] is JsonValue value && value.TryGetValue(out string? id) && taken.Add(id))
            return;
        int number = taken.Count;
        while (!taken.Add($"cell-{number}"))
            number++;
        node["id"] = $"cell-{number}";
    }

    /// <summary>A text as nbformat writes it: a list of lines.</summary>
    public static JsonArray Lines(string text)
    {
        var lines = new JsonArray();
        for (int begin = 0; begin < text.Length;)
        {
            int end = text.IndexOf('\n', begin);
            end = end < 0 ? text.Length : end + 1;
            lines.Add(text[begin..end]);
            begin = end;
        }
        return lines;
    }

    /// <summary>A text that nbformat writes as a string or as a list of lines.</summary>
    public static string Join(JsonNode? text) => text switch
    {
        null => "",
        JsonArray lines => string.Concat(lines.Select(line => line!.GetValue<string>())),
        _ => text.GetValue<string>(),
    };
}

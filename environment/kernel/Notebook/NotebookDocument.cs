using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Notebook;

/// <summary>What a set of a grid was made of, and how far it is. In the notebook's metadata.</summary>
/// <param name="Sources">The SHA-256 of its code and parameters.</param>
/// <param name="Status"><see cref="Completed"/>, or how it ended otherwise.</param>
internal sealed record GridStamp(string Sources, string Status)
{
    /// <summary>The name in the metadata.</summary>
    public const string Key = "intradistill_grid";

    /// <summary>The status of a set whose outputs are whole.</summary>
    public const string Completed = "completed";
}

/// <summary>A Jupyter notebook of nbformat 4. What the runner does not understand is kept as it stands.</summary>
internal sealed class NotebookDocument
{
    /// <summary>As Jupyter writes notebooks, so that a diff shows only what changed.</summary>
    private static readonly JsonSerializerOptions s_layout = new()
    {
        WriteIndented = true,
        IndentSize = 1,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject _root;

    private NotebookDocument(JsonObject root, string path)
    {
        _root = root;
        Folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
    }

    /// <summary>Where the notebook lies: relative paths in its prose begin there.</summary>
    public string Folder { get; }

    /// <summary>All cells in order.</summary>
    public IReadOnlyList<NotebookCell> Cells => [.. CellArray.Select(cell => new NotebookCell(cell!.AsObject()))];

    /// <summary>The cells of code in order.</summary>
    public IReadOnlyList<NotebookCell> CodeCells => [.. Cells.Where(cell => cell.IsCode)];

    /// <summary>The notebook's title: its first heading, or null.</summary>
    public string? Title => Cells.Where(cell => cell.IsMarkdown)
        .SelectMany(cell => cell.Source.Split('\n'))
        .FirstOrDefault(line => line.StartsWith("# ", StringComparison.Ordinal))?[2..].Trim();

    private JsonArray CellArray => _root["cells"]!.AsArray();

    /// <summary>Reads a notebook.</summary>
    /// <exception cref="RunnerException">The file is not there or not a notebook.</exception>
    public static NotebookDocument Load(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RunnerException($"{path}: there is no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunnerException($"{path}: cannot be read: {e.Message}", e);
        }
        try
        {
            return Parse(JsonNode.Parse(bytes), path);
        }
        catch (JsonException e)
        {
            throw new RunnerException($"{path}: not a notebook: not JSON (line {e.LineNumber + 1})", e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException)
        {
            throw new RunnerException($"{path}: not a notebook: a value of the wrong kind in it", e);
        }
    }

    /// <summary>Brings the notebook to nbformat 4.5 and to this kernel, and removes all outputs.</summary>
    public void Prepare()
    {
        _root["nbformat"] = 4;
        _root["nbformat_minor"] = Math.Max(5, _root["nbformat_minor"]?.GetValue<int>() ?? 0);
        JsonObject metadata = Child(_root, "metadata");
        metadata["kernelspec"] ??= new JsonObject
        {
            ["display_name"] = ".NET (C#)",
            ["language"] = "C#",
            ["name"] = ".net-csharp",
        };
        JsonObject language = Child(metadata, "language_info");
        language["name"] ??= "C#";
        language["file_extension"] ??= ".cs";
        language["mimetype"] ??= "text/x-csharp";
        language["pygments_lexer"] ??= "csharp";
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (NotebookCell cell in Cells)
        {
            cell.EnsureId(ids);
            if (cell.IsCode)
                cell.Clear();
        }
    }

    /// <summary>Puts a cell of code right after another.</summary>
    public void InsertAfter(NotebookCell cell, string code, string tag)
    {
        var inserted = new JsonObject
        {
            ["cell_type"] = "code",
            ["execution_count"] = null,
            ["id"] = tag,
            ["metadata"] = new JsonObject { ["tags"] = new JsonArray(tag) },
            ["outputs"] = new JsonArray(),
            ["source"] = NotebookCell.Lines(code),
        };
        CellArray.Insert(CellArray.IndexOf(cell.Node) + 1, inserted);
    }

    /// <summary>The grid's stamp; null where there is none.</summary>
    public GridStamp? Stamp
    {
        get => _root["metadata"]?[GridStamp.Key] is JsonObject stamp && stamp["sources"] is JsonValue sources
            && stamp["status"] is JsonValue status ? new GridStamp(sources.ToString(), status.ToString()) : null;
        set
        {
            JsonObject metadata = Child(_root, "metadata");
            metadata.Remove(GridStamp.Key);
            if (value is not null)
                metadata[GridStamp.Key] = new JsonObject { ["sources"] = value.Sources, ["status"] = value.Status };
        }
    }

    /// <summary>The SHA-256 of what a run of the notebook would execute.</summary>
    /// <param name="injected">The cell that sets its parameters; null for none.</param>
    public string SourceHash(string? injected) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\0', CodeCells.Where(cell => !Parameters.IsInjected(cell)).Select(cell => cell.Code)
            .Prepend(injected ?? "")))));

    /// <summary>Takes a cell out.</summary>
    public void Remove(NotebookCell cell) => CellArray.Remove(cell.Node);

    /// <summary>The notebook as a file's content.</summary>
    public string ToJson() => _root.ToJsonString(s_layout) + "\n";

    private static NotebookDocument Parse(JsonNode? node, string path)
    {
        if (node is JsonObject { } other && other["nbformat"] is JsonValue version && version.GetValue<int>() != 4)
            throw new RunnerException($"{path}: nbformat {version}; expected 4 (jupyter nbconvert --to notebook converts it)");
        if (node is not JsonObject root || root["cells"] is not JsonArray cells || root["nbformat"] is null)
            throw new RunnerException($"{path}: not a notebook: expected an object with \"nbformat\" and \"cells\" (nbformat 4)");
        for (int i = 0; i < cells.Count; i++)
        {
            if (cells[i] is not JsonObject cell || cell["cell_type"] is not JsonValue)
                throw new RunnerException($"{path}: not a notebook: cell {i + 1} has no \"cell_type\"");
            _ = new NotebookCell(cell).Source;
        }
        return new NotebookDocument(root, path);
    }

    private static JsonObject Child(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject child)
            parent[name] = child = [];
        return child;
    }
}

/// <summary>A cell of a notebook: a view of its JSON.</summary>
internal sealed class NotebookCell(JsonObject node)
{
    /// <summary>The cell as it stands in the document.</summary>
    public JsonObject Node => node;

    /// <summary>Whether the cell is code.</summary>
    public bool IsCode => Type == "code";

    /// <summary>Whether the cell is prose.</summary>
    public bool IsMarkdown => Type == "markdown";

    /// <summary>What a cell of prose or a raw one is written in, as a MIME type; empty if a raw one does not say; null of code.</summary>
    public string? Format => Type switch
    {
        "markdown" => MimeBundle.Markdown,
        "raw" => (node["metadata"]?["format"] ?? node["metadata"]?["raw_mimetype"])?.ToString().ToLowerInvariant() ?? "",
        _ => null,
    };

    /// <summary>Files kept in the cell, by name; each is an object of base64 by MIME type.</summary>
    public JsonObject Attachments => node["attachments"] as JsonObject ?? [];

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

    /// <summary>Gives the cell an id unless it has a valid one (JEP 62: 1 to 64 of <c>a-z A-Z 0-9 - _</c>) that no cell before it has.</summary>
    /// <param name="taken">The ids of the cells before it; its own is added.</param>
    public void EnsureId(HashSet<string> taken)
    {
        node["metadata"] ??= new JsonObject();
        if (node["id"] is JsonValue value && value.TryGetValue(out string? id) && id.Length is > 0 and <= 64
            && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && taken.Add(id))
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

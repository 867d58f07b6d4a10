using System.Text.Json.Nodes;

namespace IntraDistill.Tests.RunnerTests;

/// <summary>Makes small notebooks for tests.</summary>
internal static class TestNotebook
{
    /// <summary>Writes a notebook of nbformat 4.2, without ids: a cell that begins with <c># </c> is prose,
    /// one that begins with <c>// parameters</c> is tagged so.</summary>
    public static string Write(string path, params string[] cells)
    {
        var array = new JsonArray();
        foreach (string source in cells)
        {
            bool prose = source.StartsWith("# ", StringComparison.Ordinal);
            var cell = new JsonObject
            {
                ["cell_type"] = prose ? "markdown" : "code",
                ["metadata"] = new JsonObject(),
                ["source"] = source,
            };
            if (!prose)
            {
                cell["execution_count"] = null;
                cell["outputs"] = new JsonArray();
            }
            if (source.StartsWith("// parameters", StringComparison.Ordinal))
                cell["metadata"]!["tags"] = new JsonArray("parameters");
            array.Add(cell);
        }
        var notebook = new JsonObject
        {
            ["cells"] = array,
            ["metadata"] = new JsonObject { ["mine"] = 1 },
            ["nbformat"] = 4,
            ["nbformat_minor"] = 2,
        };
        File.WriteAllText(path, notebook.ToJsonString());
        return path;
    }
}

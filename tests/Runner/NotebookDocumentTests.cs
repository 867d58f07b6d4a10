using System.Text.Json.Nodes;
using IntraDistill.Kernel;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Tests.RunnerTests;

public sealed class NotebookDocumentTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void What_the_runner_does_not_know_is_kept_and_what_nbformat_wants_is_added()
    {
        JsonNode root = Prepared("""
            {"cells":[
              {"cell_type":"markdown","id":"a","source":["# T\n","ä<b>"],"attachments":{"x":1}},
              {"cell_type":"code","id":"a","source":"1",
               "metadata":{"editor":{"deep":[1,2]}},"outputs":[{"old":1}],"execution_count":7},
              {"cell_type":"raw","source":"r","metadata":{}}],
             "metadata":{"kernelspec":{"name":"mine","display_name":"Mine"},"other":true},
             "nbformat":4,"nbformat_minor":4,"extra":"kept"}
            """);
        Assert.Equal(("kept", 4, 5), ((string?)root["extra"], (int)root["nbformat"]!, (int)root["nbformat_minor"]!));
        Assert.Equal("mine", (string?)root["metadata"]!["kernelspec"]!["name"]);
        Assert.Equal("C#", (string?)root["metadata"]!["language_info"]!["name"]);
        JsonArray cells = root["cells"]!.AsArray();
        Assert.Equal("[1,2]", cells[1]!["metadata"]!["editor"]!["deep"]!.ToJsonString());
        Assert.Equal("{\"x\":1}", cells[0]!["attachments"]!.ToJsonString());
        Assert.Equal("a", (string?)cells[0]!["id"]);
        Assert.Equal(3, cells.Select(cell => (string?)cell!["id"]).Distinct().Count());
        Assert.Empty(cells[1]!["outputs"]!.AsArray());
        Assert.Null(cells[1]!["execution_count"]);
        Assert.Contains("\"ä<b>\"", NotebookDocument.Load(_path).ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"polyglot_notebook\":{\"kernelName\":\"markdown\"}}", "#!markdown\nx")]
    [InlineData("{\"dotnet_interactive\":{\"language\":\"html\"}}", "#!html\nx")]
    [InlineData("{\"polyglot_notebook\":{\"kernelName\":\"csharp\"}}", "x")]
    [InlineData("{}", "x")]
    public void The_language_that_an_editor_gave_a_cell_is_respected(string metadata, string code)
    {
        string cell = $$"""{"cell_type":"code","source":"x","metadata":{{metadata}}}""";
        File.WriteAllText(_path, $$"""{"cells":[{{cell}}],"nbformat":4}""");
        Assert.Equal(code, NotebookDocument.Load(_path).CodeCells[0].Code);
    }

    [Fact]
    public void An_id_that_nbformat_does_not_allow_becomes_one_that_it_does()
    {
        string[] ids = ["fine-1_A", "has space!", new('x', 64), new('x', 65), "", "fine-1_A", "ä", "cell-0"];
        string cells = string.Join(',', ids.Select(id => $$"""{"cell_type":"code","id":"{{id}}","source":"1"}"""));
        string[] written = [.. Prepared($$"""{"cells":[{{cells}}],"nbformat":4}""")["cells"]!.AsArray().Select(cell => (string)cell!["id"]!)];
        Assert.Equal(("fine-1_A", ids[2]), (written[0], written[2]));
        Assert.Equal(ids.Length, written.Distinct().Count());
        Assert.All(written, id => Assert.Matches("^[a-zA-Z0-9-_]{1,64}$", id));
    }

    [Fact]
    public void An_older_format_is_named_as_such()
    {
        File.WriteAllText(_path, """{"worksheets":[{"cells":[]}],"nbformat":3,"nbformat_minor":0,"metadata":{"name":""}}""");
        var error = Assert.Throws<RunnerException>(() => NotebookDocument.Load(_path));
        Assert.Equal($"{_path}: nbformat 3; expected 4 (jupyter nbconvert --to notebook converts it)", error.Message);
    }

    private JsonNode Prepared(string json)
    {
        File.WriteAllText(_path, json);
        NotebookDocument document = NotebookDocument.Load(_path);
        document.Prepare();
        return JsonNode.Parse(document.ToJson())!;
    }
}

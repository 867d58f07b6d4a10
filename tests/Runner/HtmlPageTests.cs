using System.Text.Json.Nodes;
using IntraDistill.Kernel.Html;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Tests.RunnerTests;

public sealed class HtmlPageTests : IDisposable
{
    private const string Picture =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private readonly string _folder = Directory.CreateTempSubdirectory("kit-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Code_is_coloured_and_escaped_and_nothing_of_it_is_lost()
    {
        string code = "#r \"a.dll\"\n// <note>\nvar x = $\"{1 < 2}\"; /* y */ if (x == \"a\") return 3.5;";
        string html = CodeHighlighter.ToHtml(code);
        Assert.Contains("<span class=\"c\">// &lt;note&gt;</span>", html, StringComparison.Ordinal);
        Assert.Contains("<span class=\"k\">var</span>", html, StringComparison.Ordinal);
        Assert.Contains("<span class=\"n\">3.5</span>", html, StringComparison.Ordinal);
        Assert.Contains("<span class=\"s\">&quot;a&quot;</span>", html, StringComparison.Ordinal);
        string text = System.Net.WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Replace(html, "<[^>]*>", ""));
        Assert.Equal(code, text);
    }

    [Fact]
    public void Prose_has_tables()
    {
        Assert.Contains("<td>1</td>", Prose.ToHtml("|a|\n|--|\n|1|"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("![pic](attachment:image.png)", "alt=\"pic\"")]
    [InlineData("<img src=\"attachment:image.png\" width=\"30\">", "width=\"30\"")]
    [InlineData("<IMG alt='a > b' SRC = attachment:image.png>", "alt='a > b'")]
    [InlineData("![two words](attachment:two%20words.png)", "alt=\"two words\"")]
    public void Attached_images_are_in_the_page(string markdown, string kept)
    {
        string page = Render(new JsonObject
        {
            ["cell_type"] = "markdown", ["source"] = markdown,
            ["attachments"] = new JsonObject
            {
                ["image.png"] = new JsonObject { ["image/png"] = Picture },
                ["two words.png"] = new JsonObject { ["image/png"] = new JsonArray(Picture[..70] + "\n", Picture[70..]) },
            },
        });
        Assert.Contains($"\"data:image/png;base64,{Picture}\"", page, StringComparison.Ordinal);
        Assert.Contains(kept, page, StringComparison.Ordinal);
        Assert.DoesNotContain("attachment:", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_beside_the_notebook_are_in_the_page_wherever_a_cell_shows_them()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "a folder"));
        File.WriteAllBytes(Path.Combine(_folder, "a folder", "Rel.PNG"), Convert.FromBase64String(Picture));
        File.WriteAllText(Path.Combine(_folder, "rel.svg"), "<svg/>");
        string page = Render(
            Cell("markdown", "![a](<a folder/Rel.PNG>) <img src='./a%20folder/Rel.PNG?raw=true'> ![b](rel.svg)"),
            Cell("raw", "<img src=rel.svg>", "text/html"),
            Cell("raw", "![](rel.svg)", "text/markdown"),
            Shown("text/markdown", "![](rel.svg)"), Shown("text/html", "<img src=\"rel.svg\">"));
        Assert.Equal(2, page.Split($"src=\"data:image/png;base64,{Picture}\"").Length - 1);
        Assert.Equal(5, page.Split("src=\"data:image/svg+xml;base64,PHN2Zy8+\"").Length - 1);
    }

    [Fact]
    public void Images_that_cannot_be_had_stay_as_they_are()
    {
        File.WriteAllText(Path.Combine(_folder, "secret.txt"), "x");
        Directory.CreateDirectory(Path.Combine(_folder, "folder.png"));
        string[] images =
        [
            "<img src=\"gone.png\" alt=\"gone\">", "<img src=\"attachment:gone.png\">", "<img src=\"https://a.example/rel.png\">",
            "<img src=\"//a.example/rel.png\">", "<img src=\"secret.txt\">", "<img src=\"folder.png\">", "<img data-src=\"rel.png\">",
            "<img src=\"%00.png\">",
        ];
        File.WriteAllBytes(Path.Combine(_folder, "rel.png"), []);
        string page = Render(Cell("raw", string.Concat(images) + "`src=\"rel.png\"`", "text/html"));
        Assert.Contains(string.Concat(images) + "`src=\"rel.png\"`", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_raw_cell_is_shown_by_its_format()
    {
        string page = Render(
            Cell("raw", "<b>one</b>", "text/html"), Cell("raw", "**two**", "text/markdown"), Cell("raw", "<three>"),
            Cell("raw", "\\four", "text/latex"));
        Assert.Contains("<b>one</b>", page, StringComparison.Ordinal);
        Assert.Contains("<strong>two</strong>", page, StringComparison.Ordinal);
        Assert.Contains("&lt;three&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("four", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a sentence\n", "name   BLEU\n----  -----\nours  33.39\n", "and one more")]
    [InlineData("", "| a | b |\n| 1 | 2 |", "")]
    [InlineData("", "a\t1\nb\t2\n", "\n")]
    [InlineData("a  sentence with a gap\n  and an indented one", "", "")]
    public void Only_the_lines_of_a_table_do_not_wrap(string before, string table, string after)
    {
        string expected = before + (table.Length > 0 ? $"<span class=\"columns\">{table}</span>" : "") + after;
        foreach (JsonObject cell in new[] { Shown("text/plain", before + table + after), Cell("raw", before + table + after) })
            Assert.Contains($"<pre class=\"text\">{expected}</pre>", Render(cell), StringComparison.Ordinal);
        Assert.Contains($"<pre>{expected}</pre>",
            Render(Shown("text/html", $"<div class=\"dni-plaintext\"><pre>{before}{table}{after}</pre></div>")), StringComparison.Ordinal);
    }

    private static JsonObject Cell(string type, string source, string? format = null) => new()
    {
        ["cell_type"] = type, ["source"] = source,
        ["metadata"] = format is null ? new JsonObject() : new JsonObject { ["format"] = format },
    };

    private static JsonObject Shown(string mimeType, string content) => new()
    {
        ["cell_type"] = "code", ["source"] = "",
        ["outputs"] = new JsonArray(new JsonObject
        {
            ["output_type"] = "display_data", ["data"] = new JsonObject { [mimeType] = content },
        }),
    };

    private string Render(params JsonObject[] cells)
    {
        string path = Path.Combine(_folder, "a.ipynb");
        var notebook = new JsonObject { ["nbformat"] = 4, ["nbformat_minor"] = 4, ["cells"] = new JsonArray(cells) };
        File.WriteAllText(path, notebook.ToJsonString());
        string page = HtmlPage.Render(NotebookDocument.Load(path));
        return page[page.IndexOf("<body>", StringComparison.Ordinal)..];
    }
}

using System.Net;
using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Notebook;
using Markdig;
using Markdig.Extensions.Mathematics;
using Markdig.Renderers;
using Markdig.Renderers.Html;

namespace IntraDistill.Kernel.Html;

/// <summary>An executed notebook as one HTML page that needs nothing else: no network, no file beside it.</summary>
internal sealed partial class HtmlPage
{
    private const string PlotlyJson = "application/vnd.plotly.v1+json";

    private readonly StringBuilder _cell = new();
    private int _charts;

    private HtmlPage() { }

    /// <summary>Renders the page.</summary>
    public static string Render(NotebookDocument document)
    {
        var page = new HtmlPage();
        var cells = new StringBuilder();
        foreach (NotebookCell cell in document.Cells)
        {
            page.Add(cell);
            cells.Append(EmbeddedImages.In(page._cell.ToString(), cell, document.Folder));
            page._cell.Clear();
        }
        string title = WebUtility.HtmlEncode(document.Title ?? "Notebook");
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{title}</title>
            <style>
            {Resource("page.css")}
            </style>
            {(page._charts > 0 ? PlotlyScript.Inline() : "")}
            </head>
            <body>
            <main>
            {cells}
            </main>
            {(page._charts > 0 ? $"<script>\n{Resource("page.js")}</script>" : "")}
            </body>
            </html>

            """;
    }

    private void Add(NotebookCell cell)
    {
        string? prose = cell.Format switch
        {
            MimeBundle.Markdown => Prose.ToHtml(cell.Source),
            MimeBundle.Html => cell.Source + "\n",
            _ => null,
        };
        if (prose is not null)
            _cell.Append("<section class=\"prose\">\n").Append(prose).Append("</section>\n");
        else if (cell.Format is "" or MimeBundle.PlainText)
            AddText("text", cell.Source);   // one for another format, such as LaTeX, is not for a page
        if (!cell.IsCode || string.IsNullOrWhiteSpace(cell.Source) && cell.Outputs.Count == 0)
            return;
        _cell.Append("<section class=\"cell\">\n");
        if (!string.IsNullOrWhiteSpace(cell.Source))
            _cell.Append("<pre class=\"code\"><code>").Append(CodeHighlighter.ToHtml(cell.Source)).Append("</code></pre>\n");
        foreach (JsonNode? output in cell.Outputs)
            Add(output!.AsObject());
        _cell.Append("</section>\n");
    }

    private void Add(JsonObject output)
    {
        switch (output["output_type"]?.GetValue<string>())
        {
            case "stream":
                string stream = output["name"]?.GetValue<string>() == "stderr" ? "stream stderr" : "stream";
                AddText(stream, NotebookCell.Join(output["text"]));
                break;
            case "error":
                IEnumerable<string> lines = output["traceback"]!.AsArray().Select(line => line!.GetValue<string>());
                AddText("error", string.Join('\n', lines));
                break;
            case "display_data" or "execute_result" when output["data"] is JsonObject data:
                _cell.Append("<div class=\"output\">");
                AddRichest(data);
                _cell.Append("</div>\n");
                break;
        }
    }

    private void AddText(string kind, string text) =>
        _cell.Append($"<pre class=\"{kind}\">").Append(KeepColumns(WebUtility.HtmlEncode(text))).Append("</pre>\n");

    // Text wraps, but the lines of a table must not.
    private static string KeepColumns(string encoded) => Table().Replace(encoded, "<span class=\"columns\">$0</span>");

    // Two lines or more, each with a gap, a bar at its beginning, or nothing but signs.
    [GeneratedRegex(@"(?:^(?:.*\S(?:  |\t)|[ \t]*[|│]|[ \t]*[^\w\s][^\w\n]*$).*\n?){2,}", RegexOptions.Multiline)]
    private static partial Regex Table();

    // As .NET Interactive writes it.
    [GeneratedRegex("(?<=<div class=\"dni-plaintext\"><pre>)[^<]+")]
    private static partial Regex PlainValue();

    private void AddRichest(JsonObject data)
    {
        if (data[PlotlyJson] is JsonObject chart)
            AddChart(chart);
        else if (data[MimeBundle.Html] is { } html)
            _cell.Append(PlainValue().Replace(NotebookCell.Join(html), value => KeepColumns(value.Value)));
        else if (data["image/svg+xml"] is { } svg)
            _cell.Append(NotebookCell.Join(svg));
        else if (data["image/png"] is { } png)
            AddImage("image/png", png);
        else if (data["image/jpeg"] is { } jpeg)
            AddImage("image/jpeg", jpeg);
        else if (data[MimeBundle.Markdown] is { } markdown)
            _cell.Append(Prose.ToHtml(NotebookCell.Join(markdown)));
        else if (data["text/latex"] is { } latex)
            _cell.Append(Prose.ToHtml(NotebookCell.Join(latex)));
        else if (data[MimeBundle.PlainText] is { } text)
            AddText("text", NotebookCell.Join(text));
        else
            AddText("text", data.ToJsonString());
    }

    private void AddImage(string mimeType, JsonNode base64) =>
        _cell.Append($"<img alt=\"\" src=\"{EmbeddedImages.DataUri(mimeType, base64)}\">");

    private void AddChart(JsonObject chart)
    {
        string json = chart.ToJsonString();   // escapes "<", so that no text within can end the script element
        _cell.Append($"<div class=\"chart\" id=\"chart-{++_charts}\"></div><script type=\"application/json\">{json}</script>");
    }

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(HtmlPage).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}

/// <summary>plotly.js, as Plotly.NET embeds it in its assembly.</summary>
internal static class PlotlyScript
{
    /// <summary>A script element that holds plotly.js; empty where the notebook referenced no Plotly.NET.</summary>
    public static string Inline()
    {
        if (AssemblyProbe.Find("Plotly.NET") is not { } path)
            return "";
        string? script = ReadFrom(AssemblyLoadContext.Default.LoadFromAssemblyPath(path));
        if (script is null)
            return "";
        return $"<script>{script.Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase)}</script>";
    }

    /// <summary>The script itself; null where the assembly holds none.</summary>
    public static string? ReadFrom(Assembly plotlyNet)
    {
        string? resource = plotlyNet.GetManifestResourceNames().FirstOrDefault(
            name => name.Contains("plotly", StringComparison.Ordinal) && name.EndsWith(".min.js", StringComparison.Ordinal));
        if (resource is null)
            return null;
        using var reader = new StreamReader(plotlyNet.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }
}

/// <summary>Markdown as HTML, with formulas as MathML.</summary>
internal static class Prose
{
    private static readonly MarkdownPipeline s_pipeline = new MarkdownPipelineBuilder().UseAdvancedExtensions().Build();

    /// <summary>Renders Markdown with tables and formulas.</summary>
    public static string ToHtml(string markdown)
    {
        using var html = new StringWriter();
        var renderer = new HtmlRenderer(html);
        s_pipeline.Setup(renderer);
        renderer.ObjectRenderers.Replace<HtmlMathInlineRenderer>(new InlineFormula());
        renderer.ObjectRenderers.Replace<HtmlMathBlockRenderer>(new BlockFormula());
        renderer.Render(Markdown.Parse(markdown, s_pipeline));
        return html.ToString();
    }

    private sealed class InlineFormula : HtmlObjectRenderer<MathInline>
    {
        protected override void Write(HtmlRenderer renderer, MathInline formula) =>
            renderer.Write(MathMl.Convert(formula.Content.ToString(), display: formula.DelimiterCount == 2));
    }

    private sealed class BlockFormula : HtmlObjectRenderer<MathBlock>
    {
        protected override void Write(HtmlRenderer renderer, MathBlock formula) =>
            renderer.WriteLine(MathMl.Convert(formula.Lines.ToString(), display: true));
    }
}

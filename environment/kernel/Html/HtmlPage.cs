using System.Net;
using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using System.Text.Json.Nodes;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Notebook;
using Markdig;
using Markdig.Extensions.Mathematics;
using Markdig.Renderers;
using Markdig.Renderers.Html;

namespace IntraDistill.Kernel.Html;

/// <summary>An executed notebook as one HTML page that needs nothing else: no network, no file beside it.</summary>
internal sealed class HtmlPage
{
    private const string PlotlyJson = "application/vnd.plotly.v1+json";

    private readonly StringBuilder _body = new();
    private int _charts;

    private HtmlPage() { }

    /// <summary>Renders the page.</summary>
    public static string Render(NotebookDocument document)
    {
        var page = new HtmlPage();
        foreach (NotebookCell cell in document.Cells)
            page.Add(cell);
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
            {page._body}
            </main>
            {(page._charts > 0 ? $"<script>\n{Resource("page.js")}</script>" : "")}
            </body>
            </html>

            """;
    }

    private void Add(NotebookCell cell)
    {
        if (cell.IsMarkdown)
            _body.Append("<section class=\"prose\">\n").Append(Prose.ToHtml(cell.Source)).Append("</section>\n");
        if (!cell.IsCode || string.IsNullOrWhiteSpace(cell.Source) && cell.Outputs.Count == 0)
            return;
        _body.Append("<section class=\"cell\">\n");
        if (!string.IsNullOrWhiteSpace(cell.Source))
            _body.Append("<pre class=\"code\"><code>").Append(CodeHighlighter.ToHtml(cell.Source)).Append("</code></pre>\n");
        foreach (JsonNode? output in cell.Outputs)
            Add(output!.AsObject());
        _body.Append("</section>\n");
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
                _body.Append("<div class=\"output\">");
                AddRichest(data);
                _body.Append("</div>\n");
                break;
        }
    }

    private void AddText(string kind, string text) =>
        _body.Append($"<pre class=\"{kind}\">").Append(WebUtility.HtmlEncode(text)).Append("</pre>\n");

    private void AddRichest(JsonObject data)
    {
        if (data[PlotlyJson] is JsonObject chart)
            AddChart(chart);
        else if (data[MimeBundle.Html] is { } html)
            _body.Append(NotebookCell.Join(html));
        else if (data["image/svg+xml"] is { } svg)
            _body.Append(NotebookCell.Join(svg));
        else if (data["image/png"] is { } png)
            AddImage("image/png", png);
        else if (data["image/jpeg"] is { } jpeg)
            AddImage("image/jpeg", jpeg);
        else if (data[MimeBundle.Markdown] is { } markdown)
            _body.Append(Prose.ToHtml(NotebookCell.Join(markdown)));
        else if (data["text/latex"] is { } latex)
            _body.Append(Prose.ToHtml(NotebookCell.Join(latex)));
        else if (data[MimeBundle.PlainText] is { } text)
            AddText("text", NotebookCell.Join(text));
        else
            AddText("text", data.ToJsonString());
    }

    private void AddImage(string mimeType, JsonNode base64) =>
        _body.Append($"<img alt=\"\" src=\"data:{mimeType};base64,{NotebookCell.Join(base64).ReplaceLineEndings("")}\">");

    private void AddChart(JsonObject chart)
    {
        string json = chart.ToJsonString();   // escapes "<", so that no text within can end the script element
        _body.Append($"<div class=\"chart\" id=\"chart-{++_charts}\"></div><script type=\"application/json\">{json}</script>");
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

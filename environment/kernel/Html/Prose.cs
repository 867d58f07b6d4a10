using Markdig;

namespace IntraDistill.Kernel.Html;

/// <summary>Markdown as HTML.</summary>
internal static class Prose
{
    private static readonly MarkdownPipeline s_pipeline = new MarkdownPipelineBuilder().UseAdvancedExtensions().Build();

    /// <summary>Renders Markdown with tables and formulas.</summary>
    public static string ToHtml(string markdown) => Markdown.ToHtml(markdown, s_pipeline);
}

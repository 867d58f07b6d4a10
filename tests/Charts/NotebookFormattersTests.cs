using System.Text.Json;
using IntraDistill.Charts;
using IntraDistill.Metrics;
using IntraDistill.Training;
using Microsoft.DotNet.Interactive.Formatting;
using Plotly.NET;

namespace IntraDistill.Tests.ChartsTests;

/// <summary>Formatters are registered by the kit's module initializer: nothing here calls Register.</summary>
public class NotebookFormattersTests
{
    private static GenericChart Chart(string title = "Loss") =>
        KitCharts.LearningCurves(title, "x", "y", [new("a", [1, 2], [3, 4])]);

    [Fact]
    public void A_chart_is_a_plotly_figure_and_html()
    {
        GenericChart chart = Chart();
        Assert.Equal(["application/vnd.plotly.v1+json", "text/html"], Formatter.GetPreferredMimeTypesFor(chart.GetType()));
        JsonElement figure = JsonDocument.Parse(chart.ToDisplayString(NotebookFormatters.PlotlyMimeType)).RootElement;
        Assert.Equal(["data", "layout", "config"], figure.EnumerateObject().Select(property => property.Name));
        Assert.Equal("[chart: Loss]", chart.ToDisplayString(PlainTextFormatter.MimeType));
    }

    [Fact]
    public void A_chart_with_one_trace_of_plotly_net_itself_is_formatted_alike()
    {
        _ = Chart(); // the kit is in use
        GenericChart chart = Plotly.NET.CSharp.Chart.Point<int, int, string>([1], [2]);
        Assert.Equal(["application/vnd.plotly.v1+json", "text/html"], Formatter.GetPreferredMimeTypesFor(chart.GetType()));
        Assert.Contains("Plotly.newPlot", chart.ToDisplayString("text/html"));
    }

    [Fact]
    public void The_html_draws_with_the_pages_plotly_says_what_is_missing_and_brings_none_along()
    {
        string html = Chart().ToDisplayString(HtmlFormatter.MimeType);
        Assert.Contains("window.Plotly", html);
        Assert.Contains("needs plotly.js", html);
        Assert.Contains("Loss", html);
        Assert.DoesNotContain("src=", html);
        Assert.InRange(html.Length, 500, 5_000);
        Assert.Equal(html, Chart().ToDisplayString(HtmlFormatter.MimeType)); // no chance in it
    }

    [Fact]
    public void A_title_cannot_end_the_script_or_open_an_element()
    {
        string html = Chart("</script><b>x").ToDisplayString(HtmlFormatter.MimeType);
        Assert.Equal(2, html.Split("</script>").Length);
        Assert.DoesNotContain("<b>", html);
    }

    [Fact]
    public void A_table_is_html_first_and_text_second()
    {
        KitTable table = new KitTable("T", new KitColumn("a")).Row("1");
        Assert.Equal(["text/html", "text/plain"], Formatter.GetPreferredMimeTypesFor(typeof(KitTable)));
        Assert.Equal(table.ToHtml(), table.ToDisplayString(HtmlFormatter.MimeType));
        Assert.Equal(table.ToString(), table.ToDisplayString(PlainTextFormatter.MimeType));
    }

    [Fact]
    public void Progress_is_a_bar_and_a_score_is_one_line()
    {
        TrainingProgress progress = new() { Label = "run 1", Update = 5, MaxUpdates = 10 };
        Assert.Equal(["text/html", "text/plain"], Formatter.GetPreferredMimeTypesFor(typeof(TrainingProgress)));
        Assert.Equal(progress.ToHtml(), progress.ToDisplayString(HtmlFormatter.MimeType));
        Assert.Equal(progress.ToString(), progress.ToDisplayString(PlainTextFormatter.MimeType));

        BleuScore score = Bleu.Corpus(["a b c d"], ["a b c d"]);
        Assert.Equal(["text/plain"], Formatter.GetPreferredMimeTypesFor(typeof(BleuScore)));
        Assert.Equal(score.ToString(), score.ToDisplayString(PlainTextFormatter.MimeType));
    }
}

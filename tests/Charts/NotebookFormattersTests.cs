using System.Text;
using System.Text.Json;
using IntraDistill.Tasks;
using Microsoft.DotNet.Interactive.Formatting;
using Plotly.NET;

namespace IntraDistill.Tests;

/// <summary>How a notebook shows the kit's objects. That it comes about by itself in a notebook's host, and nowhere else, is tested in
/// processes (tests/system/Hosts).</summary>
public class NotebookFormattersTests
{
    private static readonly string[] s_forms = ["application/vnd.plotly.v1+json", "text/html", "image/svg+xml", "text/plain"];

    static NotebookFormattersTests() => NotebookFormatters.Register();

    private static GenericChart Chart(string title = "Loss") =>
        KitCharts.LearningCurves(title, "x", "y", [new("a", [1, 2], [3, 4])]);

    [Fact]
    public void A_chart_is_a_plotly_figure_html_and_a_picture()
    {
        GenericChart chart = Chart();
        Assert.Equal(s_forms, Formatter.GetPreferredMimeTypesFor(chart.GetType()));
        JsonElement figure = JsonDocument.Parse(chart.ToDisplayString(NotebookFormatters.PlotlyMimeType)).RootElement;
        Assert.Equal(["data", "layout", "config"], figure.EnumerateObject().Select(property => property.Name));
        Assert.StartsWith("<svg ", chart.ToDisplayString(NotebookFormatters.SvgMimeType));
        Assert.Equal("[chart: Loss]", chart.ToDisplayString(PlainTextFormatter.MimeType));
    }

    [Fact]
    public void A_chart_with_one_trace_of_plotly_net_itself_is_formatted_alike()
    {
        _ = Chart(); // the kit is in use
        GenericChart chart = Plotly.NET.CSharp.Chart.Point<int, int, string>([1], [2]);
        Assert.Equal(s_forms, Formatter.GetPreferredMimeTypesFor(chart.GetType()));
        Assert.Contains("plotly.newPlot", chart.ToDisplayString("text/html"));
    }

    [Fact]
    public void The_html_shows_the_picture_and_brings_no_script_from_elsewhere()
    {
        string html = Chart().ToDisplayString(HtmlFormatter.MimeType);
        string picture = html.Split("src=\"data:image/svg+xml;base64,")[1].Split('"')[0];
        Assert.Equal(NotebookFormatters.ToSvg(Chart()), Encoding.UTF8.GetString(Convert.FromBase64String(picture)));
        Assert.Contains("alt=\"Chart: Loss\"", html);
        Assert.DoesNotContain("//", html.Replace(picture, "").Replace("http://www.w3.org", ""));   // no address, no comment
        Assert.InRange(html.Length - picture.Length, 1_000, 4_000);
        Assert.Equal(html, Chart().ToDisplayString(HtmlFormatter.MimeType)); // no chance in it
    }

    [Fact]
    public void A_chart_without_a_picture_says_so_in_words()
    {
        GenericChart pie = Plotly.NET.CSharp.Chart.Pie<int, string, string>([1, 2]);
        GenericChart.getLayout(pie).SetProperty("title", PlotlyFigure.Make<Title>(("text", "Halves & <more>")));
        string html = pie.ToDisplayString(HtmlFormatter.MimeType), svg = pie.ToDisplayString(NotebookFormatters.SvgMimeType);
        Assert.DoesNotContain("<img", html);
        Assert.Contains("<i>Chart: Halves &amp; &lt;more&gt;.</i>", html);
        Assert.Contains("Chart: Halves &amp; &lt;more&gt;</text>", svg);
    }

    [Theory]
    [InlineData("bin", "notebooks", "../bin/plotly.min.js")]
    [InlineData("bin", "", "bin/plotly.min.js")]
    [InlineData("my kit's/bin", "work/a", "../../my%20kit%27s/bin/plotly.min.js")]
    [InlineData("", "", "./plotly.min.js")]
    [InlineData("opt/of/others/bin", "notebooks", null)]
    [InlineData("bin", "a/b/c/d", null)]
    public void A_notebook_names_plotly_beside_the_kit_only_where_that_is_near(string kit, string notebook, string? expected)
    {
        string root = Directory.CreateTempSubdirectory("charts-").FullName;
        try
        {
            string kitFolder = Directory.CreateDirectory(Path.Combine(root, kit)).FullName;
            Assert.Null(ChartHtml.PlotlyBeside(kitFolder, kitFolder));   // it is not there yet
            File.WriteAllText(Path.Combine(kitFolder, "plotly.min.js"), "");
            Assert.Equal(expected, ChartHtml.PlotlyBeside(kitFolder, Path.Combine(root, notebook)));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void A_title_cannot_end_the_script_or_open_an_element()
    {
        string html = Chart("</script><b>x").ToDisplayString(HtmlFormatter.MimeType);
        Assert.Equal(2, html.Split("</script>").Length);
        Assert.DoesNotContain("<b>", html);
        Assert.DoesNotContain("<script>", NotebookFormatters.ToSvg(Chart("<script>x")));
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

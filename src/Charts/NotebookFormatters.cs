using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using IntraDistill.Metrics;
using IntraDistill.Training;
using Microsoft.DotNet.Interactive.Formatting;
using Plotly.NET;

namespace IntraDistill.Charts;

/// <summary>
/// How a notebook shows the kit's objects. It registers itself: the module initializer runs before the first use of
/// anything in the kit, and a chart comes from <see cref="KitCharts"/>, so <c>#r</c> of the kit's dll is all that
/// .NET Interactive and the kit's own runner need. (Formatter sources by attribute would not do: a chart's type is
/// Plotly.NET's. A notebook that draws with Plotly.NET alone, before any use of the kit, calls <see cref="Register"/>.)
/// </summary>
/// <remarks>
/// A chart is two representations: <c>application/vnd.plotly.v1+json</c>, which VS Code, JupyterLab's Plotly renderer
/// and the runner's pages draw, and <c>text/html</c>, which draws where the page has plotly.js (<c>window.Plotly</c>)
/// and otherwise says so in words. Neither carries plotly.js itself (3.6 MB), so that a committed notebook stays small.
/// </remarks>
public static class NotebookFormatters
{
    /// <summary>The MIME type of a Plotly figure: a JSON object with <c>data</c>, <c>layout</c> and <c>config</c>.</summary>
    public const string PlotlyMimeType = "application/vnd.plotly.v1+json";

    /// <summary>Registers the formatters; again only if the host has reset its own since the kit was loaded.</summary>
#pragma warning disable CA2255 // a library's initializer: nothing in a notebook would otherwise call this
    [ModuleInitializer]
#pragma warning restore CA2255
    public static void Register()
    {
        Formatter.Register<GenericChart>((chart, writer) => writer.Write(GenericChart.toJson(chart)), PlotlyMimeType);
        Formatter.Register<GenericChart>((chart, writer) => writer.Write(ToHtml(chart)), HtmlFormatter.MimeType);
        Formatter.Register<GenericChart>(
            (chart, writer) => writer.Write($"[chart: {PlotlyFigure.Title(chart)}]"), PlainTextFormatter.MimeType);
        Formatter.SetPreferredMimeTypesFor(typeof(GenericChart), PlotlyMimeType, HtmlFormatter.MimeType);

        Formatter.Register<KitTable>((table, writer) => writer.Write(table.ToHtml()), HtmlFormatter.MimeType);
        Formatter.Register<KitTable>((table, writer) => writer.Write(table.ToString()), PlainTextFormatter.MimeType);
        Formatter.SetPreferredMimeTypesFor(typeof(KitTable), HtmlFormatter.MimeType, PlainTextFormatter.MimeType);

        Formatter.Register<TrainingProgress>((progress, writer) => writer.Write(progress.ToHtml()), HtmlFormatter.MimeType);
        Formatter.Register<TrainingProgress>((progress, writer) => writer.Write(progress.ToString()), PlainTextFormatter.MimeType);
        Formatter.SetPreferredMimeTypesFor(typeof(TrainingProgress), HtmlFormatter.MimeType, PlainTextFormatter.MimeType);

        RegisterAsText<BleuScore>();
        RegisterAsText<ChrfScore>();
        RegisterAsText<BootstrapInterval>();
        RegisterAsText<BootstrapComparison>();
        RegisterAsText<SampleSummary>();
    }

    // One line says more than the table of properties that a notebook makes of a record.
    private static void RegisterAsText<T>()
    {
        Formatter.Register<T>((value, writer) => writer.Write(value), PlainTextFormatter.MimeType);
        Formatter.SetPreferredMimeTypesFor(typeof(T), PlainTextFormatter.MimeType);
    }

    /// <summary>A chart as a fragment of a page: draws with the page's plotly.js, or says in words what is missing.</summary>
    public static string ToHtml(GenericChart chart)
    {
        // "<" would end the script element early, were a title to hold "</script>".
        string figure = GenericChart.toJson(chart).Replace("<", "\\u003c");
        // A name of the content, not of chance: running a notebook again changes nothing but what changed.
        string id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(figure)).AsSpan(0, 8));
        return $$"""
            <div data-kit-chart="{{id}}" style="max-width:960px">
            <p><i>Chart: {{WebUtility.HtmlEncode(PlotlyFigure.Title(chart))}}.</i> To draw it this page needs plotly.js:
            open the notebook in an editor with a Plotly renderer (VS Code, JupyterLab), or write it as a page with the
            kit's runner (<code>--html</code>).</p></div>
            <script>(() => {
              const figure = {{figure}};
              const draw = () => {
                if (!window.Plotly) return false;
                for (const place of document.querySelectorAll('[data-kit-chart="{{id}}"]:not([data-drawn])')) {
                  place.dataset.drawn = 'yes'; place.replaceChildren();
                  Plotly.newPlot(place, figure.data, figure.layout, figure.config);
                }
                return true;
              };
              if (!draw()) window.addEventListener('load', draw, { once: true });
            })();</script>
            """;
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace IntraDistill;

/// <summary>A chart as a fragment of a page: its picture, which gives way to the live chart as soon as the page has plotly.js.</summary>
/// <remarks>The picture is an <c>img</c> with a data URI: viewers that take scripts away (GitHub's) take inline SVG away with them, but
/// leave images. Base64, not percent-encoding, because it is the form of data URI that every sanitizer knows.</remarks>
internal static class ChartHtml
{
    private static readonly Lazy<string> s_loader = new(ReadLoader);

    /// <summary>The fragment.</summary>
    /// <param name="figureJson">The Plotly figure.</param>
    /// <param name="title">The chart's title.</param>
    /// <param name="picture">The picture as SVG; null where there is none.</param>
    /// <param name="plotlyBeside">Where plotly.js lies, seen from the page; null where it cannot be seen from there.</param>
    public static string Of(string figureJson, string title, string? picture, string? plotlyBeside)
    {
        // "<" would end the script element early, were a title to hold "</script>".
        string figure = figureJson.Replace("<", "\\u003c");
        // A name of the content, not of chance: running a notebook again changes nothing but what changed.
        string id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(figure)).AsSpan(0, 8));
        string name = WebUtility.HtmlEncode($"Chart: {title}");
        string fallback = picture is null
            ? $"<p><i>{name}.</i> It shows where there is plotly.js: in VS Code, in JupyterLab with a Plotly renderer, "
                + "in a page that the kit's runner writes.</p>"
            : $"<img alt=\"{name}\" style=\"max-width:100%\" src=\"data:image/svg+xml;base64,{Base64(picture)}\">";
        string beside = plotlyBeside is null ? "[]" : $"['{plotlyBeside}']";
        return $$"""
            <div data-kit-chart="{{id}}" style="max-width:960px">{{fallback}}</div>
            <script>(() => {
            const figure = {{figure}};
            const before = document.currentScript?.previousElementSibling;
            {{s_loader.Value.Replace("BESIDE", beside)}}
            intraDistillPlotly.then(plotly => {
            const places = before?.dataset?.kitChart ? [before] : document.querySelectorAll('[data-kit-chart="{{id}}"]');
            for (const place of plotly ? places : []) {
            if (place.dataset.drawn) continue;
            place.dataset.drawn = 'yes';
            place.replaceChildren();
            plotly.newPlot(place, figure.data, figure.layout, figure.config);
            }
            });
            })();</script>
            """.ReplaceLineEndings("\n");
    }

    /// <summary>Where plotly.js lies that the build put beside the kit, seen from the notebook's folder. Null unless that is in the
    /// neighbourhood: a longer path would tell of one machine's folders, and a notebook is for all machines.</summary>
    /// <param name="kitFolder">The folder of the kit's dll.</param>
    /// <param name="notebookFolder">The folder the notebook runs in.</param>
    public static string? PlotlyBeside(string kitFolder, string notebookFolder)
    {
        if (!File.Exists(Path.Combine(kitFolder, "plotly.min.js")))
            return null;
        string relative = Path.GetRelativePath(notebookFolder, kitFolder).Replace('\\', '/').TrimEnd('/');
        string[] steps = relative.Split('/');
        int up = steps.TakeWhile(step => step == "..").Count();
        return Path.IsPathRooted(relative) || up > 3 || steps.Length - up > 2
            ? null : string.Join('/', steps.Select(Uri.EscapeDataString).Append("plotly.min.js")).Replace("'", "%27");
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string ReadLoader()
    {
        using Stream script = typeof(ChartHtml).Assembly.GetManifestResourceStream("plotly-loader.js")!;
        using var reader = new StreamReader(script);
        // Comments are for its reader here; a notebook carries the rest in each chart.
        return string.Join('\n', reader.ReadToEnd().ReplaceLineEndings("\n").Split('\n')
            .Where(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal)));
    }
}

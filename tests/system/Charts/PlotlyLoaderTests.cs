using System.Diagnostics;
using System.Text.RegularExpressions;
using Plotly.NET;

namespace IntraDistill.Tests;

/// <summary>Where the charts of a page find plotly.js: in Chromium, with a stand-in that tells where it came from.</summary>
public sealed class PlotlyLoaderTests : IDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    // As plotly.js does, it gives itself to a module loader where there is one.
    private const string StandIn = """
        (make => typeof define === 'function' && define.amd ? define([], make) : window.Plotly = make())(() => {
          document.documentElement.dataset.loads = +(document.documentElement.dataset.loads ?? 0) + 1;
          return { newPlot: (place, data) => place.innerHTML = `<b class="drawn">ORIGIN ${data[0].name}</b>` };
        });
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("loader-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_page_beside_the_notebook_loads_it_once_from_beside_the_kit()
    {
        Put("bin/plotly.min.js", "kit");
        Assert.Equal(["kit a", "kit b", "kit c"], await DrawnAsync("notebooks/page.html", Charts(), loads: 1));
    }

    [Fact]
    public async Task A_page_that_brings_it_loads_nothing_even_if_it_comes_last()
    {
        Put("bin/plotly.min.js", "kit");
        string own = $"<script>{StandIn.Replace("ORIGIN", "own")}</script>";
        Assert.Equal(["own a", "own b", "own c"], await DrawnAsync("notebooks/page.html", Charts() + own, loads: 1));
    }

    [Fact]
    public async Task A_Jupyter_server_gives_it_from_the_kernels_folder()
    {
        Put("bin/plotly.min.js", "kit");
        Put("server/kernelspecs/intradistill/plotly.min.js", "kernel");
        string body = $"<body data-base-url=\"file://{_folder}/server/\">{Charts()}";
        Assert.Equal(["kernel a", "kernel b", "kernel c"], await DrawnAsync("notebooks/page.html", body, loads: 1));
        Put("server/kernelspecs/mine/plotly.min.js", "mine");
        string mine = "<script>window.Jupyter = { notebook: { metadata: { kernelspec: { name: 'mine' } } } }</script>";
        Assert.Equal(["mine a", "mine b", "mine c"], await DrawnAsync("notebooks/page.html", mine + body, loads: 1));
    }

    [Fact]
    public async Task Where_there_is_a_module_loader_it_does_not_get_lost_in_it()
    {
        Put("bin/plotly.min.js", "kit");
        const string requireJs = """
            <script>
            let last;
            window.define = (needs, make) => last = make();
            define.amd = {};
            window.require = ([url], done, failed) => {
              const script = document.createElement('script');
              script.onload = () => done(last);
              script.onerror = failed;
              script.src = url;
              document.head.append(script);
            };
            </script>
            """;
        Assert.Equal(["kit a", "kit b", "kit c"], await DrawnAsync("notebooks/page.html", requireJs + Charts(), loads: 1));
    }

    [Fact]
    public async Task Where_there_is_none_the_pictures_stay()
    {
        Put("bin/plotly.min.js", "kit");
        Assert.Empty(await DrawnAsync("elsewhere/deep/page.html", Charts(), loads: 0, pictures: 3));
    }

    [Fact]
    public async Task The_same_chart_twice_is_drawn_twice()
    {
        Put("bin/plotly.min.js", "kit");
        string chart = Html("a");
        Assert.Equal(["kit a", "kit a"], await DrawnAsync("notebooks/page.html", chart + chart, loads: 1));
    }

    private static string Charts() => Html("a") + Html("b") + Html("c");

    private static string Html(string name)
    {
        GenericChart chart = KitCharts.LearningCurves("Loss", "x", "y", [new(name, [1, 2], [3, 4])]);
        return ChartHtml.Of(GenericChart.toJson(chart), "Loss", StaticPicture.Of(chart), "../bin/plotly.min.js");
    }

    private void Put(string name, string origin)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, StandIn.Replace("ORIGIN", origin));
    }

    private async Task<string[]> DrawnAsync(string page, string html, int loads, int pictures = 0)
    {
        Assert.SkipUnless(File.Exists(Chromium), $"there is no {Chromium}");
        string path = Path.Combine(_folder, page);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, $"<!DOCTYPE html><meta charset=\"utf-8\">{html}");
        using var chromium = Process.Start(new ProcessStartInfo(Chromium, [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND",
            $"--user-data-dir={_folder}/profile", "--virtual-time-budget=5000", "--dump-dom", $"file://{path}"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        _ = chromium.StandardError.ReadToEndAsync();
        string dom = await chromium.StandardOutput.ReadToEndAsync();
        await chromium.WaitForExitAsync();

        Assert.Equal(pictures, Regex.Count(dom, "<img [^>]*src=\"data:image/svg"));
        Assert.Equal(loads > 0 ? $"{loads}" : "", Regex.Match(dom, "data-loads=\"(\\d+)\"").Groups[1].Value);
        return [.. Regex.Matches(dom, "<b class=\"drawn\">(\\w+ \\w+)</b>").Select(match => match.Groups[1].Value)];
    }
}

using System.Text.Json.Nodes;
using IntraDistill.Kernel.Html;
using IntraDistill.Kernel.Notebook;
using Microsoft.Playwright;

namespace IntraDistill.BrowserTests;

/// <summary>The pages that the runner writes.</summary>
public sealed class HtmlPageTests(Workplace workplace, Browser browser) : PageTests(browser)
{
    // The lowest contrast (WCAG) of the page's texts, without those of charts, and the text that has it.
    private const string LowestContrast = """
        () => {
            const channels = color => color.match(/[\d.]+/g).map(Number);
            const luminance = color => channels(color).slice(0, 3).map(c => c / 255)
                .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
                .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
            const ground = element => {
                const color = getComputedStyle(element).backgroundColor;
                return (channels(color)[3] ?? 1) > 0.5 ? color : ground(element.parentElement);
            };
            const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
            let lowest = [99, ''];
            while (texts.nextNode()) {
                const text = texts.currentNode, element = text.parentElement;
                if (!text.data.trim() || element.closest('.chart, script, style')) continue;
                const [low, high] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => a - b);
                const contrast = (high + 0.05) / (low + 0.05);
                if (contrast < lowest[0]) lowest = [contrast, text.data];
            }
            return JSON.stringify(lowest);
        }
        """;

    // Mean and range of the brightness of a picture, 0 to 255.
    private const string Brightness = """
        async png => {
            const image = new Image();
            image.src = 'data:image/png;base64,' + png;
            await image.decode();
            const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
            canvas.drawImage(image, 0, 0);
            const all = canvas.getImageData(0, 0, image.width, image.height).data;
            let sum = 0, low = 255, high = 0;
            for (let i = 0; i < all.length; i += 4) {
                const one = (all[i] + all[i + 1] + all[i + 2]) / 3;
                [sum, low, high] = [sum + one, Math.min(low, one), Math.max(high, one)];
            }
            return [sum / (all.length / 4), low, high];
        }
        """;

    private static readonly string s_verdict =
        "against Baseline, equal updates: " + string.Concat(Enumerable.Repeat("no difference shown; ", 20));

    [Fact]
    public async Task A_notebook_with_charts_follows_the_readers_colours_and_window()
    {
        string path = Path.Combine(workplace.NotebookFolder, "page.html");
        await Command.RunAsync("dotnet",
            ["run", "--project", "environment/kernel", "--no-build", "--", "run", workplace.SmokeCopy("00-method"), "--output",
                Path.ChangeExtension(path, ".ipynb"), "--html", path], workplace.Environment, Workplace.Repository);
        WatchedPage page = await OpenAsync($"file://{path}");
        await AssertLegibleAsync(page.Page, ColorScheme.Light);
        foreach (ILocator chart in await page.Page.Locator(".chart").AllAsync())
            Assert.InRange((await BrightnessAsync(chart))[0], 200, 255);

        await AssertLegibleAsync(page.Page, ColorScheme.Dark);
        foreach (ILocator chart in await page.Page.Locator(".chart").AllAsync())
        {
            double[] brightness = await BrightnessAsync(chart);
            Assert.InRange(brightness[0], 10, 80);
            Assert.InRange(brightness[2], 180, 255);   // its texts
        }
        await AssertNarrowAsync(page.Page);
        Assert.Empty(page.Errors);
        Assert.Empty(page.RequestsAbroad);
    }

    [Fact]
    public async Task All_kinds_of_output_are_legible_and_wide_ones_scroll_in_their_own_box()
    {
        string cells = string.Join("</td><td>", Enumerable.Range(0, 30).Select(i => $"cell_{i}"));
        string row = string.Join("   ", Enumerable.Range(0, 30).Select(i => $"cell{i:00}")) + "\n";
        IPage page = await OpenAsync(
            Cell("markdown", $"# Prose\n\n[link](a.html), `code`, `{new string('x', 200)}`\n\n> quote\n\n![missing](gone.png)\n\n"
                + $"<table><tr><td>{cells}</td></tr></table>\n\n$$y = {string.Join('+', Enumerable.Range(0, 99).Select(i => $"x_{i}"))}$$"),
            Cell("code", "#r \"a\"\n// comment\nvar x = \"text\" + 1;",
                new JsonObject { ["output_type"] = "stream", ["name"] = "stdout", ["text"] = s_verdict + "\n" + row + row },
                new JsonObject { ["output_type"] = "stream", ["name"] = "stderr", ["text"] = "a warning" },
                Shown("text/html", $"<table><tr><td>{cells}</td></tr></table>"),
                Shown("text/html", $"<div class=\"dni-plaintext\"><pre>{s_verdict}</pre></div>"),
                Shown("text/html", "<details open class=\"dni-treeview\"><summary><span class=\"dni-code-hint\"><code>{ A = 1 }</code>"
                    + "</span></summary><table><tr><td>A</td><td><div class=\"dni-plaintext\"><pre>1</pre></div></td></tr></table></details>"),
                new JsonObject { ["output_type"] = "error", ["traceback"] = new JsonArray(s_verdict) }));
        await AssertLegibleAsync(page, ColorScheme.Light);
        await AssertLegibleAsync(page, ColorScheme.Dark);
        await AssertNarrowAsync(page);
        foreach (string wide in new[] { ".prose table", ".output:has(> table)", ".columns", "math" })
            Assert.True(await OverflowAsync(page.Locator(wide)) > 0, wide);
        foreach (string wrapped in new[] { ".stream >> nth=0", ".error", ".output > .dni-plaintext pre" })
            Assert.Equal(0, await OverflowAsync(page.Locator(wrapped)));
    }

    [Fact]
    public async Task Brackets_are_as_tall_as_the_formula_says()
    {
        IPage page = await OpenAsync(Cell("markdown", @"$$f(x) = \left( \frac{a}{\frac{b}{c}} \right)$$"));
        double[] heights = await page.EvaluateAsync<double[]>(
            "[...document.querySelectorAll('mo')].filter(mo => mo.textContent === '(').map(mo => mo.getBoundingClientRect().height)");
        double line = await page.EvaluateAsync<double>("document.querySelector('mi').getBoundingClientRect().height");
        Assert.InRange(heights[0], 0, 1.6 * line);
        Assert.InRange(heights[1], 1.8 * heights[0], 10 * line);
    }

    private static async Task AssertLegibleAsync(IPage page, ColorScheme scheme)
    {
        await page.EmulateMediaAsync(new() { ColorScheme = scheme });
        JsonArray lowest = JsonNode.Parse(await page.EvaluateAsync<string>(LowestContrast))!.AsArray();
        Assert.True((double)lowest[0]! is >= 4.5 and < 22, $"{scheme}: {lowest}");
        double[] brightness = await BrightnessAsync(page.Locator("h1").First);
        Assert.Equal(scheme == ColorScheme.Dark, brightness[0] < 128);
    }

    private static async Task AssertNarrowAsync(IPage page)
    {
        await page.SetViewportSizeAsync(380, 800);
        // Charts draw themselves anew a moment after the window has changed.
        await page.WaitForFunctionAsync(
            "[...document.querySelectorAll('.chart .main-svg')].every(svg => svg.getAttribute('width') <= 380)");
        Assert.Equal(380, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        Assert.Equal(0, await page.EvaluateAsync<int>(
            "Math.max(...[...document.querySelectorAll('.output')].map(output => output.scrollHeight - output.clientHeight))"));
    }

    private static async Task<double[]> BrightnessAsync(ILocator element) =>
        await element.Page.EvaluateAsync<double[]>(Brightness, Convert.ToBase64String(await element.ScreenshotAsync()));

    private static Task<int> OverflowAsync(ILocator element) =>
        element.EvaluateAsync<int>("element => element.scrollWidth - element.clientWidth");

    private static JsonObject Cell(string type, string source, params JsonObject[] outputs) => new()
    {
        ["cell_type"] = type, ["metadata"] = new JsonObject(), ["source"] = source, ["outputs"] = new JsonArray(outputs),
    };

    private static JsonObject Shown(string mimeType, string content) => new()
    {
        ["output_type"] = "display_data", ["data"] = new JsonObject { [mimeType] = content },
    };

    private async Task<IPage> OpenAsync(params JsonObject[] cells)
    {
        string path = Path.Combine(workplace.NotebookFolder, "made.ipynb");
        await File.WriteAllTextAsync(path,
            new JsonObject { ["nbformat"] = 4, ["nbformat_minor"] = 5, ["cells"] = new JsonArray(cells) }.ToJsonString());
        await File.WriteAllTextAsync(path + ".html", HtmlPage.Render(NotebookDocument.Load(path)));
        return (await OpenAsync($"file://{path}.html")).Page;
    }
}

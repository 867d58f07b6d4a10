using System.Text.Json;

namespace IntraDistill.BrowserTests;

/// <summary><c>jupyter nbconvert --execute</c> with the kit's kernel, and the pages it makes.</summary>
public sealed class NbConvertTests(Workplace workplace, Browser browser) : PageTests(browser)
{
    private static readonly string[] s_templates = ["intradistill", "lab", "classic"];

    [Theory]
    [MemberData(nameof(Workplace.Notebooks), MemberType = typeof(Workplace))]
    public async Task A_notebook_is_executed_and_its_pages_draw_every_chart(string name)
    {
        string executed = workplace.SmokeCopy(name);
        await NbConvertAsync("--execute", "--inplace", "--to", "notebook", executed);
        await Command.RunAsync("/usr/bin/python3",
            ["-c", "import nbformat, sys; nbformat.validate(nbformat.read(sys.argv[1], as_version=4))", executed],
            workplace.Environment, workplace.NotebookFolder);
        string content = await File.ReadAllTextAsync(executed, TestContext.Current.CancellationToken);
        JsonElement notebook = JsonDocument.Parse(content).RootElement;
        Assert.DoesNotContain(Charts.Outputs(notebook), output => output.GetProperty("output_type").GetString() == "error");

        foreach (string template in s_templates)
        {
            await NbConvertAsync("--to", "html", "--template", template, "--output", $"{name}-{template}", executed);
            await AssertPageAsync(Path.Combine(workplace.NotebookFolder, $"{name}-{template}.html"), template, notebook);
        }
    }

    [Fact]
    public async Task A_notebook_becomes_a_page_in_one_go()
    {
        await NbConvertAsync(
            "--execute", "--to", "html", "--template", "intradistill", "--output", "one-go", workplace.SmokeCopy("00-method"));
        WatchedPage page = await OpenPageAsync(Path.Combine(workplace.NotebookFolder, "one-go.html"));
        Assert.NotEqual(0, await page.Page.Locator(".js-plotly-plot .main-svg g.trace").CountAsync());
        Assert.Empty(page.RequestsAbroad);
    }

    /// <summary>The same notebooks by the kernel of .NET Interactive's own tool.</summary>
    [Theory]
    [InlineData("00-method")]
    [InlineData("04-zero-shot")]
    public async Task Dotnet_interactive_executes_a_notebook_and_its_page_draws_every_chart(string name)
    {
        Dictionary<string, string> environment = new(workplace.Environment)
        {
            ["JUPYTER_PATH"] = await workplace.InstallDotnetInteractiveAsync(), ["DOTNET_INTERACTIVE_CLI_TELEMETRY_OPTOUT"] = "1",
        };
        string executed = workplace.SmokeCopy(name);
        await Command.RunAsync("/usr/bin/jupyter-nbconvert",
            ["--execute", "--ExecutePreprocessor.timeout=600", "--inplace", "--to", "notebook", executed], environment, workplace.NotebookFolder);
        JsonElement notebook = JsonDocument.Parse(
            await File.ReadAllTextAsync(executed, TestContext.Current.CancellationToken)).RootElement;
        Assert.DoesNotContain(Charts.Outputs(notebook), output => output.GetProperty("output_type").GetString() is "error"
            || output.TryGetProperty("name", out JsonElement stream) && stream.GetString() == "stderr");
        await NbConvertAsync("--to", "html", "--template", "lab", "--output", $"{name}-tool", executed);
        await AssertPageAsync(Path.Combine(workplace.NotebookFolder, $"{name}-tool.html"), "lab", notebook);
    }

    private async Task AssertPageAsync(string path, string template, JsonElement notebook)
    {
        WatchedPage page = await OpenPageAsync(path);
        await Charts.AssertDrawnAsync(page.Page, notebook);
        Assert.Empty(page.Errors);
        Assert.DoesNotContain(page.RequestsAbroad, url => url.Contains("plotly", StringComparison.Ordinal));
        // The kit's template brings plotly.js in the page and asks for nothing; nbconvert's own ask for MathJax and the like.
        int loads = page.Requests.Count(url => url.EndsWith("/plotly.min.js", StringComparison.Ordinal));
        Assert.Equal(template == "intradistill" ? 0 : 1, loads);
    }

    private Task<WatchedPage> OpenPageAsync(string path) => OpenAsync($"file://{path}");

    private Task NbConvertAsync(params string[] arguments) =>
        Command.RunAsync("/usr/bin/jupyter-nbconvert", arguments, workplace.Environment, workplace.NotebookFolder);
}

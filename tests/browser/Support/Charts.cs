using System.Text.Json;
using Microsoft.Playwright;

namespace IntraDistill.BrowserTests;

/// <summary>The charts of a page, counted in the SVG that plotly.js has drawn.</summary>
internal static class Charts
{
    private const string PlotlyMimeType = "application/vnd.plotly.v1+json";
    private const float Patience = 60_000;   // milliseconds

    // A trace counts if it has something to show: lines or bars, a heat map's image, a heat map's numbers. Legends have classes of
    // their own.
    private const string Count = """
        () => [...document.querySelectorAll('.js-plotly-plot')].map(chart => [...chart.querySelectorAll('g.trace, g.hm')]
            .filter(trace => trace.querySelector('path[d], image, .textpoint')).length)
        """;

    /// <summary>The number of visible traces of each figure in a notebook's outputs, in order.</summary>
    public static int[] Expected(JsonElement notebook) =>
    [
        .. Outputs(notebook)
            .Where(output => output.TryGetProperty("data", out JsonElement data) && data.TryGetProperty(PlotlyMimeType, out _))
            .Select(output => Figure(output.GetProperty("data").GetProperty(PlotlyMimeType)).GetProperty("data").EnumerateArray().Count(
                trace => !trace.TryGetProperty("visible", out JsonElement visible) || visible.ValueKind == JsonValueKind.True)),
    ];

    // .NET Interactive's tool writes it as text.
    private static JsonElement Figure(JsonElement output) =>
        output.ValueKind == JsonValueKind.String ? JsonDocument.Parse(output.GetString()!).RootElement : output;

    /// <summary>All outputs of a notebook.</summary>
    public static IEnumerable<JsonElement> Outputs(JsonElement notebook) => notebook.GetProperty("cells").EnumerateArray()
        .Where(cell => cell.TryGetProperty("outputs", out _))
        .SelectMany(cell => cell.GetProperty("outputs").EnumerateArray());

    /// <summary>Waits until every chart of a notebook is drawn with all its traces.</summary>
    public static async Task AssertDrawnAsync(IPage page, JsonElement notebook)
    {
        int[] expected = Expected(notebook);
        Assert.NotEmpty(expected);
        Assert.DoesNotContain(0, expected);
        try
        {
            await page.WaitForFunctionAsync(
                $"expected => JSON.stringify(({Count})()) === expected", JsonSerializer.Serialize(expected),
                new() { Timeout = Patience });
        }
        catch (TimeoutException)
        {
            Assert.Equal(expected, await page.EvaluateAsync<int[]>(Count));
        }
    }
}

using System.Text.Json.Nodes;

namespace IntraDistill.Tests.Hosts;

/// <summary>The notebooks and the kit in .NET Interactive itself, the tool that <c>.config/dotnet-tools.json</c> names.</summary>
public class DotnetInteractiveTests
{
    private const string Kit = "#r \"../bin/IntraDistill.Kit.dll\"", PlotlyExtension = "#r \"nuget: Plotly.NET.Interactive, 6.0.0\"",
        KitChart = "IntraDistill.KitCharts.LearningCurves(\"t\", \"x\", \"y\", new IntraDistill.CurveSeries[] { "
            + "new(\"a\", new double[] { 1, 2 }, new double[] { 3, 4 }) })",
        PlainChart = "var trace = new Plotly.NET.Trace(\"scatter\"); trace.SetProperty(\"x\", new[] { 1, 2 }); "
            + "Plotly.NET.GenericChart.ofTraceObject(true, trace)";

    private static readonly string s_notebooks = Path.Combine(Repository.Root, "notebooks");
    private static readonly string[] s_chart = ["application/vnd.plotly.v1+json", "text/html", "image/svg+xml", "text/plain"];

    [Theory]
    [InlineData("00-method", 0)]
    [InlineData("01-sensitivity-gap", 10)]
    [InlineData("02-iwslt", 10)]
    [InlineData("03-glue", 10)]
    [InlineData("04-zero-shot", 10)]
    public async Task A_notebook_runs_unchanged(string name, int updates)
    {
        JsonNode notebook = JsonNode.Parse(await File.ReadAllTextAsync(
            Path.Combine(s_notebooks, name + ".ipynb"), TestContext.Current.CancellationToken))!;
        JsonNode[] cells = [.. notebook["cells"]!.AsArray().Where(cell => (string)cell!["cell_type"]! == "code")!];
        using InteractiveTool tool = await InteractiveTool.StartAsync(s_notebooks);
        var events = new List<InteractiveTool.Event>();
        foreach (JsonNode cell in cells)
        {
            string code = string.Concat(cell["source"]!.AsArray().Select(line => (string)line!));
            if (cell["metadata"]!["tags"]?.AsArray().Any(tag => (string)tag! == "parameters") == true)
                code = code.Replace("preset = \"Quick\"", "preset = \"Smoke\"", StringComparison.Ordinal);
            List<InteractiveTool.Event> ofCell = tool.Run(code);
            Assert.True(ofCell[^1].Type == "CommandSucceeded", $"{code}\n{ofCell[^1].Message}");
            events.AddRange(ofCell);
        }

        // No warning, nothing on stderr; a cell that ends in no value shows none.
        Assert.DoesNotContain(events, one => one.Type == "DiagnosticsProduced" && one.Json["event"]!["diagnostics"]!.AsArray().Count > 0);
        Assert.DoesNotContain(events, one => one.Type == "StandardErrorValueProduced");
        Assert.DoesNotContain(events, one => one.Forms.Contains("text/plain") && one.In("text/plain") == "<null>");
        // As many charts as in the kit's own runner, whose outputs are committed, and each in its four forms.
        InteractiveTool.Event[] charts = [.. events.Where(one => one.Forms.Contains(s_chart[0]))];
        Assert.Equal(cells.SelectMany(cell => cell["outputs"]!.AsArray()).Count(output => output!["data"]?[s_chart[0]] is not null),
            charts.Length);
        Assert.All(charts, chart => Assert.Equal(s_chart, chart.Forms));
        // A bar is one display, updated in place.
        InteractiveTool.Event[] bars = [.. events.Where(one => one.Type == "DisplayedValueUpdated")];
        Assert.InRange(bars.Length, updates, 10_000);
        Assert.Empty(bars.Select(one => one.DisplayId).Except(
            events.Where(one => one.Type == "DisplayedValueProduced").Select(one => one.DisplayId)));
    }

    [Fact]
    public async Task Cancel_stops_a_training_and_the_next_cell_runs()
    {
        using InteractiveTool tool = await InteractiveTool.StartAsync(s_notebooks);
        tool.Run(Kit);
        tool.Run("""
            using IntraDistill; using TorchSharp; using Microsoft.DotNet.Interactive;
            class Batch : IBatch { public int Tokens => 1; }
            class Source : IBatchSource<Batch> { public IReadOnlyList<Batch> Epoch(int epoch) => new[] { new Batch() }; }
            """);
        string training = tool.Send("SubmitCode", new()
        {
            ["targetKernelName"] = "csharp",
            ["code"] = """
                var model = torch.nn.Linear(2, 1);
                var trainer = new Trainer<Batch>(model, new TrainerSettings { MaxUpdates = 1_000_000_000 }, new Source(), (batch, update) =>
                {
                    var loss = model.forward(torch.ones(1, 2)).mean();
                    return new IntraDistillationLoss(loss, torch.zeros(1), 0, loss);
                });
                trainer.ProgressChanged += KernelInvocationContext.Current.Display(trainer.Progress).Update;
                await trainer.TrainAsync();
                """,
        });
        tool.Until(one => one.Type is "DisplayedValueUpdated" or "CommandFailed");
        tool.Send("Cancel", []);
        Assert.Equal("Command cancelled.", tool.Wait(training)[^1].Message);
        Assert.Contains("2", tool.Run("1 + 1").Single(one => one.Type == "ReturnValueProduced").In("text/html"), StringComparison.Ordinal);
        string update = tool.Run("trainer.Result.Update").Single(one => one.Type == "ReturnValueProduced").In("text/html");
        Assert.Equal(update, tool.Run("await Task.Delay(300); trainer.Result.Update").Single(one => one.Type == "ReturnValueProduced").In("text/html"));
    }

    /// <summary>Plotly.NET's own extension draws charts with scripts from the network; and the tool brings an FSharp.Core too old for them.</summary>
    [Theory]
    [InlineData(Kit, PlainChart)]
    [InlineData(Kit, KitChart, PlotlyExtension, KitChart, PlainChart)]
    [InlineData(PlotlyExtension, Kit, KitChart, PlainChart)]
    public async Task Charts_are_the_kits_whatever_was_loaded_first(params string[] cells)
    {
        using InteractiveTool tool = await InteractiveTool.StartAsync(s_notebooks);
        foreach (string code in cells)
        {
            List<InteractiveTool.Event> events = tool.Run(code);
            Assert.True(events[^1].Type == "CommandSucceeded", $"{code}\n{events[^1].Message}");
            if (code is not (KitChart or PlainChart))
                continue;
            InteractiveTool.Event chart = events.Single(one => one.Type == "ReturnValueProduced");
            Assert.Equal(s_chart, chart.Forms);
            Assert.Contains("data-kit-chart", chart.In("text/html"), StringComparison.Ordinal);
            Assert.DoesNotContain("cdn", chart.In("text/html"), StringComparison.OrdinalIgnoreCase);
        }
    }
}

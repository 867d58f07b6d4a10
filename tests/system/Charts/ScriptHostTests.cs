using System.Text.RegularExpressions;
using IntraDistill.Tests.RunnerTests;

namespace IntraDistill.Tests;

/// <summary>
/// The notebooks in a host that loads the kit as .NET Interactive does: a Roslyn script, each dll in a context of its own.
/// </summary>
public class ScriptHostTests
{
    [Fact]
    public async Task A_whole_notebook_runs_and_every_chart_has_its_three_forms()
    {
        string output = await RunAsync(Path.Combine(Repository.Root, "notebooks", "00-method.ipynb"));

        MatchCollection charts = Regex.Matches(output,
            @"\[(result|display)\] MultiChart application/vnd\.plotly\.v1\+json=\d+ text/html=\d+ image/svg\+xml=(\d+)");
        // Five pictures; a network, a slider and a triangle in words.
        Assert.Equal(8, charts.Count);
        Assert.Equal(5, charts.Count(chart => int.Parse(chart.Groups[2].Value) is > 1_500 and < 20_000));
        Assert.Equal(3, charts.Count(chart => int.Parse(chart.Groups[2].Value) < 500));
        Assert.Single(Regex.Matches(output, @"\[display\] KitTable text/html="));
    }

    [Fact]
    public async Task A_progress_display_is_updated_in_place_from_the_training_thread()
    {
        string folder = Directory.CreateTempSubdirectory("script-host-").FullName;
        try
        {
            string kit = Path.Combine(Repository.Root, "bin", "IntraDistill.Kit.dll");
            string notebook = TestNotebook.Write(Path.Combine(folder, "progress.ipynb"),
                $"#r \"{kit}\"",
                "using IntraDistill; using Microsoft.DotNet.Interactive;",
                // The lines of the notebooks, with a thread as the trainer has one.
                """
                var context = KernelInvocationContext.Current;
                var bar = context.Display(new TrainingProgress());
                Action<TrainingProgress> show = progress => bar.Update(progress);
                await Task.Factory.StartNew(() => show(new TrainingProgress { Update = 5 }), TaskCreationOptions.LongRunning);
                """);
            string output = await RunAsync(notebook);
            Assert.Matches(
                @"\[display\] TrainingProgress text/html=\d+ text/plain=\d+\s+\[update\] TrainingProgress text/html=\d+", output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("01-sensitivity-gap.ipynb")]
    [InlineData("02-iwslt.ipynb")]
    [InlineData("03-glue.ipynb")]
    [InlineData("04-zero-shot.ipynb")]
    public void The_notebooks_show_progress_in_the_way_that_every_host_updates(string notebook)
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, "notebooks", notebook));
        // What .NET Interactive's display returns updates nothing; the token is the way to stop a run.
        Assert.Matches(@"Follow\(context\.Display\(new TrainingProgress \{[^}]*\}\)\.Update, context\.CancellationToken\);", text);
        Assert.DoesNotContain("Follow(display(", text);
        Assert.DoesNotContain("= display(", text);
    }

    private static Task<string> RunAsync(string notebook) =>
        Repository.DotnetAsync("exec", Repository.Metadata("ScriptHost"), notebook, "Smoke");
}

using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace IntraDistill.BrowserTests;

/// <summary>What a user of Jupyter Notebook 6.4 sees.</summary>
public sealed partial class NotebookTests(Workplace workplace, Browser browser, NotebookServer server)
    : PageTests(browser), IClassFixture<NotebookServer>
{
    // A training without an end, by the kit's own trainer, with its own progress display.
    private static readonly string[] s_training =
    [
        """
        #r "../bin/IntraDistill.Kit.dll"
        """,
        """
        using IntraDistill;
        using IntraDistill.Tasks;
        using TorchSharp;
        using static TorchSharp.torch;
        using F = TorchSharp.torch.nn.functional;

        record Points(int Tokens) : IBatch;
        class Forever : IBatchSource<Points>
        {
            public IReadOnlyList<Points> Epoch(int epoch) => Enumerable.Repeat(new Points(32), 100).ToArray();
        }

        var network = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 3));
        var objective = new IntraDistillation(new() { Alpha = 1, TotalSteps = 1_000_000 });
        var settings = new TrainerSettings { MaxUpdates = 1_000_000, Label = "toy" };
        var trainer = new Trainer<Points>(network, settings, new Forever(), (batch, step) =>
        {
            Tensor x = randn(batch.Tokens, 4), y = x.argmax(1) % 3;
            return objective.Loss(() => network.forward(x), logits => F.cross_entropy(logits, y), step);
        });
        """,
        """
        var bar = display(trainer.Progress);
        trainer.ProgressChanged += progress => bar.Update(progress);
        await trainer.TrainAsync();
        """,
        """
        Console.WriteLine($"still here, after {(trainer.Result.Update > 0 ? "some" : "no")} updates");
        """,
    ];

    [Theory]
    [InlineData("00-method")]
    [InlineData("02-iwslt")]
    [InlineData("03-glue")]
    [InlineData("04-zero-shot")]
    public async Task Run_all_draws_every_chart_offline_and_so_does_the_saved_notebook(string name)
    {
        NotebookPage page = await OpenNotebookAsync(workplace.SmokeCopy(name));
        await page.RunAllAsync();
        await page.WaitForIdleAsync();
        await CheckAsync();

        await page.SaveAsync();
        page.Watched.ForgetRequests();
        await page.Page.ReloadAsync();
        await page.WaitForIdleAsync();
        await CheckAsync();

        async Task CheckAsync()
        {
            JsonElement notebook = await page.ContentAsync();
            Assert.DoesNotContain(Charts.Outputs(notebook), output => output.GetProperty("output_type").GetString() == "error");
            await Charts.AssertDrawnAsync(page.Page, notebook);
            Assert.Empty(page.Watched.RequestsAbroad);
            Assert.Empty(page.Watched.Errors);
            Assert.Single(page.Watched.Requests, url => url.Contains("plotly", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_training_shows_its_progress_in_place_and_stops_when_interrupted_and_the_kernel_goes_on()
    {
        NotebookPage page = await OpenNotebookAsync(workplace.NewNotebook("training", s_training));
        await page.RunAllAsync();
        await AssertProgressAsync(page, 2);
        await page.InterruptByButtonAsync();
        await AssertInterruptedAsync(page, 2);

        await page.RunAsync(3);
        await Expect(page.Outputs(3)).ToContainTextAsync("still here, after some updates");

        await page.RunAsync(2);
        await AssertProgressAsync(page, 2);
        await page.InterruptByKeysAsync(2);
        await AssertInterruptedAsync(page, 2);
        await page.RunAsync(3);
        await Expect(page.Outputs(3)).ToContainTextAsync("still here");
    }

    [Fact]
    public async Task Tab_completes_and_Shift_Tab_explains()
    {
        NotebookPage page = await OpenNotebookAsync(workplace.NewNotebook("editing", "var lengthOfPath = 3;", ""));
        await page.RunAsync(0);
        await page.WaitForIdleAsync();

        await page.TypeAsync(1, "Console.Wri");
        await page.Page.Keyboard.PressAsync("Tab");
        await Expect(page.Page.Locator("#complete option")).ToHaveTextAsync(["Write", "WriteLine"]);
        await page.Page.Keyboard.PressAsync("Escape");

        await page.TypeAsync(1, "lengthOf");
        await page.Page.Keyboard.PressAsync("Tab");
        await Expect(page.Cell(1).Locator(".CodeMirror-line")).ToHaveTextAsync("lengthOfPath");

        await page.TypeAsync(1, "Console.WriteLine(");
        await page.Page.Keyboard.PressAsync("Shift+Tab");
        await Expect(page.Page.Locator("#tooltip")).ToContainTextAsync("void Console.WriteLine(");
        await Expect(page.Page.Locator("#tooltip")).ToContainTextAsync("standard output stream");
    }

    [Fact]
    public async Task A_cell_asks_for_input_in_the_page()
    {
        NotebookPage page = await OpenNotebookAsync(workplace.NewNotebook("asking",
            """Console.WriteLine($"Hello, {await GetInputAsync("Who? ")}.")""", "Console.WriteLine(Console.ReadLine().Length)"));
        foreach ((int cell, string answer, string expected) in new[] { (0, "Ada", "Hello, Ada."), (1, "Grace", "5") })
        {
            await page.RunAsync(cell);
            await page.Cell(cell).Locator("input.raw_input").FillAsync(answer);
            await page.Page.Keyboard.PressAsync("Enter");
            await Expect(page.Outputs(cell).Locator(".output_stdout").Last).ToContainTextAsync(expected);
        }
    }

    private async Task<NotebookPage> OpenNotebookAsync(string notebook)
    {
        var page = new NotebookPage(await OpenAsync(server.AddressOf(notebook)));
        await page.WaitForIdleAsync();
        return page;
    }

    /// <summary>The same element shows four states after each other, and no other output comes.</summary>
    private static async Task AssertProgressAsync(NotebookPage page, int cell)
    {
        ILocator bar = page.Outputs(cell);
        var seen = new HashSet<string>();
        while (seen.Count < 4)
        {
            await Expect(bar).ToContainTextAsync(Update());
            await Expect(bar).ToHaveCountAsync(1);
            string text = (await bar.InnerTextAsync()).Trim();
            seen.Add(text);
            await Expect(bar).Not.ToHaveTextAsync(text, new() { UseInnerText = true, Timeout = 30_000 });
        }
    }

    private static async Task AssertInterruptedAsync(NotebookPage page, int cell)
    {
        await page.WaitForIdleAsync();
        await Expect(page.Outputs(cell)).ToHaveCountAsync(2);   // the bar as it was, and the error
        await Expect(page.Outputs(cell).First).ToContainTextAsync("cancelled");
        await Expect(page.Outputs(cell).Last).ToContainTextAsync("KeyboardInterrupt");
    }

    [GeneratedRegex(@"toy.*\d", RegexOptions.Singleline)]
    private static partial Regex Update();
}

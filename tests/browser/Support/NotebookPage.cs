using System.Text.Json;
using Microsoft.Playwright;

namespace IntraDistill.BrowserTests;

/// <summary>A notebook open in Jupyter Notebook, worked by its own menus, buttons and keys.</summary>
public sealed class NotebookPage(WatchedPage watched)
{
    private const float Long = 300_000;   // milliseconds: a training cell on a loaded machine

    /// <summary>The browser's page.</summary>
    public IPage Page => watched.Page;

    /// <summary>The same, with what it asked for.</summary>
    public WatchedPage Watched => watched;

    /// <summary>A cell of code, counted from 0 among the cells of code.</summary>
    public ILocator Cell(int index) => Page.Locator(".code_cell").Nth(index);

    /// <summary>The outputs of a cell.</summary>
    public ILocator Outputs(int index) => Cell(index).Locator(".output_area");

    /// <summary>Cell → Run All.</summary>
    public async Task RunAllAsync()
    {
        await Page.ClickAsync("#celllink");
        await Page.ClickAsync("#run_all_cells");
    }

    /// <summary>Selects a cell and runs it by the toolbar's button.</summary>
    public async Task RunAsync(int index)
    {
        await SelectAsync(index);
        await Page.ClickAsync("button[data-jupyter-action='jupyter-notebook:run-cell-and-select-next']");
    }

    /// <summary>Selects a cell in command mode.</summary>
    public Task SelectAsync(int index) => Cell(index).Locator(".prompt.input_prompt").ClickAsync();

    /// <summary>The toolbar's button with the square.</summary>
    public Task InterruptByButtonAsync() => Page.ClickAsync("button[data-jupyter-action='jupyter-notebook:interrupt-kernel']");

    /// <summary>The keys I, I in command mode.</summary>
    public async Task InterruptByKeysAsync(int cell)
    {
        await SelectAsync(cell);
        await Page.Keyboard.PressAsync("i");
        await Page.Keyboard.PressAsync("i");
    }

    /// <summary>Replaces the source of a cell by typing, and leaves the caret at its end.</summary>
    public async Task TypeAsync(int index, string code)
    {
        await Cell(index).Locator(".CodeMirror").ClickAsync();
        await Page.Keyboard.PressAsync("Control+A");
        await Page.Keyboard.PressAsync("Delete");
        await Page.Keyboard.InsertTextAsync(code);
    }

    /// <summary>Waits until no cell runs or waits to run, and the kernel is idle.</summary>
    public Task WaitForIdleAsync() => Page.WaitForFunctionAsync(
        """
        () => !document.querySelector('.code_cell.running') && document.querySelector('#kernel_indicator_icon.kernel_idle_icon')
            && window.Jupyter?.notebook?.kernel?.is_connected()
        """, null, new() { Timeout = Long });

    /// <summary>The notebook as Jupyter would save it.</summary>
    public async Task<JsonElement> ContentAsync() =>
        JsonDocument.Parse(await Page.EvaluateAsync<string>("JSON.stringify(Jupyter.notebook.toJSON())")).RootElement;

    /// <summary>Saves the notebook.</summary>
    public Task SaveAsync() => Page.EvaluateAsync("Jupyter.notebook.save_notebook()");
}

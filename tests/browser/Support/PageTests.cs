using Microsoft.Playwright;

namespace IntraDistill.BrowserTests;

/// <summary>Tests of pages: a page lives as long as its test, and is photographed if that fails.</summary>
/// <remarks>Pictures go below the temporary folder; to the folder <c>KIT_SCREENSHOTS</c> also those of tests that pass.</remarks>
public abstract class PageTests(Browser browser) : IAsyncDisposable
{
    /// <summary>The folder for pictures of all pages; null where only those of failures are wanted.</summary>
    private static readonly string? s_album = Environment.GetEnvironmentVariable("KIT_SCREENSHOTS");

    // Outside of the clone, in which nothing may be left behind.
    private static readonly string s_folder = s_album ?? Path.Combine(Path.GetTempPath(), "kit-screenshots");

    private readonly List<IPage> _pages = [];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (IPage page in _pages)
        {
            if (s_album is not null || TestContext.Current.TestState?.Result == TestResult.Failed)
                await PhotographAsync(page);
            await page.Context.DisposeAsync();
        }
    }

    /// <summary>Opens an address on a page of its own.</summary>
    protected async Task<WatchedPage> OpenAsync(string address)
    {
        WatchedPage page = await browser.NewPageAsync();
        _pages.Add(page.Page);
        await page.Page.GotoAsync(address);
        return page;
    }

    private async Task PhotographAsync(IPage page)
    {
        // Jupyter Notebook scrolls within the page.
        int height = await page.EvaluateAsync<int>("document.querySelector('#notebook-container')?.scrollHeight ?? 0");
        await page.SetViewportSizeAsync(1280, Math.Clamp(height + 200, 1000, 16_000));
        string name = string.Concat(TestContext.Current.Test!.TestDisplayName.Split('.')[^1].Select(
            letter => char.IsLetterOrDigit(letter) ? letter : '-'));
        string path = Path.Combine(s_folder, $"{name}-{_pages.IndexOf(page)}.png");
        await page.ScreenshotAsync(new() { Path = path, FullPage = true });
        TestContext.Current.TestOutputHelper?.WriteLine($"screenshot: {path}");
    }
}

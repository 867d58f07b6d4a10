using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Language;

namespace IntraDistill.Tests.LanguageTests;

/// <summary>A session and its language services; a <c>|</c> in the code is the cursor.</summary>
public abstract class LanguageTest : IDisposable
{
    private readonly LanguageServices _language;
    private int _cell;

    private protected LanguageTest()
    {
        Folder = Directory.CreateTempSubdirectory("language-").FullName;
        Session = new ScriptSession(Folder, _ => { });
        _language = new LanguageServices(Session);
    }

    private protected string Folder { get; }

    private protected ScriptSession Session { get; }

    private protected LanguageServices Language => _language;

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _language.Dispose();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected async Task Run(string code) => Assert.Null(await Session.SubmitAsync(code, ++_cell, Cancellation));

    private protected Task<Completions> Complete(string marked)
    {
        (string code, int cursor) = Unmark(marked);
        return _language.CompleteAsync(code, cursor, Cancellation);
    }

    private protected async Task<string[]> Texts(string marked) => [.. (await Complete(marked)).Items.Select(item => item.Text)];

    private protected async Task<string> Inspect(string marked, bool detailed = false)
    {
        (string code, int cursor) = Unmark(marked);
        return (await _language.InspectAsync(code, cursor, detailed, Cancellation))?.Content[MimeBundle.PlainText] ?? "";
    }

    private protected static (string Code, int Cursor) Unmark(string marked)
    {
        int cursor = marked.IndexOf('|', StringComparison.Ordinal);
        return (marked.Remove(cursor, 1), cursor);
    }
}

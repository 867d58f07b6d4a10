// Until the branch "language" lands, which deletes this file.
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Language;

internal sealed record Completeness(string Status, string Indent);

internal sealed record Completion(string Text, string Kind, string Signature);

internal sealed record Completions(IReadOnlyList<Completion> Items, int Start, int End);

internal sealed class LanguageServices(ScriptSession session)
{
    private readonly ScriptSession _session = session;
    public Completeness CheckComplete(string code) => new("complete", _session.Folder[..0]);
    public Task<Completions> CompleteAsync(string code, int cursor, CancellationToken cancellation) => Task.FromResult(new Completions([], cursor, cursor));
    public Task<MimeBundle?> InspectAsync(string code, int cursor, bool detailed, CancellationToken cancellation) => Task.FromResult<MimeBundle?>(null);
    public void WarmUp() { }
}

internal static class CodePoints
{
    public static int ToUtf16(string text, int codePoints) => codePoints;
    public static int FromUtf16(string text, int index) => index;
}

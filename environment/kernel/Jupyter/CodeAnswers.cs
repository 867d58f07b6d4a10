using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Language;

namespace IntraDistill.Kernel.Jupyter;

/// <summary>Answers what editors ask about code. The protocol counts positions in code points, .NET in UTF-16.</summary>
internal static class CodeAnswers
{
    /// <summary>Answers a <c>complete_request</c>.</summary>
    public static async Task<JsonObject> CompleteAsync(Request request, LanguageServices language)
    {
        string code = request.Text("code");
        Completions found = await language.CompleteAsync(code, Cursor(request, code), CancellationToken.None);
        int start = CodePoints.FromUtf16(code, found.Start), end = CodePoints.FromUtf16(code, found.End);
        return new JsonObject
        {
            ["status"] = "ok",
            ["matches"] = new JsonArray([.. found.Items.Select(item => JsonValue.Create(item.Text))]),
            ["cursor_start"] = start,
            ["cursor_end"] = end,
            ["metadata"] = new JsonObject
            {
                ["_jupyter_types_experimental"] = new JsonArray([.. found.Items.Select(item => new JsonObject
                {
                    ["text"] = item.Text,
                    ["type"] = item.Kind,
                    ["signature"] = item.Signature,
                    ["start"] = start,
                    ["end"] = end,
                })]),
            },
        };
    }

    /// <summary>Answers an <c>inspect_request</c>.</summary>
    public static async Task<JsonObject> InspectAsync(Request request, LanguageServices language)
    {
        string code = request.Text("code");
        MimeBundle? found = await language.InspectAsync(
            code, Cursor(request, code), request.Number("detail_level", 0) > 0, CancellationToken.None);
        return new JsonObject
        {
            ["status"] = "ok",
            ["found"] = found is not null,
            ["data"] = found?.ToJson(text => JsonValue.Create(text)) ?? new JsonObject(),
            ["metadata"] = new JsonObject(),
        };
    }

    private static int Cursor(Request request, string code) =>
        request.Number("cursor_pos", -1) is var cursor and >= 0 ? CodePoints.ToUtf16(code, cursor) : code.Length;
}

/// <summary>Positions in a text: Jupyter's messages count Unicode code points, .NET and Roslyn UTF-16 units.</summary>
internal static class CodePoints
{
    /// <summary>The UTF-16 index of a code point; what lies outside of the text is moved to its nearer end.</summary>
    public static int ToUtf16(string text, int codePoints)
    {
        int index = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (codePoints-- <= 0)
                break;
            index += rune.Utf16SequenceLength;
        }
        return index;
    }

    /// <summary>How many code points lie before a UTF-16 index within the text.</summary>
    public static int FromUtf16(string text, int index)
    {
        int count = 0;
        foreach (Rune _ in text.AsSpan(0, index).EnumerateRunes())
            count++;
        return count;
    }
}

/// <summary>A cell that asks about a symbol as IPython's do, <c>?Math.Sqrt</c> or <c>Math.Sqrt?</c>: the answer goes to the pager.</summary>
internal static partial class Question
{
    /// <summary>The symbol a cell asks about; null when it is code.</summary>
    public static string? In(string code)
    {
        Match match = Pattern().Match(code.Trim());
        return match.Success ? match.Groups["symbol"].Value : null;
    }

    /// <summary>The <c>page</c> payload of an execute reply.</summary>
    public static async Task<JsonObject> AnswerAsync(string symbol, LanguageServices language)
    {
        MimeBundle answer = await language.InspectAsync(symbol, symbol.Length, detailed: true, CancellationToken.None)
            ?? MimeBundle.Of(MimeBundle.PlainText, $"{symbol}: nothing of that name is known here");
        return new JsonObject { ["source"] = "page", ["data"] = answer.ToJson(text => JsonValue.Create(text)), ["start"] = 0 };
    }

    [GeneratedRegex(@"^(\?\s*(?<symbol>[\p{L}_][\p{L}\p{N}_.]*)|(?<symbol>[\p{L}_][\p{L}\p{N}_.]*)\s*\?)$")]
    private static partial Regex Pattern();
}

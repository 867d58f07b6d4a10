using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Language;

namespace IntraDistill.Kernel.Jupyter;

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

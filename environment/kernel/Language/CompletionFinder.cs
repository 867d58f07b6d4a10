using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Completion;
using Microsoft.CodeAnalysis.Recommendations;
using Microsoft.CodeAnalysis.Tags;
using Microsoft.CodeAnalysis.Text;

namespace IntraDistill.Kernel.Language;

/// <summary>Completes C#: what Roslyn's completion service offers, in the form that Jupyter wants.</summary>
internal static class CompletionFinder
{
    /// <summary>From Roslyn's tags to kinds, the first that applies.</summary>
    private static readonly (string Tag, string Kind)[] s_kinds =
    [
        (WellKnownTags.Keyword, "keyword"),
        (WellKnownTags.Namespace, "module"),
        (WellKnownTags.Method, "function"), (WellKnownTags.ExtensionMethod, "function"),
        (WellKnownTags.Property, "property"), (WellKnownTags.Field, "property"), (WellKnownTags.Event, "event"),
        (WellKnownTags.Constant, "constant"), (WellKnownTags.EnumMember, "constant"),
        (WellKnownTags.Local, "instance"), (WellKnownTags.RangeVariable, "instance"), (WellKnownTags.Parameter, "param"),
        (WellKnownTags.Class, "class"), (WellKnownTags.Structure, "struct"), (WellKnownTags.Interface, "interface"),
        (WellKnownTags.Enum, "enum"), (WellKnownTags.Delegate, "class"), (WellKnownTags.TypeParameter, "class"),
    ];

    private static readonly SymbolDisplayFormat s_signature = SymbolDisplayFormat.MinimallyQualifiedFormat
        .WithMemberOptions(SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeParameters)
        .WithKindOptions(SymbolDisplayKindOptions.IncludeTypeKeyword | SymbolDisplayKindOptions.IncludeNamespaceKeyword);

    /// <summary>What may stand at a position.</summary>
    public static async Task<Completions> FindAsync(Document document, string code, int cursor, CancellationToken cancellation)
    {
        CompletionService service = CompletionService.GetService(document)!;
        CompletionList list = await service.GetCompletionsAsync(document, cursor, cancellationToken: cancellation);
        if (list.ItemsList.Count == 0 || list.Span.Start > cursor)
            return new Completions([], cursor, cursor);
        TextSpan span = TextSpan.FromBounds(list.Span.Start, Math.Max(cursor, list.Span.End));
        string typed = code[span.Start..cursor];

        ILookup<string, ISymbol> symbols =
            (await Recommender.GetRecommendedSymbolsAtPositionAsync(document, cursor, cancellationToken: cancellation))
            .ToLookup(symbol => symbol.Name, StringComparer.Ordinal);
        var found = new Dictionary<string, (Completion Item, int Rank, CompletionItem Source)>(StringComparer.Ordinal);
        foreach (CompletionItem item in list.ItemsList)
        {
            if (Rank(item.FilterText, typed) is not { } rank || item.Tags.Contains(WellKnownTags.Snippet))
                continue;
            if (await TextOfAsync(service, document, item, code, span, cancellation) is not { } text)
                continue;
            ISymbol[] named = [.. symbols[item.DisplayText]];
            string kind = named is [IFieldSymbol field, ..] && field.ContainingType is { IsScriptClass: true } ? "instance" : KindOf(item);
            found.TryAdd(text, (new Completion(text, kind, Signature(named)), rank, item));
        }
        return new Completions(
            [.. found.Values.OrderBy(entry => entry.Rank)
                .ThenByDescending(entry => entry.Source.Rules.MatchPriority)   // what fits the type that is wanted here
                .ThenBy(entry => entry.Source.SortText, StringComparer.OrdinalIgnoreCase)
                .ThenBy(entry => entry.Item.Text, StringComparer.Ordinal)
                .Select(entry => entry.Item)],
            span.Start, span.End);
    }

    // How well a name fits what was typed so far, 0 best; null where it does not.
    private static int? Rank(string name, string typed) =>
        name.StartsWith(typed, StringComparison.Ordinal) ? 0
        : name.StartsWith(typed, StringComparison.OrdinalIgnoreCase) ? 1
        : typed.Length > 2 && name.Contains(typed, StringComparison.OrdinalIgnoreCase) ? 2
        : null;

    // The declaration of the shortest, and how many overloads there are beside it; empty for none.
    private static string Signature(ISymbol[] symbols) => symbols switch
    {
        [] => "",
        [IMethodSymbol, _, ..] => $"{symbols.MinBy(symbol => symbol is IMethodSymbol method ? method.Parameters.Length : 0)!
            .ToDisplayString(s_signature)} (+{symbols.Length - 1})",
        [var first, ..] => first.ToDisplayString(s_signature),
    };

    private static string KindOf(CompletionItem item)
    {
        foreach ((string tag, string kind) in s_kinds)
            if (item.Tags.Contains(tag))
                return kind;
        return "statement";
    }

    // Most items insert their name. Others (override, a conversion) rewrite what stands before it: they can be offered
    // as far as the rewritten text still begins with what is there, since Jupyter replaces one stretch for all items.
    private static async Task<string?> TextOfAsync(
        CompletionService service, Document document, CompletionItem item, string code, TextSpan span,
        CancellationToken cancellation)
    {
        if (!item.IsComplexTextEdit)
            return item.Properties.TryGetValue("InsertionText", out string? text) ? text
                : item.DisplayTextSuffix == ":" ? $"{item.DisplayText}: "   // an argument's name
                : item.DisplayText;
        TextChange change = (await service.GetChangeAsync(document, item, cancellationToken: cancellation)).TextChange;
        if (change.NewText is not { } newText || change.Span.Start > span.Start || change.Span.End != span.End)
            return null;
        string before = code[change.Span.Start..span.Start];
        return newText.StartsWith(before, StringComparison.Ordinal) ? newText[before.Length..] : null;
    }
}

/// <summary>What may stand at the cursor.</summary>
/// <param name="Items">The best first.</param>
/// <param name="Start">Where the text begins that an item replaces: a UTF-16 index.</param>
/// <param name="End">Where it ends.</param>
internal sealed record Completions(IReadOnlyList<Completion> Items, int Start, int End);

/// <summary>One thing that may stand at the cursor.</summary>
/// <param name="Text">The text to insert.</param>
/// <param name="Kind">
/// What it is, in words that Jupyter's front ends have icons for: ipykernel's (<c>function</c>, <c>instance</c>,
/// <c>module</c>, <c>keyword</c>, <c>param</c>, <c>path</c> …) and, where it has none, VS Code's (<c>struct</c>, <c>enum</c> …).
/// </param>
/// <param name="Signature">Its declaration in short; may be empty.</param>
internal sealed record Completion(string Text, string Kind, string Signature);

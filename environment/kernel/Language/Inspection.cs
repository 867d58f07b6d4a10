using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using IntraDistill.Kernel.Engine;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.FindSymbols;
using Microsoft.CodeAnalysis.QuickInfo;

namespace IntraDistill.Kernel.Language;

/// <summary>
/// Describes the symbol at a position: what Roslyn's quick info says of it (declaration, documentation), and what that leaves
/// out, since editors show it beside: its parameters and overloads.
/// </summary>
internal static partial class Inspection
{
    /// <summary>Console.WriteLine has 20; a longer list hides what is above it.</summary>
    private const int MostOverloads = 30;

    /// <summary>What is known of the symbol at the cursor, or of the call whose arguments it stands in; null for nothing.</summary>
    public static async Task<MimeBundle?> OfAsync(Document document, int cursor, bool detailed, CancellationToken cancellation)
    {
        SyntaxNode root = (await document.GetSyntaxRootAsync(cancellation))!;
        QuickInfoService service = QuickInfoService.GetService(document)!;
        foreach (int at in Positions(root, cursor))
        {
            if (await service.GetQuickInfoAsync(document, at, cancellation) is not { Sections.IsEmpty: false } found)
                continue;
            ISymbol? symbol = await SymbolFinder.FindSymbolAtPositionAsync(document, found.Span.Start, cancellation);
            IEnumerable<string> sections = found.Sections
                .Where(section => detailed || section.Kind != QuickInfoSectionKinds.RemarksDocumentationComments)
                .Select(section => section.Text)
                .Concat(symbol is null ? [] : [Parameters(symbol, cancellation), Overloads(symbol)]);
            return MimeBundle.Of(MimeBundle.PlainText, string.Join(
                "\n\n", sections.Select(text => text.ReplaceLineEndings("\n").Trim()).Where(text => text.Length > 0)));
        }
        return null;
    }

    // The cursor itself, then the names of the calls around it.
    private static IEnumerable<int> Positions(SyntaxNode root, int cursor)
    {
        SyntaxToken right = root.FindToken(cursor);
        SyntaxToken left = right.SpanStart < cursor ? right : right.GetPreviousToken();
        if (!IsText(left) && !(IsText(right) && right.SpanStart == cursor))
            yield return cursor;
        for (SyntaxNode? node = left.Parent; node is not null; node = node.Parent)
        {
            if (node is not (BaseArgumentListSyntax or AttributeArgumentListSyntax) || cursor <= node.SpanStart)
                continue;
            SyntaxToken name = node.Parent!.DescendantTokens().TakeWhile(token => token.SpanStart < node.SpanStart)
                .LastOrDefault(token => token.IsKind(SyntaxKind.IdentifierToken) && token.Parent?.Parent is not TypeArgumentListSyntax);
            yield return (name.IsKind(SyntaxKind.None) ? node.Parent.GetFirstToken() : name).SpanStart;   // new(…) has no name
        }
    }

    private static bool IsText(SyntaxToken token) => token.Parent is LiteralExpressionSyntax or InterpolatedStringExpressionSyntax;

    private static string Parameters(ISymbol symbol, CancellationToken cancellation)
    {
        ISymbol documented = (symbol as IMethodSymbol)?.ReducedFrom ?? symbol;
        IEnumerable<string> lines = Documentation(documented.OriginalDefinition, cancellation).Elements("param")
            .Select(parameter => $"\n  {(string?)parameter.Attribute("name")}: {TextOf(parameter)}");
        return string.Concat(lines) is { Length: > 0 } text ? $"Parameters:{text}" : "";
    }

    private static XElement Documentation(ISymbol symbol, CancellationToken cancellation)
    {
        try
        {
            string? xml = symbol.GetDocumentationCommentXml(cancellationToken: cancellation);
            return string.IsNullOrEmpty(xml) ? new XElement("member") : XElement.Parse(xml);
        }
        catch (XmlException)
        {
            return new XElement("member");   // a comment that is being written
        }
    }

    // <paramref name="x"/> is x, <see cref="M:System.Math.Abs(System.Int32)"/> is Abs.
    private static string TextOf(XElement element) => WhiteSpace().Replace(
        string.Concat(element.DescendantNodes().Select(node => node switch
        {
            XText text => text.Value,
            XElement { IsEmpty: true } empty => empty.FirstAttribute?.Value.Split('(')[0].Split('.', ':')[^1] ?? "",
            _ => "",
        })), " ").Trim();

    private static string Overloads(ISymbol symbol)
    {
        if (symbol is not IMethodSymbol { ContainingType: { } type })
            return "";
        ISymbol[] others = [.. type.GetMembers(symbol.Name).Where(other =>
            !SymbolEqualityComparer.Default.Equals(other.OriginalDefinition, symbol.OriginalDefinition))];
        IEnumerable<string> lines = others.Take(MostOverloads)
            .Select(other => other.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat));
        return others.Length == 0 ? "" : $"Overloads:\n{string.Join('\n', lines)}"
            + (others.Length > MostOverloads ? $"\n… and {others.Length - MostOverloads} more" : "");
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace IntraDistill.Kernel.Language;

/// <summary>Finds what a cursor points at.</summary>
internal static class CursorSymbols
{
    /// <summary>
    /// The symbol whose name the cursor touches, or else the one that is called with the arguments it stands in.
    /// </summary>
    /// <returns>The symbol, its overloads after it; empty when there is none.</returns>
    public static IReadOnlyList<ISymbol> Find(SemanticModel model, SyntaxNode root, int cursor, CancellationToken cancellation)
    {
        if (root.FindTrivia(cursor) is { RawKind: not 0 } trivia && IsComment(trivia) && cursor > trivia.SpanStart)
            return [];
        SyntaxToken right = root.FindToken(cursor);
        SyntaxToken left = right.SpanStart < cursor ? right : right.GetPreviousToken();
        if (IsName(right) && right.Span.IntersectsWith(cursor) && OfName(model, right, cancellation) is { Count: > 0 } touched)
            return touched;
        if (IsName(left) && OnSameLine(left, cursor) && OfName(model, left, cancellation) is { Count: > 0 } before)
            return before;
        return OfArguments(model, left, cursor, cancellation);
    }

    private static IReadOnlyList<ISymbol> OfName(SemanticModel model, SyntaxToken token, CancellationToken cancellation)
    {
        SyntaxNode node = token.Parent!;
        if (token.IsKind(SyntaxKind.IdentifierToken) && model.GetDeclaredSymbol(node, cancellation) is { } declared)
            return [declared];
        if (CreationOf(node) is { } creation)
            return WithOverloads(model, creation, cancellation);
        if (node is BaseObjectCreationExpressionSyntax or ConstructorInitializerSyntax)
            return WithOverloads(model, node, cancellation);
        if (node is not (ExpressionSyntax or AttributeSyntax or QueryClauseSyntax or SelectOrGroupClauseSyntax))
            return [];
        if (node.Parent is MemberBindingExpressionSyntax binding && binding.Name == node)
            node = binding;
        return node is PredefinedTypeSyntax or ThisExpressionSyntax or BaseExpressionSyntax
            ? model.GetTypeInfo(node, cancellation).Type is { } type ? [type] : []
            : WithOverloads(model, node, cancellation);
    }

    // The type's name in "new List<int>(…)" or "[Obsolete]" stands for the constructor, as in other editors.
    private static SyntaxNode? CreationOf(SyntaxNode node)
    {
        while (node.Parent is QualifiedNameSyntax qualified && qualified.Right == node)
            node = qualified;
        return node.Parent switch
        {
            ObjectCreationExpressionSyntax creation when creation.Type == node => creation,
            AttributeSyntax attribute when attribute.Name == node => attribute,
            _ => null,
        };
    }

    private static IReadOnlyList<ISymbol> OfArguments(
        SemanticModel model, SyntaxToken left, int cursor, CancellationToken cancellation)
    {
        for (SyntaxNode? node = left.Parent; node is not null; node = node.Parent)
        {
            if (node is not (BaseArgumentListSyntax or AttributeArgumentListSyntax) || !Encloses(node, cursor))
                continue;
            SyntaxNode call = node.Parent!;
            IReadOnlyList<ISymbol> found = WithOverloads(model, call, cancellation);
            if (found.Count > 0)
                return found;
        }
        return [];
    }

    private static bool Encloses(SyntaxNode arguments, int cursor) => cursor > arguments.SpanStart && cursor <= arguments.Span.End
        || (arguments.GetLastToken(includeZeroWidth: true).IsMissing && cursor > arguments.SpanStart);

    // The symbol that Roslyn chose, then the others of its name.
    private static IReadOnlyList<ISymbol> WithOverloads(SemanticModel model, SyntaxNode node, CancellationToken cancellation)
    {
        SymbolInfo info = model.GetSymbolInfo(node, cancellation);
        int arguments = ArgumentsOf(node);
        SyntaxNode named = node is InvocationExpressionSyntax call ? call.Expression : node;
        IEnumerable<ISymbol> group = model.GetMemberGroup(named, cancellation);
        if (node is ElementAccessExpressionSyntax access
            && model.GetTypeInfo(access.Expression, cancellation).Type is { } indexed)
            group = group.Concat(indexed.GetMembers().OfType<IPropertySymbol>().Where(property => property.IsIndexer));
        if (info.Symbol is IMethodSymbol { MethodKind: MethodKind.Constructor } constructor)
            group = group.Concat(constructor.ContainingType.InstanceConstructors);
        if (info.Symbol is IMethodSymbol { IsStatic: true, ReducedFrom: null })
            group = group.Where(other => other is IMethodSymbol { ReducedFrom: null });   // string.Join is not "text".Join(…)
        IEnumerable<ISymbol> chosen = info.Symbol is { } symbol ? [symbol] : [];
        IEnumerable<ISymbol> others = info.CandidateSymbols.Concat(group)
            .OrderBy(other => ParametersOf(other) < arguments ? 1 : 0)
            .ThenBy(ParametersOf)
            .ThenBy(other => other.ToDisplayString(), StringComparer.Ordinal);
        ISymbol[] all = [.. chosen.Concat(others).DistinctBy(Definition, SymbolEqualityComparer.Default)];
        // A call of a delegate, or of a type that is not callable: say at least what stands there.
        return all.Length == 0 && node is InvocationExpressionSyntax { Expression: var callee }
            && model.GetSymbolInfo(callee, cancellation).Symbol is { } value ? [value] : all;
    }

    private static ISymbol Definition(ISymbol symbol) =>
        symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension.OriginalDefinition : symbol.OriginalDefinition;

    private static int ArgumentsOf(SyntaxNode node) => node switch
    {
        InvocationExpressionSyntax call => call.ArgumentList.Arguments.Count,
        BaseObjectCreationExpressionSyntax creation => creation.ArgumentList?.Arguments.Count ?? 0,
        ElementAccessExpressionSyntax access => access.ArgumentList.Arguments.Count,
        _ when node.Parent is InvocationExpressionSyntax call => call.ArgumentList.Arguments.Count,
        _ when node.Parent?.Parent is InvocationExpressionSyntax call => call.ArgumentList.Arguments.Count,
        _ => 0,
    };

    private static int ParametersOf(ISymbol symbol) => symbol switch
    {
        IMethodSymbol { Parameters: [.., { IsParams: true }] } => int.MaxValue,
        IMethodSymbol method => method.Parameters.Length,
        IPropertySymbol property => property.Parameters.Length,
        _ => 0,
    };

    private static bool IsName(SyntaxToken token) =>
        token.IsKind(SyntaxKind.IdentifierToken) || token.IsKeyword() && !token.IsKind(SyntaxKind.None);

    private static bool IsComment(SyntaxTrivia trivia) => trivia.Kind() is
        SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia
        or SyntaxKind.SingleLineDocumentationCommentTrivia or SyntaxKind.MultiLineDocumentationCommentTrivia;

    private static bool OnSameLine(SyntaxToken token, int cursor) =>
        !token.SyntaxTree!.GetText().ToString(TextSpan.FromBounds(token.Span.End, Math.Max(token.Span.End, cursor)))
            .Contains('\n');
}

using System.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace IntraDistill.Kernel.Guards;

/// <summary>
/// Turns a cell's calls that end its process into exceptions: <c>Environment.Exit</c>, <c>Environment.FailFast</c>, and
/// <c>Process.Kill</c> of itself. Lines stay where they are. What a library calls, or a file that a cell loads, or what is
/// called by reflection, is not seen here.
/// </summary>
internal sealed class ExitRewriter : CSharpSyntaxRewriter
{
    private const string Exit = nameof(Environment.Exit), FailFast = nameof(Environment.FailFast), Kill = nameof(Process.Kill);

    private readonly SemanticModel _model;

    private ExitRewriter(SemanticModel model) => _model = model;

    /// <summary>Rewrites a cell.</summary>
    /// <param name="compilation">Without errors.</param>
    /// <param name="tree">The cell within it.</param>
    /// <returns>Both as they are to be used; the same where there is nothing to rewrite.</returns>
    public static (CSharpCompilation Compilation, SyntaxTree Tree) Apply(CSharpCompilation compilation, SyntaxTree tree)
    {
        SyntaxNode root = tree.GetRoot();
        // To bind every cell a second time would take as long as to compile it.
        if (!root.DescendantTokens().Any(token => token.ValueText is Exit or FailFast or Kill))
            return (compilation, tree);
        SyntaxNode rewritten = new ExitRewriter(compilation.GetSemanticModel(tree)).Visit(root);
        if (rewritten == root)
            return (compilation, tree);
        SyntaxTree other = tree.WithRootAndOptions(rewritten, tree.Options);
        CSharpCompilation result = compilation.ReplaceSyntaxTree(tree, other);
        return result.GetDiagnostics().Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            ? (compilation, tree)
            : (result, other);
    }

    /// <inheritdoc/>
    public override SyntaxNode? VisitInvocationExpression(InvocationExpressionSyntax node) =>
        node.Expression is IdentifierNameSyntax { Identifier.ValueText: "nameof" } ? node : base.VisitInvocationExpression(node);

    /// <inheritdoc/>
    public override SyntaxNode? VisitMemberAccessExpression(MemberAccessExpressionSyntax node) =>
        IsExit(node.Name)
            ? node.WithExpression(Guard().WithTriviaFrom(node.Expression))
            : base.VisitMemberAccessExpression(node);

    /// <inheritdoc/>
    public override SyntaxNode? VisitIdentifierName(IdentifierNameSyntax node)
    {
        if (IsExit(node))   // by using static System.Environment
            return SyntaxFactory.MemberAccessExpression(
                SyntaxKind.SimpleMemberAccessExpression, Guard(), node.WithoutTrivia()).WithTriviaFrom(node);
        return node.Identifier.ValueText == Kill && IsMethod(node, typeof(Process))
            ? SyntaxFactory.IdentifierName(nameof(CellProcessExtensions.KillUnlessItRunsCells)).WithTriviaFrom(node)
            : node;
    }

    private static ExpressionSyntax Guard() => SyntaxFactory.ParseExpression($"global::{typeof(CellExit).FullName}");

    private bool IsExit(SimpleNameSyntax name) =>
        name.Identifier.ValueText is Exit or FailFast && IsMethod(name, typeof(Environment));

    private bool IsMethod(SimpleNameSyntax name, Type type) =>
        _model.GetSymbolInfo(name).Symbol is IMethodSymbol method
        && method.ContainingType.ToDisplayString() == type.FullName;
}

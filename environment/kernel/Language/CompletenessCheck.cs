using IntraDistill.Kernel.Engine;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace IntraDistill.Kernel.Language;

/// <summary>Whether code can be run as it stands.</summary>
/// <param name="Status">
/// <c>complete</c>, <c>incomplete</c> (more text is needed) or <c>invalid</c> (more text does not help).
/// </param>
/// <param name="Indent">The white space to begin the next line with; empty unless incomplete.</param>
internal sealed record Completeness(string Status, string Indent)
{
    private const int IndentWidth = 4;

    private static readonly Completeness s_complete = new("complete", ""), s_invalid = new("invalid", "");

    /// <summary>Of a cell: a console asks, to know whether Enter runs it.</summary>
    public static Completeness Of(string cell)
    {
        try
        {
            CellPart[] code = [.. CellParser.Parse(cell).Parts.Where(part => part.Kind == CellPartKind.CSharp)];
            return code.Select(part => OfCode(part.Text)).FirstOrDefault(part => part != s_complete) ?? s_complete;
        }
        catch (DirectiveException)
        {
            return s_invalid;
        }
    }

    private static Completeness OfCode(string code)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(code, Submission.ParseOptions);
        SyntaxNode root = tree.GetRoot();
        Diagnostic[] errors = [.. tree.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)];
        if (errors.Length == 0)
            return s_complete;
        // Whatever is only missing is missed at the end; an error before it stays, whatever is added, and so does a token
        // that fits nowhere.
        int end = ((CompilationUnitSyntax)root).EndOfFileToken.GetPreviousToken().SpanStart;
        if (SyntaxFactory.IsCompleteSubmission(tree) || errors.Any(error => error.Location.SourceSpan.Start < end)
            || root.DescendantTrivia().Any(trivia => trivia.IsKind(SyntaxKind.SkippedTokensTrivia)))
            return s_invalid;
        int depth = root.DescendantTokens().Where(token => !token.IsMissing).Sum(token =>
            token.IsKind(SyntaxKind.OpenBraceToken) ? 1 : token.IsKind(SyntaxKind.CloseBraceToken) ? -1 : 0);
        return new Completeness("incomplete", new string(' ', IndentWidth * Math.Max(0, depth)));
    }
}

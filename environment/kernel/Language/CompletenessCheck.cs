using IntraDistill.Kernel.Engine;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace IntraDistill.Kernel.Language;

/// <summary>Tells whether a cell can be run, wants more lines, or cannot be mended by more lines.</summary>
internal static class CompletenessCheck
{
    private const int IndentWidth = 4;

    private static readonly Completeness s_complete = new("complete", ""), s_invalid = new("invalid", "");

    public static Completeness Of(string cell)
    {
        ParsedCell parsed;
        try
        {
            parsed = CellParser.Parse(cell);
        }
        catch (DirectiveException)
        {
            return s_invalid;
        }
        for (int i = 0; i < parsed.Parts.Count; i++)
        {
            if (parsed.Parts[i].Kind != CellPartKind.CSharp)
                continue;
            Completeness part = OfCode(parsed.Parts[i].Text);
            if (part.Status == s_complete.Status)
                continue;
            // What comes next is typed below the last part, so it cannot complete one before that.
            return i == parsed.Parts.Count - 1 ? part : s_invalid;
        }
        return s_complete;
    }

    private static Completeness OfCode(string code)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(code, Submission.ParseOptions);
        var root = (CompilationUnitSyntax)tree.GetRoot();
        Diagnostic[] errors = [.. tree.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)];
        if (errors.Length == 0)
            return s_complete;

        // Whatever is only missing is missed at the end; an error before it stays, whatever is added, and so does a
        // token that fits nowhere.
        SyntaxToken last = root.EndOfFileToken.GetPreviousToken();
        int open = StartOfOpenEnd(last);
        bool isOpen = WantsCatch(last) || !SyntaxFactory.IsCompleteSubmission(tree);
        if (!isOpen || errors.Any(error => error.Location.SourceSpan.Start < open)
            || root.DescendantTrivia().Any(trivia => trivia.IsKind(SyntaxKind.SkippedTokensTrivia)))
            return s_invalid;
        return new Completeness("incomplete", IndentOf(root, code, open));
    }

    // Where the last token ends; where it begins, when it is itself unfinished (a string).
    private static int StartOfOpenEnd(SyntaxToken last)
    {
        if (last.IsKind(SyntaxKind.None))
            return 0;
        InterpolatedStringExpressionSyntax? interpolated = last.Parent?.AncestorsAndSelf()
            .OfType<InterpolatedStringExpressionSyntax>()
            .LastOrDefault(text => text.ContainsDiagnostics && (text.StringEndToken.IsMissing || text.Span.End >= last.Span.End));
        if (interpolated is not null)
            return interpolated.SpanStart;
        return (IsText(last) && last.ContainsDiagnostics) || WantsCatch(last) ? last.SpanStart : last.Span.End;
    }

    // Roslyn takes "try { }" for a whole statement with an error in it.
    private static bool WantsCatch(SyntaxToken last) =>
        last.Parent is BlockSyntax { Parent: TryStatementSyntax { Catches.Count: 0 } attempt } && attempt.Block == last.Parent;

    // White space that an editor adds to an unfinished text or comment would become part of it.
    private static string IndentOf(CompilationUnitSyntax root, string code, int open)
    {
        ReadOnlySpan<char> rest = code.AsSpan(open).TrimStart();
        if (rest.StartsWith("/*") || rest.Contains('"'))
            return "";
        int depth = 0;
        foreach (SyntaxToken token in root.DescendantTokens())
            depth += token.IsMissing || token.Parent is InterpolationSyntax ? 0
                : token.IsKind(SyntaxKind.OpenBraceToken) ? 1 : token.IsKind(SyntaxKind.CloseBraceToken) ? -1 : 0;
        return new string(' ', IndentWidth * Math.Max(0, depth));
    }

    private static bool IsText(SyntaxToken token) => token.Kind() is
        SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken or SyntaxKind.Utf8StringLiteralToken
        or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken;
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace IntraDistill.Kernel.Engine;

/// <summary>
/// Keeps code from the compiler that nests brackets so deep that its parser would overflow the stack, which no process
/// survives. (It guards most of its recursions itself, but not all: twenty thousand open parentheses end it.)
/// </summary>
internal static class Nesting
{
    /// <summary>No code that a person writes comes near.</summary>
    public const int Deepest = 250;

    /// <summary>Whether code nests deeper than <see cref="Deepest"/>.</summary>
    public static bool IsTooDeep(string code)
    {
        // Only code with so many brackets needs the second look, which leaves out those in strings and comments.
        int depth = 0, deepest = 0;
        foreach (char c in code)
        {
            depth = Math.Max(0, depth + (c is '(' or '[' or '{' or '<' ? 1 : c is ')' or ']' or '}' or '>' ? -1 : 0));
            deepest = Math.Max(deepest, depth);
        }
        return deepest > Deepest && IsTooDeep(SyntaxFactory.ParseTokens(code, options: Submission.ParseOptions));
    }

    private static bool IsTooDeep(IEnumerable<SyntaxToken> tokens)
    {
        int depth = 0;
        foreach (SyntaxToken token in tokens)
        {
            depth = Math.Max(0, depth + token.Kind() switch
            {
                SyntaxKind.OpenParenToken or SyntaxKind.OpenBracketToken or SyntaxKind.OpenBraceToken or SyntaxKind.LessThanToken => 1,
                SyntaxKind.CloseParenToken or SyntaxKind.CloseBracketToken or SyntaxKind.CloseBraceToken
                    or SyntaxKind.GreaterThanToken => -1,
                _ => 0,
            });
            if (depth > Deepest)
                return true;
        }
        return false;
    }
}

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
        // Most code has too few brackets for that, whatever they are. Else those in strings and comments are left out.
        int brackets = 0;
        foreach (char c in code)
            brackets += c is '(' or '[' or '{' or '<' ? 1 : 0;
        return brackets > Deepest && IsTooDeep(SyntaxFactory.ParseTokens(code, options: Submission.ParseOptions));
    }

    private static bool IsTooDeep(IEnumerable<SyntaxToken> tokens)
    {
        int depth = 0, angles = 0;
        foreach (SyntaxToken token in tokens)
        {
            switch (token.Kind())
            {
                case SyntaxKind.OpenParenToken or SyntaxKind.OpenBracketToken or SyntaxKind.OpenBraceToken:
                    depth++;
                    break;
                case SyntaxKind.CloseParenToken or SyntaxKind.CloseBracketToken or SyntaxKind.CloseBraceToken:
                    depth = Math.Max(0, depth - 1);
                    break;
                case SyntaxKind.LessThanToken:
                    angles++;
                    break;
                case SyntaxKind.IdentifierToken or SyntaxKind.DotToken or SyntaxKind.CommaToken:
                case var kind when SyntaxFacts.IsPredefinedType(kind):
                    break;
                default:
                    angles = 0;   // it was a comparison, or the list of type arguments is no deeper than this
                    break;
            }
            if (depth > Deepest || angles > Deepest)
                return true;
        }
        return false;
    }
}

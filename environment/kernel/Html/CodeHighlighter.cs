using System.Net;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace IntraDistill.Kernel.Html;

/// <summary>Colours C# by its tokens: keywords, strings, numbers, comments, directives.</summary>
internal static class CodeHighlighter
{
    private static readonly CSharpParseOptions s_options = new(LanguageVersion.Latest, kind: SourceCodeKind.Script);

    /// <summary>The code as HTML with <c>span</c> elements of classes <c>k s n c d</c>.</summary>
    public static string ToHtml(string code)
    {
        var html = new StringBuilder();
        foreach (SyntaxToken token in CSharpSyntaxTree.ParseText(code.TrimEnd(), s_options).GetRoot().DescendantTokens())
        {
            Append(html, token.LeadingTrivia);
            Append(html, ClassOf(token), token.Text);
            Append(html, token.TrailingTrivia);
        }
        return html.ToString();
    }

    private static void Append(StringBuilder html, SyntaxTriviaList trivia)
    {
        foreach (SyntaxTrivia piece in trivia)
            Append(html, piece.IsDirective ? "d" : IsComment(piece.Kind()) ? "c" : null, piece.ToFullString());
    }

    private static void Append(StringBuilder html, string? cssClass, string text)
    {
        string encoded = WebUtility.HtmlEncode(text);
        if (cssClass is null || encoded.Length == 0)
            html.Append(encoded);
        else
            html.Append($"<span class=\"{cssClass}\">").Append(encoded).Append("</span>");
    }

    private static bool IsComment(SyntaxKind kind) => kind is
        SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia
        or SyntaxKind.SingleLineDocumentationCommentTrivia or SyntaxKind.MultiLineDocumentationCommentTrivia;

    private static string? ClassOf(SyntaxToken token) => token.Kind() switch
    {
        SyntaxKind.NumericLiteralToken => "n",
        SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken
            or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken
            or SyntaxKind.InterpolatedStringStartToken or SyntaxKind.InterpolatedStringTextToken
            or SyntaxKind.InterpolatedStringEndToken
            or SyntaxKind.InterpolatedVerbatimStringStartToken or SyntaxKind.InterpolatedSingleLineRawStringStartToken
            or SyntaxKind.InterpolatedMultiLineRawStringStartToken or SyntaxKind.InterpolatedRawStringEndToken => "s",
        SyntaxKind.IdentifierToken when token.Text == "var" => "k",
        _ when token.IsKeyword() => "k",
        _ => null,
    };
}

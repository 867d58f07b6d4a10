using IntraDistill.Kernel.Engine;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace IntraDistill.Kernel.Language;

/// <summary>
/// Tells which of the cells that ran change what later cells can see. The others (a call, a chart, a cell run again as
/// it was) are most of a long session, and each link of Roslyn's chain of submissions makes it slower.
/// </summary>
internal sealed class DeclaredNames
{
    private readonly Dictionary<string, int> _declaredAt = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _keptAt = new(StringComparer.Ordinal);
    private int _importedAt = -1;
    private int _count;

    /// <summary>Whether a cell, the next one, is to be kept.</summary>
    public bool Changes(string code)
    {
        CompilationUnitSyntax root = CSharpSyntaxTree.ParseText(code, Submission.ParseOptions).GetCompilationUnitRoot();
        bool loads = root.GetLoadDirectives().Count > 0;
        bool imports = loads || root.Usings.Count > 0 || root.Externs.Count > 0;
        string[] declared = [.. root.DescendantNodes().Select(NameOf).OfType<string>()];
        if (!imports && declared.Length == 0)
            return false;
        if (!loads && _keptAt.TryGetValue(code, out int before) && MeansTheSame(root, before))
            return false;

        int number = _count++;
        _keptAt[code] = number;
        if (imports)
            _importedAt = number;
        foreach (string name in declared)
            _declaredAt[name] = number;
        return true;
    }

    private bool MeansTheSame(CompilationUnitSyntax root, int since) => _importedAt <= since
        && root.DescendantTokens().Where(token => token.IsKind(SyntaxKind.IdentifierToken))
            .All(token => _declaredAt.GetValueOrDefault(token.ValueText, -1) <= since);

    // Names within functions count, too: then a cell is kept that need not be.
    private static string? NameOf(SyntaxNode node) => node switch
    {
        VariableDeclaratorSyntax variable => variable.Identifier.ValueText,
        SingleVariableDesignationSyntax variable => variable.Identifier.ValueText,
        BaseTypeDeclarationSyntax type => type.Identifier.ValueText,
        DelegateDeclarationSyntax type => type.Identifier.ValueText,
        MethodDeclarationSyntax method => method.Identifier.ValueText,
        LocalFunctionStatementSyntax function => function.Identifier.ValueText,
        PropertyDeclarationSyntax property => property.Identifier.ValueText,
        EventDeclarationSyntax declared => declared.Identifier.ValueText,
        _ => null,
    };
}

using Microsoft.CodeAnalysis;

namespace IntraDistill.Kernel.Language;

/// <summary>Declarations of symbols as one line of C#.</summary>
internal static class SymbolText
{
    private static readonly SymbolDisplayFormat s_brief = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameOnly,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters,
        memberOptions: SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeParameters,
        delegateStyle: SymbolDisplayDelegateStyle.NameAndSignature,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName
            | SymbolDisplayParameterOptions.IncludeDefaultValue | SymbolDisplayParameterOptions.IncludeParamsRefOut
            | SymbolDisplayParameterOptions.IncludeExtensionThis,
        propertyStyle: SymbolDisplayPropertyStyle.NameOnly,
        localOptions: SymbolDisplayLocalOptions.IncludeType,
        kindOptions: SymbolDisplayKindOptions.IncludeTypeKeyword | SymbolDisplayKindOptions.IncludeNamespaceKeyword,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    private static readonly SymbolDisplayFormat s_full = s_brief
        .WithGenericsOptions(
            SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeTypeConstraints)
        .WithMemberOptions(SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeParameters
            | SymbolDisplayMemberOptions.IncludeModifiers | SymbolDisplayMemberOptions.IncludeRef
            | SymbolDisplayMemberOptions.IncludeConstantValue);

    private static readonly SymbolDisplayFormat s_name = s_brief.WithKindOptions(SymbolDisplayKindOptions.None);

    // The cell's own members have no container that its author would know by name.
    private static readonly SymbolDisplayFormat s_member = s_full
        .AddMemberOptions(SymbolDisplayMemberOptions.IncludeContainingType);

    // Int32 rather than int, where the type itself is the subject.
    private static readonly SymbolDisplayFormat s_type = s_full
        .RemoveMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.UseSpecialTypes);

    /// <summary>The declaration of the shortest, and how many overloads there are beside it; empty for none.</summary>
    public static string Brief(IReadOnlyList<ISymbol> symbols) => symbols switch
    {
        [] => "",
        [IMethodSymbol, _, ..] => $"{symbols.MinBy(Length)!.ToDisplayString(s_brief)} (+{symbols.Count - 1})",
        [var first, ..] => first.ToDisplayString(s_brief),
    };

    /// <summary>The whole declaration, with the name of the type it belongs to.</summary>
    public static string Full(ISymbol symbol) => symbol switch
    {
        IRangeVariableSymbol variable => $"range variable {variable.Name}",
        INamespaceSymbol space => $"namespace {space.ToDisplayString()}",
        INamedTypeSymbol type => $"{ModifierOf(type)}{InSpace(type.ToDisplayString(s_type), type.ContainingNamespace)}",
        IMethodSymbol { MethodKind: MethodKind.Constructor } constructor => Creation(constructor),
        IMethodSymbol { ReducedFrom: not null } extension => $"(extension) {extension.ToDisplayString(s_member)}",
        IMethodSymbol { MethodKind: MethodKind.DelegateInvoke } =>
            symbol.ToDisplayString(s_member.RemoveMemberOptions(SymbolDisplayMemberOptions.IncludeModifiers)),
        _ when IsOfCell(symbol) || symbol.ContainingType is { IsAnonymousType: true } => symbol.ToDisplayString(s_full),
        _ => symbol.ToDisplayString(s_member),
    };

    /// <summary>Whether a symbol is a variable or function that a cell declares.</summary>
    public static bool IsOfCell(ISymbol symbol) => symbol.ContainingType is { IsScriptClass: true };

    private static int Length(ISymbol symbol) => symbol is IMethodSymbol method ? method.Parameters.Length : 0;

    // A constructor's own text leaves out its type's arguments.
    private static string Creation(IMethodSymbol constructor)
    {
        string declaration = constructor.ToDisplayString(s_full);
        int parameters = declaration.IndexOf('(', StringComparison.Ordinal);
        return $"new {constructor.ContainingType.ToDisplayString(s_name)}{declaration[parameters..]}";
    }

    private static string ModifierOf(INamedTypeSymbol type) =>
        type.IsStatic ? "static " : type is { IsAbstract: true, TypeKind: TypeKind.Class } ? "abstract " : "";

    private static string InSpace(string declaration, INamespaceSymbol? space) =>
        space is null or { IsGlobalNamespace: true } ? declaration : $"{declaration} (in {space.ToDisplayString()})";
}

using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace IntraDistill.Kernel.Language;

/// <summary>Finds a symbol's XML documentation, also where it is inherited.</summary>
internal static class DocComment
{
    /// <summary>How far <c>&lt;inheritdoc&gt;</c> is followed.</summary>
    private const int DeepestInheritance = 8;

    /// <summary>The documentation's <c>&lt;member&gt;</c> element; null when there is none that can be read.</summary>
    public static XElement? Of(ISymbol symbol, Compilation compilation, CancellationToken cancellation) =>
        Of(symbol, compilation, DeepestInheritance, cancellation);

    private static XElement? Of(ISymbol symbol, Compilation compilation, int depth, CancellationToken cancellation)
    {
        if (symbol is IParameterSymbol parameter)
            return AsSummary(Of(symbol.ContainingSymbol, compilation, depth, cancellation), parameter.Name);
        ISymbol documented = symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension : symbol;
        XElement? comment = Read(documented.OriginalDefinition, cancellation);
        if (depth == 0)
            return comment;
        if (comment?.Element("inheritdoc") is { } inheritance)
        {
            ISymbol? source = (string?)inheritance.Attribute("cref") is { } cref
                ? Referenced(cref, documented, compilation)
                : Inherited(documented.OriginalDefinition);
            XElement? inherited = source is null ? null : Of(source, compilation, depth - 1, cancellation);
            inheritance.Remove();
            comment.Add(inherited?.Elements().Where(element => !IsStated(comment, element)));
            return comment;
        }
        if (comment is not null)
            return comment;
        if (documented is IPropertySymbol { ContainingType: { IsRecord: true } record }
            && AsSummary(Read(record.OriginalDefinition, cancellation), symbol.Name) is { } component)
            return component;
        return Inherited(documented.OriginalDefinition) is { } undocumented
            ? Of(undocumented, compilation, depth - 1, cancellation)
            : null;
    }

    private static XElement? AsSummary(XElement? comment, string parameter) =>
        comment?.Elements("param").FirstOrDefault(param => (string?)param.Attribute("name") == parameter) is { } text
            ? new XElement("member", new XElement("summary", text.Nodes()))
            : null;

    private static bool IsStated(XElement comment, XElement element) => comment.Elements(element.Name)
        .Any(stated => (string?)stated.Attribute("name") == (string?)element.Attribute("name"));

    private static XElement? Read(ISymbol symbol, CancellationToken cancellation)
    {
        string? xml = symbol.GetDocumentationCommentXml(expandIncludes: true, cancellationToken: cancellation);
        if (string.IsNullOrWhiteSpace(xml))
            return null;
        try
        {
            return XElement.Parse(xml, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException)
        {
            return null;   // a comment that is being written
        }
    }

    // The compilation knows the names of assemblies, but not those within the class that an earlier cell is.
    private static ISymbol? Referenced(string cref, ISymbol from, Compilation compilation)
    {
        if (DocumentationCommentId.GetFirstSymbolForDeclarationId(cref, compilation) is { } found)
            return found;
        INamedTypeSymbol? outermost = from.ContainingType;
        while (outermost?.ContainingType is { } outer)
            outermost = outer;
        return outermost is { IsScriptClass: true } ? Within(outermost, cref) : null;
    }

    private static ISymbol? Within(INamedTypeSymbol type, string cref) => type.GetMembers()
        .Select(member => member.GetDocumentationCommentId() == cref ? member
            : member is INamedTypeSymbol nested ? Within(nested, cref)
            : null)
        .FirstOrDefault(found => found is not null);

    private static ISymbol? Inherited(ISymbol symbol) => symbol switch
    {
        IMethodSymbol { OverriddenMethod: { } method } => method,
        IPropertySymbol { OverriddenProperty: { } property } => property,
        IEventSymbol { OverriddenEvent: { } overridden } => overridden,
        IMethodSymbol { MethodKind: MethodKind.Constructor } constructor => constructor.ContainingType.BaseType?
            .InstanceConstructors
            .FirstOrDefault(other => other.Parameters.Select(parameter => parameter.Type)
                .SequenceEqual(constructor.Parameters.Select(parameter => parameter.Type), SymbolEqualityComparer.Default)),
        IMethodSymbol or IPropertySymbol or IEventSymbol => Implemented(symbol),
        INamedTypeSymbol { TypeKind: TypeKind.Class, BaseType: { SpecialType: not SpecialType.System_Object } type } => type,
        INamedTypeSymbol { Interfaces: [var first, ..] } => first,
        _ => null,
    };

    private static ISymbol? Implemented(ISymbol symbol) => symbol.ContainingType?.AllInterfaces
        .SelectMany(type => type.GetMembers())
        .FirstOrDefault(member => SymbolEqualityComparer.Default.Equals(
            symbol, symbol.ContainingType.FindImplementationForInterfaceMember(member)));
}

using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace IntraDistill.Kernel.Notebook;

/// <summary>
/// Overrides a notebook's parameters the way papermill does: a cell of assignments is put behind the cell that is
/// tagged <c>parameters</c> and declares them.
/// </summary>
internal static class Parameters
{
    private const string Tag = "parameters", InjectedTag = "injected-parameters";

    /// <param name="Name">The variable.</param>
    /// <param name="Type">Its type as written, or the type of its literal for <c>var</c>; null where that cannot be told.</param>
    /// <param name="Default">Its value as written.</param>
    private sealed record Parameter(string Name, string? Type, string Default)
    {
        public override string ToString() => $"{Type ?? "var"} {Name} = {Default}";
    }

    /// <summary>Puts the overriding cell into the notebook; an earlier one is replaced.</summary>
    /// <param name="document">The notebook.</param>
    /// <param name="overrides">Each as <c>name=value</c>.</param>
    /// <exception cref="RunnerException">There is no such parameter, or the value is not of its type.</exception>
    public static void Apply(NotebookDocument document, IReadOnlyList<string> overrides)
    {
        if (overrides.Count == 0)
            return;
        NotebookCell cell = document.CodeCells.FirstOrDefault(cell => cell.HasTag(Tag))
            ?? throw new RunnerException($"-p {overrides[0]}: the notebook has no cell tagged '{Tag}'");
        IReadOnlyList<Parameter> known = Declared(cell.Source);
        var code = new List<string> { "// Set on the command line." };
        foreach (string assignment in overrides)
        {
            string[] parts = assignment.Split('=', 2);
            if (parts.Length != 2)
                throw new RunnerException($"-p {assignment}: expected name=value");
            string name = parts[0].Trim();
            Parameter parameter = known.LastOrDefault(parameter => parameter.Name == name)
                ?? throw new RunnerException(
                    $"-p {assignment}: no parameter '{name}'; the notebook has {string.Join(", ", known)}");
            string literal = Literal(parameter.Type, parts[1])
                ?? throw new RunnerException($"-p {assignment}: '{parts[1]}' is not a value for {parameter}");
            code.Add($"{name} = {literal};");
        }
        foreach (NotebookCell earlier in document.CodeCells.Where(cell => cell.HasTag(InjectedTag)))
            document.Remove(earlier);
        document.InsertAfter(cell, string.Join('\n', code), InjectedTag);
    }

    private static List<Parameter> Declared(string code)
    {
        var options = new CSharpParseOptions(LanguageVersion.Latest, kind: SourceCodeKind.Script);
        CompilationUnitSyntax root = CSharpSyntaxTree.ParseText(code, options).GetCompilationUnitRoot();
        return [.. root.Members.OfType<FieldDeclarationSyntax>()
            .Where(field => !field.Modifiers.Any(SyntaxKind.ConstKeyword))
            .SelectMany(field => field.Declaration.Variables, (field, variable) => (field.Declaration.Type, variable))
            .Where(declared => declared.variable.Initializer is not null)
            .Select(declared => Describe(declared.Type, declared.variable))];
    }

    private static Parameter Describe(TypeSyntax type, VariableDeclaratorSyntax variable)
    {
        ExpressionSyntax value = variable.Initializer!.Value;
        return new Parameter(variable.Identifier.Text, type.IsVar ? TypeOf(value) : type.ToString(), value.ToString());
    }

    private static string? TypeOf(ExpressionSyntax value) => value switch
    {
        PrefixUnaryExpressionSyntax sign => TypeOf(sign.Operand),
        ParenthesizedExpressionSyntax inner => TypeOf(inner.Expression),
        CastExpressionSyntax cast => cast.Type.ToString(),
        ImplicitArrayCreationExpressionSyntax { Initializer.Expressions: [var first, ..] } => TypeOf(first) + "[]",
        ArrayCreationExpressionSyntax array => array.Type.ToString(),
        LiteralExpressionSyntax { Token.Value: { } constant } => constant switch
        {
            string => "string",
            bool => "bool",
            int => "int",
            uint => "uint",
            long => "long",
            float => "float",
            double => "double",
            decimal => "decimal",
            _ => null,
        },
        _ => null,
    };

    /// <summary>A value of the command line as C#; null where it is none of that type.</summary>
    private static string? Literal(string? type, string value)
    {
        if (type is null)
            return null;
        if (type.EndsWith('?'))
            return value == "null" ? "null" : Literal(type[..^1], value);
        if (type.EndsWith("[]", StringComparison.Ordinal))
        {
            string element = type[..^2];
            string?[] literals = [.. value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(item => Literal(element, item))];
            return literals.Contains(null) ? null : $"new {element}[] {{ {string.Join(", ", literals)} }}";
        }
        CultureInfo invariant = CultureInfo.InvariantCulture;   // "R": every digit, so that the cell has the value that was given
        const NumberStyles Whole = NumberStyles.AllowLeadingSign, Real = NumberStyles.Float;
        return type switch
        {
            "string" => SymbolDisplay.FormatLiteral(value, quote: true),
            "bool" => bool.TryParse(value, out bool flag) ? (flag ? "true" : "false") : null,
            "int" => int.TryParse(value, Whole, invariant, out int i) ? i.ToString(invariant) : null,
            "uint" => uint.TryParse(value, Whole, invariant, out uint u) ? u.ToString(invariant) : null,
            "long" => long.TryParse(value, Whole, invariant, out long l) ? $"{l.ToString(invariant)}L" : null,
            "float" => float.TryParse(value, Real, invariant, out float f) && float.IsFinite(f)
                ? $"{f.ToString("R", invariant)}f" : null,
            "double" => double.TryParse(value, Real, invariant, out double d) && double.IsFinite(d)
                ? $"{d.ToString("R", invariant)}d" : null,
            "decimal" => decimal.TryParse(value, Real, invariant, out decimal m) ? $"{m.ToString(invariant)}m" : null,
            _ => null,
        };
    }
}

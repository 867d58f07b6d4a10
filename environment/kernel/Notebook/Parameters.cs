using System.Globalization;
using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace IntraDistill.Kernel.Notebook;

/// <summary>A value for a parameter.</summary>
/// <param name="Name">The variable.</param>
/// <param name="Literal">The value as C#.</param>
/// <param name="Text">The value as it was given.</param>
internal sealed record Assignment(string Name, string Literal, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}={Text}";
}

/// <summary>
/// A notebook's parameters, the variables that its cell tagged <c>parameters</c> declares. They are overridden the way
/// papermill does: a cell of assignments is put behind that cell.
/// </summary>
internal sealed class Parameters
{
    private const string Tag = "parameters", InjectedTag = "injected-parameters";

    private readonly List<Parameter>? _known;

    /// <summary>Finds what the notebook declares.</summary>
    public Parameters(NotebookDocument document) => _known = Cell(document) is { } cell ? Declared(cell.Source) : null;

    /// <param name="Name">The variable.</param>
    /// <param name="Type">Its type as written, or the type of its literal for <c>var</c>; null where that cannot be told.</param>
    /// <param name="Default">Its value as written.</param>
    private sealed record Parameter(string Name, string? Type, string Default)
    {
        public override string ToString() => $"{Type ?? "var"} {Name} = {Default}";
    }

    /// <summary>The values of <c>name=value</c>: more than one where a number or boolean is given as <c>1,2,3</c>.</summary>
    /// <exception cref="RunnerException">There is no such parameter, or a value is not of its type.</exception>
    public IReadOnlyList<Assignment> FromCommandLine(string assignment)
    {
        string origin = $"-p {assignment}";
        if (_known is null)
            throw NoCell(origin);
        string[] parts = assignment.Split('=', 2);
        if (parts.Length != 2)
            throw new RunnerException($"{origin}: expected name=value");
        Parameter parameter = Find(origin, parts[0].Trim());
        string[] texts = ParameterLiteral.TakesLists(parameter.Type)
            ? parts[1].Split(',', StringSplitOptions.TrimEntries) : [parts[1]];
        return [.. texts.Select(text => new Assignment(parameter.Name, ParameterLiteral.Of(parameter.Type, text)
            ?? throw new RunnerException($"{origin}: '{text}' is not a value for {parameter}"), text))];
    }

    /// <summary>A value of a grid file.</summary>
    /// <param name="origin">Its file and line.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="RunnerException">There is no such parameter, or the value is not of its type.</exception>
    public Assignment FromJson(string origin, string name, JsonElement value)
    {
        Parameter parameter = Find(origin, name);
        string raw = value.GetRawText();
        string literal = ParameterLiteral.Of(parameter.Type, value)
            ?? throw new RunnerException($"{origin}: {raw} is not a value for {parameter}");
        return new Assignment(name, literal, value.ValueKind == JsonValueKind.String ? value.GetString()! : raw);
    }

    /// <summary>Puts the cell that overrides parameters into a notebook; an earlier one is replaced.</summary>
    /// <param name="document">The notebook.</param>
    /// <param name="code">The assignments, as <see cref="Code"/> makes them.</param>
    /// <exception cref="RunnerException">The notebook has no parameters.</exception>
    public static void Inject(NotebookDocument document, string code)
    {
        NotebookCell cell = Cell(document) ?? throw NoCell("parameters");
        foreach (NotebookCell earlier in document.CodeCells.Where(IsInjected))
            document.Remove(earlier);
        document.InsertAfter(cell, code, InjectedTag);
    }

    /// <summary>Whether a cell is one that overrides parameters.</summary>
    public static bool IsInjected(NotebookCell cell) => cell.HasTag(InjectedTag);

    /// <summary>The cell of code that makes the assignments.</summary>
    public static string Code(IEnumerable<Assignment> assignments) => string.Join('\n',
        ["// Set on the command line.", .. assignments.Select(assignment => $"{assignment.Name} = {assignment.Literal};")]);

    private static NotebookCell? Cell(NotebookDocument document) => document.CodeCells.FirstOrDefault(cell => cell.HasTag(Tag));

    private static RunnerException NoCell(string origin) => new($"{origin}: the notebook has no cell tagged '{Tag}'");

    private Parameter Find(string origin, string name)
    {
        List<Parameter> known = _known ?? throw NoCell(origin);
        return known.LastOrDefault(parameter => parameter.Name == name)
            ?? throw new RunnerException($"{origin}: no parameter '{name}'; the notebook has {string.Join(", ", known)}");
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
}

/// <summary>Values of the command line and of grid files as C# literals of a parameter's type.</summary>
internal static class ParameterLiteral
{
    /// <summary>Whether a text with commas is a list of values: of numbers and booleans, since no single one has any.</summary>
    public static bool TakesLists(string? type) => type?.TrimEnd('?')
        is "bool" or "int" or "uint" or "long" or "float" or "double" or "decimal";

    /// <summary>A value of a grid file as C#; null where it is none of that type.</summary>
    public static string? Of(string? type, JsonElement value)
    {
        if (type is null)
            return null;
        if (value.ValueKind == JsonValueKind.Null)
            return type.EndsWith('?') ? "null" : null;
        type = type.TrimEnd('?');
        if (type.EndsWith("[]", StringComparison.Ordinal) && value.ValueKind == JsonValueKind.Array)
            return Array(type[..^2], [.. value.EnumerateArray().Select(item => Of(type[..^2], item))]);
        return value.ValueKind switch
        {
            JsonValueKind.String when type == "string" => Of(type, value.GetString()!),
            JsonValueKind.True or JsonValueKind.False when type == "bool" => Of(type, value.GetRawText()),
            JsonValueKind.Number when type != "string" => Of(type, value.GetRawText()),
            _ => null,
        };
    }

    /// <summary>A value of the command line as C#; null where it is none of that type.</summary>
    public static string? Of(string? type, string value)
    {
        if (type is null)
            return null;
        if (type.EndsWith('?'))
            return value == "null" ? "null" : Of(type[..^1], value);
        if (type.EndsWith("[]", StringComparison.Ordinal))
        {
            string element = type[..^2];
            string?[] literals = [.. value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(item => Of(element, item))];
            return Array(element, literals);
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

    private static string? Array(string element, string?[] literals) =>
        literals.Contains(null) ? null : $"new {element}[] {{ {string.Join(", ", literals)} }}";
}

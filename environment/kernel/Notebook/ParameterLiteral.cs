using System.Globalization;
using System.Text.Json;
using Microsoft.CodeAnalysis.CSharp;

namespace IntraDistill.Kernel.Notebook;

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

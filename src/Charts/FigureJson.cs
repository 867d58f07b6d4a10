using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace IntraDistill;

/// <summary>Reads a Plotly figure's JSON, in which nearly everything may be absent.</summary>
internal static partial class FigureJson
{
    /// <summary>What stands at the path; undefined where there is nothing, or null.</summary>
    public static JsonElement At(this JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
            if (element.ValueKind is not JsonValueKind.Object || !element.TryGetProperty(name, out element))
                return default;
        return element.ValueKind is JsonValueKind.Null ? default : element;
    }

    /// <summary>Whether there is anything at the path.</summary>
    public static bool Has(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.At(path).ValueKind is not JsonValueKind.Undefined;

    /// <summary>The string at the path, or null.</summary>
    public static string? Text(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.At(path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>The number at the path, or null.</summary>
    public static double? Number(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.At(path) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;

    /// <summary>Whether <c>false</c> stands at the path.</summary>
    public static bool IsFalse(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.At(path).ValueKind is JsonValueKind.False;

    /// <summary>The elements of the array at the path; none where there is no array.</summary>
    public static JsonElement[] Items(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.At(path) is { ValueKind: JsonValueKind.Array } array ? [.. array.EnumerateArray()] : [];

    /// <summary>The numbers of the array at the path, NaN for null; null if there is no such array.</summary>
    public static double[]? Numbers(this JsonElement element, params ReadOnlySpan<string> path)
    {
        if (element.At(path).ValueKind is not JsonValueKind.Array)
            return null;
        JsonElement[] items = element.Items(path);
        return items.All(item => item.ValueKind is JsonValueKind.Number or JsonValueKind.Null)
            ? [.. items.Select(item => item.ValueKind is JsonValueKind.Number ? item.GetDouble() : double.NaN)]
            : null;
    }

    /// <summary>The strings of the array at the path; null if there is no such array.</summary>
    public static string[]? Texts(this JsonElement element, params ReadOnlySpan<string> path)
    {
        if (element.At(path).ValueKind is not JsonValueKind.Array)
            return null;
        JsonElement[] items = element.Items(path);
        return items.All(item => item.ValueKind is JsonValueKind.String) ? [.. items.Select(item => item.GetString()!)] : null;
    }

    /// <summary>A title as plain text: plotly.js reads a little HTML in it.</summary>
    public static string Plain(string? text) => WebUtility.HtmlDecode(Tags().Replace(text ?? "", ""));

    [GeneratedRegex(@"</?(b|i|em|strong|sub|sup|br|span|a|u|s)(\s[^<>]*)?/?>", RegexOptions.IgnoreCase)]
    private static partial Regex Tags();
}

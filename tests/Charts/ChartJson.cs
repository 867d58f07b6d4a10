using System.Text.Json;
using Plotly.NET;

namespace IntraDistill.Tests;

/// <summary>A chart as the JSON that a notebook stores.</summary>
internal static class ChartJson
{
    public static JsonElement Of(GenericChart chart) => JsonDocument.Parse(GenericChart.toJson(chart)).RootElement;

    public static JsonElement[] Traces(this JsonElement figure) => [.. figure.GetProperty("data").EnumerateArray()];

    public static JsonElement Layout(this JsonElement figure, params string[] path) => figure.GetProperty("layout").At(path);

    public static string? Text(this JsonElement trace, string name) => trace.GetProperty(name).GetString();

    public static double Number(this JsonElement trace, params string[] path) => trace.At(path).GetDouble();

    public static string[] Texts(this JsonElement trace, params string[] path) =>
        [.. trace.At(path).EnumerateArray().Select(e => e.GetString()!)];

    public static double?[] Values(this JsonElement trace, params string[] path) =>
    [
        .. trace.At(path).EnumerateArray().Select(e => e.ValueKind is JsonValueKind.Null ? (double?)null : e.GetDouble()),
    ];

    private static JsonElement At(this JsonElement element, string[] path) =>
        path.Aggregate(element, (inner, name) => inner.GetProperty(name));
}

using System.Text.Json;

namespace IntraDistill;

/// <summary>Tells which figures <see cref="StaticPicture"/> can draw: the kinds that <see cref="KitCharts"/> makes.</summary>
internal static class PictureCheck
{
    // What the picture does not know how to draw, so that a figure with any of it gets none.
    private static readonly string[] s_unknownLayout =
        ["annotations", "shapes", "images", "updatemenus", "polar", "scene", "geo", "map", "mapbox", "smith", "grid"];

    private static readonly string[] s_unknownAxis =
        ["overlaying", "matches", "rangebreaks", "tickvals", "scaleanchor", "categoryorder", "categoryarray"];

    private static readonly string[] s_unknownTrace =
    [
        "error_x", "stackgroup", "groupnorm", "connectgaps", "opacity", "base", "offset", "width", "offsetgroup",
        "alignmentgroup",
    ];

    /// <summary>Why there is no picture of the figure; null where there is one.</summary>
    public static string? WhyNot(JsonElement figure)
    {
        JsonElement layout = figure.At("layout");
        JsonElement[] traces = [.. Visible(figure)];
        if (traces.Length == 0)
            return "nothing is visible in it";
        bool isHeatMap = traces.Any(trace => trace.Text("type") == "heatmap");
        if (s_unknownLayout.FirstOrDefault(
            name => layout.Has(name) && !(isHeatMap && name is ("annotations" or "shapes"))) is { } part)
            return $"its layout has {part}";
        if (isHeatMap)
            return HeatPicture.WhyNot(layout, traces);
        if (traces.Count(trace => trace.Text("type") == "scatterternary") is > 0 and var triangles && triangles < traces.Length)
            return "it mixes a triangle with axes";
        JsonElement[] bars = [.. traces.Where(trace => trace.Text("type") == "bar")];
        if (bars.Length > 0 && (layout.Text("barmode") is not (null or "group") || layout.Has("barnorm")))
            return "its bars do not stand beside one another";
        if (bars.Any(bar => layout.Text(PictureAxes.Of(bar).Y, "type") == "log"))
            return "its bars are on a log axis";
        return traces.Select(Trace).Concat(Axes(layout).Select(Axis)).FirstOrDefault(reason => reason is not null);
    }

    /// <summary>The traces that a reader sees before touching anything.</summary>
    public static IEnumerable<JsonElement> Visible(JsonElement figure) =>
        figure.Items("data").Where(trace => !trace.IsFalse("visible") && trace.Text("visible") != "legendonly");

    /// <summary>The layout's pairs of name and axis.</summary>
    public static IEnumerable<JsonProperty> Axes(JsonElement layout) => layout.ValueKind is not JsonValueKind.Object ? []
        : layout.EnumerateObject().Where(property => property.Name.StartsWith("xaxis", StringComparison.Ordinal)
            || property.Name.StartsWith("yaxis", StringComparison.Ordinal));

    private static string? Trace(JsonElement trace) => trace.Text("type") switch
    {
        _ when s_unknownTrace.FirstOrDefault(name => trace.Has(name)) is { } part => $"it has a trace with {part}",
        "scatter" => Scatter(trace),
        "bar" => Bar(trace),
        "scatterternary" => Ternary(trace),
        var type => $"it has a trace of type {type ?? "scatter by default"}",
    };

    private static string? Scatter(JsonElement trace)
    {
        if (trace.Numbers("x") is not { } x || trace.Numbers("y") is not { } y || x.Length != y.Length || x.Length == 0)
            return "a line's x and y are not equally many numbers";
        if (trace.Text("mode") is not ("lines" or "markers" or "lines+markers"))
            return $"mode {trace.Text("mode")}";
        if (trace.Text("line", "shape") is not (null or "linear" or "hv"))
            return $"a line of shape {trace.Text("line", "shape")}";
        if (trace.Text("fill") is not (null or "none" or "tozeroy" or "toself"))
            return $"fill {trace.Text("fill")}";
        if (trace.Has("error_y"))
            return "a line with error bars";
        return Marker(trace);
    }

    private static string? Marker(JsonElement trace) =>
        trace.Text("marker", "symbol") is not (null or "circle" or "circle-open" or "circle-x-open" or "star" or "hexagon")
            ? $"marker {trace.Text("marker", "symbol")}"
            : trace.Has("marker", "size") && trace.Number("marker", "size") is null ? "markers of several sizes"
            : trace.Text("type") == "scatter" && trace.Items("marker", "color").Length > 0 ? "markers of several colours" : null;

    private static string? Bar(JsonElement trace)
    {
        if (trace.Texts("x") is not { } x || trace.Numbers("y") is not { } y || x.Length != y.Length)
            return "bars that are not one number a category";
        if (trace.Text("orientation") is not (null or "v"))
            return "bars that lie";
        if (trace.Items("marker", "color").Length > 0)
            return "bars of several colours";
        bool odd = trace.Has("error_y") && (trace.Numbers("error_y", "array") is not { } up || up.Length != y.Length
            || trace.Numbers("error_y", "arrayminus") is { } down && down.Length != y.Length);
        return odd ? "error bars not given by arrays" : null;
    }

    private static string? Ternary(JsonElement trace)
    {
        double[]?[] corners = [trace.Numbers("a"), trace.Numbers("b"), trace.Numbers("c")];
        if (corners.Any(values => values is null || values.Length != corners[0]!.Length) || trace.Text("mode") != "markers")
            return "a triangle of something else than points";
        if (trace.Items("marker", "color").Length > 0
            && (trace.Numbers("marker", "color") is null || trace.Text("marker", "colorscale") != "Cividis"))
            return "another colour scale than Cividis";
        return Marker(trace);
    }

    private static string? Axis(JsonProperty axis)
    {
        if (s_unknownAxis.FirstOrDefault(name => axis.Value.Has(name)) is { } part)
            return $"{axis.Name} has {part}";
        if (axis.Value.Text("type") is not (null or "-" or "linear" or "log" or "category"))
            return $"{axis.Name} is of type {axis.Value.Text("type")}";
        if (axis.Value.Text("tickformat") is not (null or ".0%"))
            return $"{axis.Name} has tickformat {axis.Value.Text("tickformat")}";
        if (axis.Value.Has("range") && axis.Value.Numbers("range") is not [_, _])
            return $"{axis.Name} has a range that is not two numbers";
        bool turned = axis.Value.Text("side") is "top" or "right" || axis.Value.Text("autorange") == "reversed";
        return turned ? $"{axis.Name} is turned round" : null;
    }
}

using System.Text.Json;
using OxyPlot;

namespace IntraDistill;

/// <summary>How OxyPlot draws one of Plotly's markers, or a part of it.</summary>
/// <param name="Type">OxyPlot's marker.</param>
/// <param name="Outline">The shape of a custom marker.</param>
/// <param name="Size">From the middle to the edge, in pixels.</param>
/// <param name="Fill">What it is filled with.</param>
/// <param name="Stroke">The colour of its edge.</param>
/// <param name="Thickness">The width of its edge.</param>
internal sealed record MarkerLook(
    MarkerType Type, ScreenPoint[]? Outline, double Size, OxyColor Fill, OxyColor Stroke, double Thickness)
{
    /// <summary>The looks that, one over the other, make a trace's marker.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="color">Its colour.</param>
    /// <param name="largest">The most that half of the marker may measure.</param>
    public static MarkerLook[] Of(JsonElement trace, OxyColor color, double largest = double.PositiveInfinity)
    {
        double size = Math.Min(largest, (trace.Number("marker", "size") ?? 6) / 2);
        OxyColor stroke = StaticPicture.Color(trace.Text("marker", "line", "color"), OxyColors.Undefined);
        double thickness = trace.Number("marker", "line", "width") ?? 0;
        OxyColor fill = StaticPicture.Color(trace.Text("marker", "color"), color);
        return trace.Text("marker", "symbol") switch
        {
            "circle-open" => [new(MarkerType.Circle, null, size, OxyColors.Undefined, fill, 1.5)],
            "circle-x-open" =>
            [
                new(MarkerType.Circle, null, size, OxyColors.Undefined, fill, 1.5),
                new(MarkerType.Cross, null, 0.7 * size, OxyColors.Undefined, fill, 1.5),
            ],
            "star" => [new(MarkerType.Custom, s_star, 1.4 * size, fill, stroke, thickness)],
            // In the size they are used at, a disc does not look different.
            _ => [new(MarkerType.Circle, null, size, fill, stroke, thickness)],
        };
    }

    private static readonly ScreenPoint[] s_star =
    [
        .. Enumerable.Range(0, 10).Select(i => new ScreenPoint(
            (i % 2 == 0 ? 1 : 0.4) * Math.Sin(i * Math.PI / 5), -(i % 2 == 0 ? 1 : 0.4) * Math.Cos(i * Math.PI / 5))),
    ];
}

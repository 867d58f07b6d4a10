using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Plotly.NET.TraceObjects;
using static IntraDistill.PlotlyFigure;

namespace IntraDistill;

// The drawings of notebook 00.
public static partial class KitCharts
{
    /// <summary>Divergences as lines, with a slider for a second quantity.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="xTitle">What varies along the x axis, with its unit.</param>
    /// <param name="yTitle">What the divergences are measured in (nats).</param>
    /// <param name="sliderTitle">What the slider sets, with its unit; the position's label follows it.</param>
    /// <param name="positions">The slider's positions.</param>
    /// <param name="start">The position it starts at, from 0.</param>
    /// <exception cref="IntraDistillException">No position, or positions with different numbers of lines.</exception>
    public static GenericChart DivergenceSlider(
        string title, string xTitle, string yTitle, string sliderTitle, IEnumerable<SliderPosition> positions, int start = 0)
    {
        SliderPosition[] all = NotEmpty(positions);
        int lines = all[0].Curves.Count;
        if (all.FirstOrDefault(position => position.Curves.Count != lines) is { } odd)
            throw new IntraDistillException(
                $"slider position '{odd.Label}' has {odd.Curves.Count} lines; expected {lines} as the first");
        if (start < 0 || start >= all.Length)
            throw new IntraDistillException($"the slider starts at position {start}; expected 0 to {all.Length - 1}");

        // A set of traces a position, of which the slider shows one. (Plotly.NET's figures have no frames.)
        Trace[] traces = [.. all.SelectMany(position => Check(position.Curves).Select(DivergenceLine))];
        for (int i = 0; i < traces.Length; i++)
            traces[i].SetProperty("visible", i / lines == start);

        Slider slider = Make<Slider>(
            ("active", start), ("pad", Make<Padding>(("t", 58))), ("len", 1), ("x", 0), ("ticklen", 4),
            ("currentvalue", Make<SliderCurrentValue>(("prefix", $"{sliderTitle} "), ("xanchor", "left"))),
            ("steps", all.Select((position, i) => Make<SliderStep>(("label", position.Label), ("method", "restyle"),
                ("args", new object[] { new { visible = traces.Select((_, t) => t / lines == i).ToArray() } }))).ToArray()));
        // One scale for all positions, so that moving the slider compares them.
        double highest = all.SelectMany(position => position.Curves).SelectMany(curve => curve.Y)
            .Where(double.IsFinite).DefaultIfEmpty(1).Max();
        LinearAxis y = Axis(yTitle, ("range", new[] { 0, Number(1.05 * highest) }));
        return WithRoomBelow(Compose(title, traces, Axis(xTitle), y, ("sliders", new[] { slider })), 90);
    }

    /// <summary>A value for every distribution over three outcomes, as colours on the triangle of distributions.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="outcomes">The names of the three outcomes: top, lower left, lower right.</param>
    /// <param name="valueTitle">What the colours show, with its unit.</param>
    /// <param name="points">The distributions and their values, best on an even grid of some 200.</param>
    /// <param name="mark">A distribution to mark, such as the one all others are compared with.</param>
    /// <exception cref="IntraDistillException">No point, or not three outcomes.</exception>
    public static GenericChart Simplex(
        string title, IReadOnlyList<string> outcomes, string valueTitle, IEnumerable<SimplexPoint> points,
        SimplexPoint? mark = null)
    {
        if (outcomes.Count != 3)
            throw new IntraDistillException($"{outcomes.Count} outcomes; expected 3");
        SimplexPoint[] all = NotEmpty(points);
        List<Trace> traces = [Points("value", all, ("marker", Make<Marker>(
            ("color", Numbers(all.Select(point => point.Value))), ("colorscale", "Cividis"), ("showscale", true),
            ("symbol", "hexagon"), ("size", 18),
            ("colorbar", Make<ColorBar>(("title", Make<Title>(("text", valueTitle), ("side", "right"))), ("thickness", 16))))))];
        if (mark is { } marked)
            traces.Add(Points("marked", [marked], ("marker", Make<Marker>(
                ("color", "white"), ("symbol", "star"), ("size", 16),
                ("line", Make<Line>(("color", "#2a2a2a"), ("width", 1.5)))))));

        // The upper corner's name stands above the triangle: the title needs room above that.
        Ternary ternary = Make<Ternary>(("sum", 1), ("bgcolor", "white"), ("domain", Make<Domain>(("y", new[] { 0, 0.92 }))),
            ("aaxis", Side(outcomes[0])), ("baxis", Side(outcomes[1])), ("caxis", Side(outcomes[2])));
        return WithRoomBelow(Compose(title, traces, ("ternary", ternary), ("showlegend", false)), 60);

        Trace Points(string name, SimplexPoint[] which, params (string, object?)[] more) => NewTrace("scatterternary", [
            ("mode", "markers"), ("name", name), ("a", Numbers(which.Select(p => p.A))), ("b", Numbers(which.Select(p => p.B))),
            ("c", Numbers(which.Select(p => p.C))), ("cliponaxis", false),
            ("hovertemplate",
                $"{outcomes[0]} %{{a}}, {outcomes[1]} %{{b}}, {outcomes[2]} %{{c}}: %{{marker.color}}<extra></extra>"),
            .. more]);

        static LinearAxis Side(string outcome) =>
            Make<LinearAxis>(("title", Make<Title>(("text", outcome))), ("showgrid", false), ("nticks", 6));
    }

    /// <summary>
    /// A toy network in several passes side by side: units that dropout disables are hollow and crossed out, and only
    /// the connections between active units are drawn in full.
    /// </summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="passes">The passes, left to right; each with the same layers.</param>
    /// <exception cref="IntraDistillException">No pass, no unit, or passes over networks of different shapes.</exception>
    public static GenericChart NetworkDrawing(string title, IEnumerable<NetworkPass> passes)
    {
        NetworkPass[] all = NotEmpty(passes);
        int[] shape = Shape(all[0]);
        if (shape.Length == 0 || shape.Any(units => units == 0))
            throw new IntraDistillException($"a layer of '{all[0].Name}' has no units; expected at least one in each");
        if (all.FirstOrDefault(pass => !Shape(pass).SequenceEqual(shape)) is { } odd)
            throw new IntraDistillException($"'{odd.Name}' has other layers than '{all[0].Name}'; expected one network");

        double half = shape.Max() / 2.0;
        List<(string, object?)> axes = [];
        for (int k = 0; k < all.Length; k++)
        {
            string number = k == 0 ? "" : $"{k + 1}";
            double width = 1.0 / all.Length;
            axes.Add(($"xaxis{number}", Make<LinearAxis>(
                ("domain", new[] { Number(k * width), Number((k + 0.94) * width) }), ("anchor", $"y{number}"),
                ("range", new[] { -0.4, shape.Length - 0.6 }), ("title", Make<Title>(("text", all[k].Name))), ("side", "bottom"),
                ("showgrid", false), ("zeroline", false), ("showticklabels", false), ("fixedrange", true))));
            axes.Add(($"yaxis{number}", Make<LinearAxis>(("anchor", $"x{number}"), ("range", new[] { -half - 0.1, half + 0.1 }),
                ("visible", false), ("fixedrange", true))));
        }
        return Compose(title, all.SelectMany((pass, k) => Draw(pass, k)), [.. axes]);

        static int[] Shape(NetworkPass pass) => [.. pass.Active.Select(layer => layer.Count)];
    }

    private static IEnumerable<Trace> Draw(NetworkPass pass, int subplot)
    {
        string number = subplot == 0 ? "" : $"{subplot + 1}";
        List<double> activeX = [], activeY = [], disabledX = [], disabledY = [];
        List<double> usedX = [], usedY = [], unusedX = [], unusedY = [];
        for (int layer = 0; layer < pass.Active.Count; layer++)
            for (int unit = 0; unit < pass.Active[layer].Count; unit++)
            {
                bool active = pass.Active[layer][unit];
                (active ? activeX : disabledX).Add(layer);
                (active ? activeY : disabledY).Add(Height(layer, unit));
                for (int next = 0; layer + 1 < pass.Active.Count && next < pass.Active[layer + 1].Count; next++)
                {
                    bool used = active && pass.Active[layer + 1][next];
                    // NaN ends the line of one connection.
                    (used ? usedX : unusedX).AddRange([layer, layer + 1, double.NaN]);
                    (used ? usedY : unusedY).AddRange([Height(layer, unit), Height(layer + 1, next), double.NaN]);
                }
            }
        yield return Edges(unusedX, unusedY, "#ededed", 1);
        yield return Edges(usedX, usedY, "#7fb2d6", 1.6);
        yield return Units("active unit", activeX, activeY,
            Make<Marker>(("size", 20), ("color", "#0072B2"), ("symbol", "circle")));
        yield return Units("disabled unit", disabledX, disabledY,
            Make<Marker>(("size", 20), ("color", "#8a8a8a"), ("symbol", "circle-x-open")));

        double Height(int layer, int unit) => (pass.Active[layer].Count - 1) / 2.0 - unit;

        Trace Edges(List<double> x, List<double> y, string color, double width) => LineTrace("connections", x, y, color,
            ("line", Make<Line>(("color", color), ("width", width))), ("showlegend", false), ("hoverinfo", "skip"),
            ("xaxis", $"x{number}"), ("yaxis", $"y{number}"));

        Trace Units(string name, List<double> x, List<double> y, Marker marker) => NewTrace(
            "scatter", ("mode", "markers"), ("name", name), ("x", Numbers(x)), ("y", Numbers(y)), ("marker", marker),
            ("legendgroup", name), ("showlegend", subplot == 0), ("hoverinfo", "name"),
            ("xaxis", $"x{number}"), ("yaxis", $"y{number}"));
    }

    private static Trace DivergenceLine(CurveSeries curve, int index)
    {
        CurveSeries thin = Thin(curve);
        return LineTrace(curve.Name, thin.X, thin.Y, SeriesColors.Of(curve.Name, index));
    }
}

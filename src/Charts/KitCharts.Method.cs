using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Plotly.NET.TraceObjects;
using static IntraDistill.PlotlyFigure;

namespace IntraDistill;

// The drawings of notebook 00.
public static partial class KitCharts
{
    /// <summary>Divergences as lines, with a slider for a second quantity; all positions have as many lines.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="xTitle">What varies along the x axis, with its unit.</param>
    /// <param name="yTitle">What the divergences are measured in (nats).</param>
    /// <param name="sliderTitle">What the slider sets, with its unit; the position's label follows it.</param>
    /// <param name="positions">The slider's positions.</param>
    /// <param name="start">The position it starts at, from 0.</param>
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
        Trace[] traces = [.. all.SelectMany(position => Check(position.Curves)
            .SelectMany((curve, i) => Traces(Curve(curve, i) with { Band = null, Live = [] })))];
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
        return WithRoomBelow(Compose(title, traces, ("xaxis", Axis(xTitle)),
            ("yaxis", Axis(yTitle, ("range", new[] { 0, Number(1.05 * highest) }))), ("sliders", new[] { slider })), 90);
    }

    /// <summary>A value for every distribution over three outcomes, as colours on the triangle of distributions.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="outcomes">The names of the three outcomes: top, lower left, lower right.</param>
    /// <param name="valueTitle">What the colours show, with its unit.</param>
    /// <param name="points">The distributions and their values, best on an even grid of some 200.</param>
    public static GenericChart Simplex(
        string title, IReadOnlyList<string> outcomes, string valueTitle, IEnumerable<SimplexPoint> points)
    {
        if (outcomes.Count != 3)
            throw new IntraDistillException($"{outcomes.Count} outcomes; expected 3");
        SimplexPoint[] all = NotEmpty(points);
        Trace trace = NewTrace("scatterternary", ("mode", "markers"), ("name", "value"),
            ("a", Numbers(all.Select(point => point.A))), ("b", Numbers(all.Select(point => point.B))),
            ("c", Numbers(all.Select(point => point.C))), ("cliponaxis", false),
            ("hovertemplate",
                $"{outcomes[0]} %{{a}}, {outcomes[1]} %{{b}}, {outcomes[2]} %{{c}}: %{{marker.color}}<extra></extra>"),
            ("marker", Make<Marker>(
                ("color", Numbers(all.Select(point => point.Value))), ("colorscale", "Cividis"), ("showscale", true),
                ("symbol", "hexagon"), ("size", 18),
                ("colorbar", Make<ColorBar>(("title", Make<Title>(("text", valueTitle), ("side", "right"))), ("thickness", 16))))));
        // The upper corner's name stands above the triangle: the title needs room above that.
        Ternary ternary = Make<Ternary>(("sum", 1), ("bgcolor", "white"), ("domain", Make<Domain>(("y", new[] { 0, 0.92 }))),
            ("aaxis", Side(outcomes[0])), ("baxis", Side(outcomes[1])), ("caxis", Side(outcomes[2])));
        return WithRoomBelow(Compose(title, [trace], ("ternary", ternary), ("showlegend", false)), 60);

        static LinearAxis Side(string outcome) =>
            Make<LinearAxis>(("title", Make<Title>(("text", outcome))), ("showgrid", false), ("nticks", 6));
    }

    /// <summary>A toy network in several passes side by side: units that dropout disables are hollow and crossed out, and only the
    /// connections between active units are drawn in full. Each pass has the same layers.</summary>
    public static GenericChart NetworkDrawing(string title, IEnumerable<NetworkPass> passes)
    {
        NetworkPass[] all = NotEmpty(passes);
        int[] shape = Shape(all[0]);
        if (shape.Length == 0 || shape.Contains(0))
            throw new IntraDistillException($"a layer of '{all[0].Name}' has no units; expected at least one in each");
        if (all.FirstOrDefault(pass => !Shape(pass).SequenceEqual(shape)) is { } odd)
            throw new IntraDistillException($"'{odd.Name}' has other layers than '{all[0].Name}'; expected one network");

        double half = shape.Max() / 2.0, width = 1.0 / all.Length;
        return Compose(title, all.SelectMany(Network), [.. all.SelectMany((pass, k) => new (string, object?)[]
        {
            ($"xaxis{Subplot(k)}", Make<LinearAxis>(
                ("domain", new[] { Number(k * width), Number((k + 0.94) * width) }), ("anchor", $"y{Subplot(k)}"),
                ("range", new[] { -0.4, shape.Length - 0.6 }), ("title", Make<Title>(("text", pass.Name))), ("side", "bottom"),
                ("showgrid", false), ("zeroline", false), ("showticklabels", false), ("fixedrange", true))),
            ($"yaxis{Subplot(k)}", Make<LinearAxis>(("anchor", $"x{Subplot(k)}"), ("range", new[] { -half - 0.1, half + 0.1 }),
                ("visible", false), ("fixedrange", true))),
        })]);

        static int[] Shape(NetworkPass pass) => [.. pass.Active.Select(layer => layer.Count)];
    }

    private static IEnumerable<Trace> Network(NetworkPass pass, int subplot)
    {
        (double X, double Y, bool IsActive)[] units = [.. pass.Active.SelectMany((layer, x) =>
            layer.Select((active, unit) => ((double)x, (layer.Count - 1) / 2.0 - unit, active)))];
        return
        [
            .. Edges(false, "#ededed", 1), .. Edges(true, "#7fb2d6", 1.6),
            Units("active unit", true, "#0072B2", "circle"), Units("disabled unit", false, "#8a8a8a", "circle-x-open"),
        ];

        IEnumerable<Trace> Edges(bool used, string color, double width)
        {
            var edges = from unit in units
                        from next in units
                        where next.X == unit.X + 1 && (unit.IsActive && next.IsActive) == used
                        select (From: unit, To: next);
            // NaN ends the line of one connection.
            return Traces(new("connections", [.. edges.SelectMany(edge => new[] { edge.From.X, edge.To.X, double.NaN })],
                [.. edges.SelectMany(edge => new[] { edge.From.Y, edge.To.Y, double.NaN })], color)
            {
                Width = width,
                Live = [("showlegend", false), ("hoverinfo", "skip"), ("xaxis", $"x{Subplot(subplot)}"), ("yaxis", $"y{Subplot(subplot)}")],
            });
        }

        Trace Units(string name, bool active, string color, string symbol)
        {
            var shown = units.Where(unit => unit.IsActive == active);
            return NewTrace("scatter", ("mode", "markers"), ("name", name),
                ("x", Numbers(shown.Select(unit => unit.X))), ("y", Numbers(shown.Select(unit => unit.Y))),
                ("marker", Make<Marker>(("size", 20), ("color", color), ("symbol", symbol))),
                ("legendgroup", name), ("showlegend", subplot == 0), ("hoverinfo", "name"),
                ("xaxis", $"x{Subplot(subplot)}"), ("yaxis", $"y{Subplot(subplot)}"));
        }
    }
}

using System.Globalization;
using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Plotly.NET.TraceObjects;
using static IntraDistill.PlotlyFigure;

namespace IntraDistill;

/// <summary>
/// The charts of the notebooks. Each is a Plotly.NET chart in the kit's look, with numbers rounded to five significant
/// digits and long lines thinned to <see cref="MaxPoints"/> points, so that a notebook with a dozen of them stays small.
/// </summary>
public static partial class KitCharts
{
    /// <summary>The most points a line keeps: evenly spaced ones of longer series, the last always among them.</summary>
    public const int MaxPoints = 200;

    /// <summary>Lines over updates, minutes or any other quantity, each with a band where it has one.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="xTitle">What the x axis shows, with its unit.</param>
    /// <param name="yTitle">What the y axis shows, with its unit.</param>
    /// <param name="series">The lines.</param>
    /// <exception cref="IntraDistillException">No series, or one whose lists differ in length or are empty.</exception>
    public static GenericChart LearningCurves(string title, string xTitle, string yTitle, IEnumerable<CurveSeries> series) =>
        Compose(title, Check(series).SelectMany(Curve), Axis(xTitle), Axis(yTitle));

    /// <summary>Sensitivity distributions laid over one another on a log10 axis, as filled steps.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="xTitle">What the x axis shows, with its unit.</param>
    /// <param name="yTitle">What the heights are: count, part or density.</param>
    /// <param name="series">The histograms.</param>
    /// <exception cref="IntraDistillException">No series, or one that has not one edge more than bins.</exception>
    public static GenericChart SensitivityHistogram(
        string title, string xTitle, string yTitle, IEnumerable<HistogramSeries> series)
    {
        HistogramSeries[] histograms = [.. NotEmpty(series)];
        foreach (HistogramSeries h in histograms)
            if (h.Heights.Count == 0 || h.LogEdges.Count != h.Heights.Count + 1)
                throw new IntraDistillException(
                    $"histogram '{h.Name}' has {h.LogEdges.Count} edges and {h.Heights.Count} bins; expected one edge more");
        IEnumerable<Trace> traces = histograms.Select((h, i) =>
        {
            string color = Arms.Color(h.Name, i);
            double[] x = [h.LogEdges[0], .. h.LogEdges];
            // From 0 up to the first bin, along the bins, and down to 0 behind the last.
            double[] y = [0, .. h.Heights, 0];
            return LineTrace(h.Name, [.. x.Select(edge => Math.Pow(10, edge))], y, color,
                ("line", Make<Line>(("color", color), ("width", 1.8), ("shape", "hv"))),
                ("fill", "tozeroy"), ("fillcolor", Translucent(color, 0.22)));
        });
        return Compose(title, traces, LogAxis(xTitle), Axis(yTitle, ("rangemode", "tozero")));
    }

    /// <summary>
    /// A metric after pruning, over the percentage pruned: solid lines for the least sensitive parameters, dashed for the most.
    /// </summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="yTitle">The metric, with its unit.</param>
    /// <param name="series">The models.</param>
    /// <exception cref="IntraDistillException">No series, or one whose lists differ in length or are empty.</exception>
    public static GenericChart PruningCurves(string title, string yTitle, IEnumerable<PruningSeries> series)
    {
        IEnumerable<Trace> traces = NotEmpty(series).SelectMany((model, i) => new[]
        {
            One(model, i, model.LeastSensitive, "least sensitive", "solid"),
            One(model, i, model.MostSensitive, "most sensitive", "dash"),
        }).OfType<Trace>();
        return Compose(title, traces, Axis("Parameters pruned (%)"), Axis(yTitle));

        static Trace? One(PruningSeries model, int i, IReadOnlyList<double>? metric, string which, string dash)
        {
            if (metric is null)
                return null;
            string color = Arms.Color(model.Name, i), name = $"{model.Name}, {which}";
            CheckPoints(name, model.Percent, metric);
            return LineTrace(name, model.Percent, metric, color, ("mode", "lines+markers"),
                ("line", Make<Line>(("color", color), ("width", 2.5), ("dash", dash))),
                ("marker", Make<Marker>(("size", 7), ("symbol", dash == "solid" ? "circle" : "circle-open"))));
        }
    }

    /// <summary>The weight α′ over training for several (p, q, α).</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="schedules">The schedules; each over its own number of steps.</param>
    /// <exception cref="IntraDistillException">No schedule.</exception>
    public static GenericChart AlphaSchedules(string title, IEnumerable<AdaptiveAlpha> schedules) =>
        Compose(title, NotEmpty(schedules).Select((schedule, i) =>
        {
            string name = string.Create(
                CultureInfo.InvariantCulture, $"p = {schedule.P:0.##}, q = {schedule.Q:0.##}, α = {schedule.Alpha:0.##}");
            CurveSeries curve = CurveSeries.Of(
                name, 0, 100, percent => schedule.At((long)(schedule.TotalSteps * percent / 100)), MaxPoints + 1);
            // The three fixed colours are the arms'; these curves are not arms.
            return LineTrace(name, curve.X, curve.Y, Arms.Color("", i), ("hovertemplate", "%{x}% of training: α′ = %{y}"));
        }), Axis("Training (% of all updates)"), Axis("Weight α′ of the divergence (no unit)", ("rangemode", "tozero")));

    /// <summary>Quantiles of the sensitivities on a log axis: how far the least and the most sensitive lie apart.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="yTitle">The sensitivity, with its unit.</param>
    /// <param name="series">X: the part of the parameters below (0–1); Y: the quantile. Values of 0 leave gaps.</param>
    /// <exception cref="IntraDistillException">No series, or one whose lists differ in length or are empty.</exception>
    public static GenericChart QuantileCurves(string title, string yTitle, IEnumerable<CurveSeries> series) =>
        Compose(title,
            Check(series).Select(curve => curve with { Y = [.. curve.Y.Select(y => y > 0 ? y : double.NaN)] }).SelectMany(Curve),
            Axis("Parameters below, least sensitive first (%)", ("tickformat", ".0%"), ("range", new[] { 0, 1 })),
            LogAxis(yTitle));

    /// <summary>Lorenz curves: what part of all sensitivity the least sensitive hold; the diagonal is equality.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="series">X: the part of the parameters; Y: their part of the sensitivity; both 0–1.</param>
    /// <exception cref="IntraDistillException">No series, or one whose lists differ in length or are empty.</exception>
    public static GenericChart LorenzCurves(string title, IEnumerable<CurveSeries> series)
    {
        Trace equality = LineTrace("Equal sensitivity", [0, 1], [0, 1], "#9a9a9a",
            ("line", Make<Line>(("color", "#9a9a9a"), ("width", 1.5), ("dash", "dot"))), ("hoverinfo", "skip"));
        return Compose(title, [.. Check(series).SelectMany(Curve), equality],
            Axis("Parameters, least sensitive first (%)", ("tickformat", ".0%"), ("range", new[] { 0, 1 })),
            Axis("Part of all sensitivity (%)", ("tickformat", ".0%"), ("range", new[] { 0, 1 })));
    }

    // A line, and before it the band it lies on.
    private static IEnumerable<Trace> Curve(CurveSeries curve, int index)
    {
        string color = Arms.Color(curve.Name, index);
        CurveSeries thin = Thin(curve);
        if (thin.Low is not null && thin.High is not null)
            yield return NewTrace("scatter", ("mode", "lines"), ("name", $"{curve.Name}, range"), ("showlegend", false),
                ("legendgroup", curve.Name), ("hoverinfo", "skip"),
                ("x", Numbers([.. thin.X, .. thin.X.Reverse()])), ("y", Numbers([.. thin.High, .. thin.Low.Reverse()])),
                ("fill", "toself"), ("fillcolor", Translucent(color, 0.18)), ("line", Make<Line>(("width", 0))));
        yield return LineTrace(curve.Name, thin.X, thin.Y, color, ("legendgroup", curve.Name));
    }

    private static CurveSeries Thin(CurveSeries curve)
    {
        int count = curve.X.Count;
        if (count <= MaxPoints)
            return curve;
        int[] kept = [.. Enumerable.Range(0, MaxPoints).Select(i => (int)((long)i * (count - 1) / (MaxPoints - 1)))];
        return curve with { X = Keep(curve.X)!, Y = Keep(curve.Y)!, Low = Keep(curve.Low), High = Keep(curve.High) };

        double[]? Keep(IReadOnlyList<double>? values) => values is null ? null : [.. kept.Select(i => values[i])];
    }

    private static CurveSeries[] Check(IEnumerable<CurveSeries> series)
    {
        CurveSeries[] curves = NotEmpty(series);
        foreach (CurveSeries curve in curves)
        {
            CheckPoints(curve.Name, curve.X, curve.Y);
            CheckPoints(curve.Name, curve.X, curve.Low ?? curve.X);
            CheckPoints(curve.Name, curve.X, curve.High ?? curve.X);
        }
        return curves;
    }

    private static void CheckPoints(string name, IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        if (x.Count == 0 || x.Count != y.Count)
            throw new IntraDistillException(
                $"series '{name}' has {x.Count} x and {y.Count} y values; expected as many of each, and at least one");
    }

    private static T[] NotEmpty<T>(IEnumerable<T> series)
    {
        T[] all = [.. series];
        return all.Length > 0 ? all : throw new IntraDistillException("no series to draw; expected at least one");
    }
}

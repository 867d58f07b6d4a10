using System.Globalization;
using Plotly.NET;
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
        Lines(title, new(xTitle), new(yTitle), Check(series).Select(Curve));

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
        return Lines(title, new(xTitle, IsLog: true), new(yTitle, FromZero: true), histograms.Select((h, i) =>
        {
            // From 0 up to the first bin, along the bins, and down to 0 behind the last.
            IEnumerable<double> x = h.LogEdges.Prepend(h.LogEdges[0]).Select(edge => Math.Pow(10, edge));
            return new ChartLine(h.Name, [.. x], [0, .. h.Heights, 0], SeriesColors.Of(h.Name, i)) { Width = 1.8, IsSteps = true };
        }));
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
        return Lines(title, new("Parameters pruned (%)"), new(yTitle), NotEmpty(series).SelectMany((model, i) => new[]
        {
            One(model, i, model.LeastSensitive, "least sensitive", "solid", "circle"),
            One(model, i, model.MostSensitive, "most sensitive", "dash", "circle-open"),
        }).OfType<ChartLine>());

        static ChartLine? One(
            PruningSeries model, int i, IReadOnlyList<double>? metric, string which, string dash, string marker)
        {
            if (metric is null)
                return null;
            string name = $"{model.Name}, {which}";
            CheckPoints(name, model.Percent, metric);
            return new(name, model.Percent, metric, SeriesColors.Of(model.Name, i)) { Dash = dash, Marker = marker };
        }
    }

    /// <summary>The weight α′ over training for several (p, q, α).</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="schedules">The schedules; each over its own number of steps.</param>
    /// <exception cref="IntraDistillException">No schedule.</exception>
    public static GenericChart AlphaSchedules(string title, IEnumerable<AdaptiveAlpha> schedules) =>
        Lines(title, new("Training (% of all updates)"), new("Weight α′ of the divergence (no unit)", FromZero: true),
            NotEmpty(schedules).Select((schedule, i) =>
            {
                string name = string.Create(
                    CultureInfo.InvariantCulture, $"p = {schedule.P:0.##}, q = {schedule.Q:0.##}, α = {schedule.Alpha:0.##}");
                CurveSeries curve = CurveSeries.Of(
                    name, 0, 100, percent => schedule.At((long)(schedule.TotalSteps * percent / 100)), MaxPoints + 1);
                // The three fixed colours are the arms'; these curves are not arms.
                return new ChartLine(name, curve.X, curve.Y, SeriesColors.Of("", i))
                {
                    Live = [("hovertemplate", "%{x}% of training: α′ = %{y}")],
                };
            }));

    /// <summary>Quantiles of the sensitivities on a log axis: how far the least and the most sensitive lie apart.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="yTitle">The sensitivity, with its unit.</param>
    /// <param name="series">X: the part of the parameters below (0–1); Y: the quantile. Values of 0 leave gaps.</param>
    /// <exception cref="IntraDistillException">No series, or one whose lists differ in length or are empty.</exception>
    public static GenericChart QuantileCurves(string title, string yTitle, IEnumerable<CurveSeries> series) =>
        Lines(title, new("Parameters below, least sensitive first (%)", IsPart: true), new(yTitle, IsLog: true), Check(series)
            .Select(curve => curve with { Y = [.. curve.Y.Select(y => y > 0 ? y : double.NaN)] }).Select(Curve));

    /// <summary>Lorenz curves: what part of all sensitivity the least sensitive hold; the diagonal is equality.</summary>
    /// <param name="title">The chart's title.</param>
    /// <param name="series">X: the part of the parameters; Y: their part of the sensitivity; both 0–1.</param>
    /// <exception cref="IntraDistillException">No series, or one whose lists differ in length or are empty.</exception>
    public static GenericChart LorenzCurves(string title, IEnumerable<CurveSeries> series)
    {
        ChartLine equality = new("Equal sensitivity", [0, 1], [0, 1], "#9a9a9a")
        {
            Width = 1.5, Dash = "dot", Live = [("hoverinfo", "skip")],
        };
        return Lines(title, new("Parameters, least sensitive first (%)", IsPart: true),
            new("Part of all sensitivity (%)", IsPart: true), Check(series).Select(Curve).Append(equality));
    }

    private static GenericChart Lines(string title, ChartAxis x, ChartAxis y, IEnumerable<ChartLine> lines)
    {
        ChartLine[] all = [.. lines];
        return Compose(title, all.SelectMany(Traces), Axis(x), Axis(y)).WithPicture(now => LinePicture.Draw(now, x, y, all));
    }

    private static ChartLine Curve(CurveSeries curve, int index)
    {
        CurveSeries thin = Thin(curve);
        return new(curve.Name, thin.X, thin.Y, SeriesColors.Of(curve.Name, index))
        {
            Band = thin.Low is null || thin.High is null ? null : (thin.Low, thin.High), Live = [("legendgroup", curve.Name)],
        };
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

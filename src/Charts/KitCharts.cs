using System.Globalization;
using Plotly.NET;
using static IntraDistill.PlotlyFigure;

namespace IntraDistill;

/// <summary>The charts of the notebooks. Each is a Plotly.NET chart in the kit's look, with numbers rounded to five significant digits
/// and long lines thinned to <see cref="MaxPoints"/> points, so that a notebook with a dozen of them stays small. Titles of axes and
/// values give the unit. Without a series, or with one whose lists do not match, all of them raise an <see cref="IntraDistillException"/>
/// that names it.</summary>
public static partial class KitCharts
{
    /// <summary>The most points a line keeps: evenly spaced ones of longer series, the last always among them.</summary>
    public const int MaxPoints = 200;

    /// <summary>Lines over updates, minutes or any other quantity, each with a band where it has one.</summary>
    public static GenericChart LearningCurves(string title, string xTitle, string yTitle, IEnumerable<CurveSeries> series) =>
        Lines(title, new(xTitle), new(yTitle), Check(series).Select(Curve));

    /// <summary>Sensitivity distributions laid over one another on a log10 axis, as filled steps.</summary>
    public static GenericChart SensitivityHistogram(
        string title, string xTitle, string yTitle, IEnumerable<HistogramSeries> series)
    {
        HistogramSeries[] histograms = NotEmpty(series);
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

    /// <summary>A metric after pruning: solid lines for the least sensitive parameters pruned, dashed for the most.</summary>
    public static GenericChart PruningCurves(string title, string yTitle, IEnumerable<PruningSeries> series)
    {
        return Lines(title, new("Parameters pruned (%)"), new(yTitle), NotEmpty(series).SelectMany((model, i) => new[]
        {
            One(model, i, model.LeastSensitive, "least sensitive", "solid", "circle"),
            One(model, i, model.MostSensitive, "most sensitive", "dash", "circle-open"),
        }).OfType<ChartLine>());

        static ChartLine? One(PruningSeries model, int i, IReadOnlyList<double>? metric, string which, string dash, string marker)
        {
            if (metric is null)
                return null;
            string name = $"{model.Name}, {which}";
            CheckPoints(name, model.Percent, metric);
            return new(name, model.Percent, metric, SeriesColors.Of(model.Name, i)) { Dash = dash, Marker = marker };
        }
    }

    /// <summary>The weight α′ over training for several (p, q, α), each over its own number of steps.</summary>
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

    /// <summary>Quantiles of the sensitivities on a log axis. X: the part of the parameters below (0–1); Y: the quantile, of which values
    /// of 0 leave gaps.</summary>
    public static GenericChart QuantileCurves(string title, string yTitle, IEnumerable<CurveSeries> series) =>
        Lines(title, new("Parameters below, least sensitive first (%)", IsPart: true), new(yTitle, IsLog: true), Check(series)
            .Select(curve => curve with { Y = [.. curve.Y.Select(y => y > 0 ? y : double.NaN)] }).Select(Curve));

    /// <summary>Lorenz curves, with the diagonal of equality. X: the part of the parameters, least sensitive first; Y: their part of the
    /// sensitivity; both 0–1.</summary>
    public static GenericChart LorenzCurves(string title, IEnumerable<CurveSeries> series) =>
        Lines(title, new("Parameters, least sensitive first (%)", IsPart: true), new("Part of all sensitivity (%)", IsPart: true),
            Check(series).Select(Curve).Append(new("Equal sensitivity", [0, 1], [0, 1], "#9a9a9a")
            {
                Width = 1.5, Dash = "dot", Live = [("hoverinfo", "skip")],
            }));

    private static GenericChart Lines(string title, ChartAxis x, ChartAxis y, IEnumerable<ChartLine> lines)
    {
        ChartLine[] all = [.. lines];
        return Compose(title, all.SelectMany(Traces), ("xaxis", Axis(x)), ("yaxis", Axis(y)))
            .WithPicture(now => LinePicture.Draw(now, x, y, all));
    }

    // Of a long series every so many-th point.
    private static ChartLine Curve(CurveSeries curve, int index)
    {
        int count = curve.X.Count, most = Math.Min(count, MaxPoints);
        int[] kept = [.. Enumerable.Range(0, most).Select(i => (int)((long)i * (count - 1) / Math.Max(1, most - 1)))];
        return new(curve.Name, Keep(curve.X), Keep(curve.Y), SeriesColors.Of(curve.Name, index))
        {
            Band = curve is { Low: { } low, High: { } high } ? (Keep(low), Keep(high)) : null,
            Live = [("legendgroup", curve.Name)],
        };

        double[] Keep(IReadOnlyList<double> values) => [.. kept.Select(i => values[i])];
    }

    private static CurveSeries[] Check(IEnumerable<CurveSeries> series)
    {
        CurveSeries[] curves = NotEmpty(series);
        foreach (CurveSeries curve in curves)
            foreach (IReadOnlyList<double> values in new[] { curve.Y, curve.Low ?? curve.X, curve.High ?? curve.X })
                CheckPoints(curve.Name, curve.X, values);
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

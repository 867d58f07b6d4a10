using System.Text.Json;
using Plotly.NET;

namespace IntraDistill.Tests;

public class KitChartsTests
{
    private static readonly string[] s_arms = [Arms.Baseline, Arms.Control, Arms.IntraDistillation];

    private static CurveSeries[] Curves(int points = 5) =>
        [.. s_arms.Select((arm, i) => CurveSeries.Of(arm, 0, 1, x => i + x * x, points))];

    private static GenericChart Draw(string kind) => kind switch
    {
        "learning" => KitCharts.LearningCurves("T", "x (updates)", "y (nats)", Curves(5000)),
        "histogram" => KitCharts.SensitivityHistogram(
            "T", "s", "part", s_arms.Select(arm => new HistogramSeries(arm, [-3, -2, -1], [0.25, 0.75]))),
        "pruning" => KitCharts.PruningCurves(
            "T", "y (nats)", s_arms.Select(arm => new PruningSeries(arm, [0, 10], [1, 2], [1, 5]))),
        "alpha" => KitCharts.AlphaSchedules("T", [new(5, 50_000), new(10, 50_000)]),
        "bars" => KitCharts.BarsWithIntervals(
            "T", "set", "BLEU", ["all", "hard"], s_arms.Select(arm => new BarSeries(arm, [30, 25], [29, 23], [32, 26]))),
        "quantile" => KitCharts.QuantileCurves("T", "s", Curves()),
        "lorenz" => KitCharts.LorenzCurves("T", Curves()),
        "heat" => KitCharts.HeatMap("T", "language", "arm", ["de", "ru"], s_arms, [[1, 2], [3, 4], [5, 6]], "F1 (%)"),
        "slider" => KitCharts.DivergenceSlider("T", "p", "nats", "q =", [new("0.1", Curves()), new("0.2", Curves())], 1),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    [Theory]
    [InlineData("learning"), InlineData("histogram"), InlineData("pruning"), InlineData("alpha"), InlineData("bars")]
    [InlineData("quantile"), InlineData("lorenz"), InlineData("slider")]
    [InlineData("heat")]
    public void Every_chart_has_titles_named_traces_and_a_small_payload(string kind)
    {
        GenericChart chart = Draw(kind);
        JsonElement figure = ChartJson.Of(chart);
        Assert.Equal("T", figure.Layout("title", "text").GetString());
        Assert.False(string.IsNullOrWhiteSpace(figure.Layout("xaxis", "title", "text").GetString()));
        Assert.False(string.IsNullOrWhiteSpace(figure.Layout("yaxis", "title", "text").GetString()));
        Assert.Equal("white", figure.Layout("plot_bgcolor").GetString());
        Assert.All(figure.Traces(), trace => Assert.False(string.IsNullOrWhiteSpace(trace.Text("name"))));
        Assert.InRange(GenericChart.toJson(chart).Length, 500, 20_000);
    }

    [Fact]
    public void An_arm_has_one_colour_in_all_charts_and_no_other_series_has_it()
    {
        string[] colours = [.. s_arms.Select((arm, i) => SeriesColors.Of(arm, i))];
        Assert.Equal(3, colours.Distinct().Count());
        foreach (string kind in new[] { "learning", "histogram", "pruning", "quantile", "lorenz" })
            for (int i = 0; i < s_arms.Length; i++)
                Assert.All(
                    ChartJson.Of(Draw(kind)).Traces()
                        .Where(trace => trace.Text("name")!.StartsWith(s_arms[i], StringComparison.Ordinal)),
                    trace => Assert.Equal(colours[i], trace.GetProperty("line").Text("color")));
        Assert.Empty(Enumerable.Range(0, 10).Select(i => SeriesColors.Of("α = 3", i)).Intersect(colours));
    }

    [Fact]
    public void A_long_curve_keeps_its_ends_and_its_band()
    {
        double[] x = [.. Enumerable.Range(0, 10_001).Select(i => (double)i)];
        CurveSeries series = new("Baseline", x, x, [.. x.Select(v => v - 1)], [.. x.Select(v => v + 1)]);
        JsonElement[] traces = ChartJson.Of(KitCharts.LearningCurves("T", "x", "y", [series])).Traces();
        Assert.Equal(2, traces.Length);
        double?[] kept = traces[1].Values("x");
        Assert.Equal((KitCharts.MaxPoints, 0.0, 10_000.0), (kept.Length, kept[0], kept[^1]));
        // The band: there along its upper edge, back along its lower.
        double?[] band = traces[0].Values("y");
        Assert.Equal((2 * KitCharts.MaxPoints, 1.0, -1.0), (band.Length, band[0], band[^1]));
        Assert.False(traces[0].GetProperty("showlegend").GetBoolean());
    }

    [Fact]
    public void Numbers_have_five_digits_and_nothing_stands_for_what_is_not_a_number()
    {
        JsonElement trace = ChartJson.Of(KitCharts.LearningCurves("T", "x", "y",
            [new("a", [1, 2, 3, 4], [Math.PI, double.NaN, 1.23456789e-9, double.PositiveInfinity])])).Traces()[0];
        Assert.Equal([3.1416, null, 1.2346e-9, null], trace.Values("y"));
    }

    [Fact]
    public void A_histogram_is_filled_steps_on_a_log_axis()
    {
        JsonElement figure = ChartJson.Of(Draw("histogram"));
        Assert.Equal("log", figure.Layout("xaxis", "type").GetString());
        JsonElement trace = figure.Traces()[0];
        Assert.Equal([0.001, 0.001, 0.01, 0.1], trace.Values("x"));
        Assert.Equal([0, 0.25, 0.75, 0], trace.Values("y"));
        Assert.Equal(("hv", "tozeroy"), (trace.GetProperty("line").Text("shape"), trace.Text("fill")));
        Assert.StartsWith("rgba(", trace.Text("fillcolor"));
    }

    [Fact]
    public void Pruning_draws_the_least_sensitive_solid_and_the_most_sensitive_dashed()
    {
        JsonElement[] traces = ChartJson.Of(Draw("pruning")).Traces();
        Assert.Equal(
            ["solid", "dash", "solid", "dash", "solid", "dash"],
            traces.Select(trace => trace.GetProperty("line").Text("dash")));
        Assert.Equal([1, 5], traces[1].Values("y"));
        Assert.Single(ChartJson.Of(KitCharts.PruningCurves("T", "y", [new("a", [0, 1], [2, 3])])).Traces());
    }

    [Fact]
    public void Alpha_schedules_are_the_objectives()
    {
        JsonElement trace = ChartJson.Of(Draw("alpha")).Traces()[0];
        double?[] x = trace.Values("x"), y = trace.Values("y");
        AdaptiveAlpha schedule = new(5, 50_000);
        Assert.Equal("p = 5, q = 10, α = 5", trace.Text("name"));
        for (int i = 0; i < x.Length; i++)
            Assert.Equal(schedule.At((long)(500 * x[i]!.Value)), y[i]!.Value, 1e-4);
        Assert.Equal(5, y[^1]);
    }

    [Fact]
    public void Bars_carry_their_intervals_and_leave_a_gap_for_what_was_not_measured()
    {
        JsonElement[] traces = ChartJson.Of(KitCharts.BarsWithIntervals(
            "T", "x", "y", ["a", "b"],
            [new("Baseline", [30, double.NaN], [29, double.NaN], [32, double.NaN]), new("other", [1, 2])])).Traces();
        Assert.Equal([30, null], traces[0].Values("y"));
        Assert.Equal([2, null], traces[0].GetProperty("error_y").Values("array"));
        Assert.Equal([1, null], traces[0].GetProperty("error_y").Values("arrayminus"));
        Assert.False(traces[1].TryGetProperty("error_y", out _));
    }

    [Theory]
    [InlineData(3, 4, true), InlineData(13, 4, false), InlineData(48, 3, false)]
    public void Bars_have_their_numbers_only_where_there_is_room(int categories, int arms, bool room)
    {
        string[] names = [.. Enumerable.Range(0, categories).Select(i => $"language {i}")];
        double[] values = [.. names.Select((_, i) => i - 1.0)];
        JsonElement figure = ChartJson.Of(KitCharts.BarsWithIntervals("T", "x", "y", names, Enumerable.Range(0, arms).Select(
            i => new BarSeries($"arm {i}", values, [.. values.Select(v => v - 1)], [.. values.Select(v => v + 1)]))));
        Assert.All(figure.Traces(), trace => Assert.Equal(room, trace.TryGetProperty("texttemplate", out _)));
        // Many: turned names with the room they need, a line at zero, and caps no wider than their bars.
        Assert.Equal(!room, figure.Layout("xaxis").TryGetProperty("tickangle", out _));
        Assert.Equal(!room, figure.Layout("yaxis", "zeroline").GetBoolean());
        Assert.Equal(!room, figure.Layout("margin", "b").GetDouble() > 62);
        Assert.Equal(room ? 5 : categories == 13 ? 3 : 0, figure.Traces()[0].Number("error_y", "width"));
    }

    [Fact]
    public void A_quantile_of_zero_has_no_place_on_a_log_axis()
    {
        JsonElement figure = ChartJson.Of(KitCharts.QuantileCurves("T", "s", [new("a", [0, 1], [0, 2])]));
        Assert.Equal([null, 2], figure.Traces()[0].Values("y"));
        Assert.Equal("log", figure.Layout("yaxis", "type").GetString());
    }

    [Fact]
    public void A_slider_shows_one_positions_lines_at_a_time()
    {
        JsonElement figure = ChartJson.Of(Draw("slider"));
        Assert.Equal(
            [false, false, false, true, true, true],
            figure.Traces().Select(trace => trace.GetProperty("visible").GetBoolean()));
        JsonElement slider = figure.Layout("sliders")[0];
        Assert.Equal(1, slider.GetProperty("active").GetInt32());
        JsonElement step = slider.GetProperty("steps")[0];
        Assert.Equal(("0.1", "restyle"), (step.Text("label"), step.Text("method")));
        Assert.Equal(
            [true, true, true, false, false, false],
            step.GetProperty("args")[0].GetProperty("visible").EnumerateArray().Select(e => e.GetBoolean()));
    }

    [Fact]
    public void A_simplex_has_a_marker_for_each_distribution()
    {
        JsonElement figure = ChartJson.Of(KitCharts.Simplex(
            "T", ["cat", "dog", "bird"], "X (nats)", [new(1, 0, 0, 2), new(0.5, 0.25, 0.25, 1)]));
        Assert.Equal([2, 1], figure.Traces()[0].GetProperty("marker").Values("color"));
        Assert.Equal("dog", figure.Layout("ternary", "baxis", "title", "text").GetString());
    }

    [Fact]
    public void A_network_draws_its_disabled_units_and_their_connections_apart()
    {
        JsonElement figure = ChartJson.Of(KitCharts.NetworkDrawing("T",
            [new("pass 1", [[true, true], [true, false]]), new("pass 2", [[true, true], [true, true]])]));
        JsonElement[] first = [.. figure.Traces().Where(trace => trace.Text("xaxis") == "x")];
        JsonElement Named(string name) => first.Single(trace => trace.Text("name") == name);
        Assert.Equal(3, Named("active unit").Values("x").Length);
        Assert.Single(Named("disabled unit").Values("x"));
        Assert.Equal("circle-x-open", Named("disabled unit").GetProperty("marker").Text("symbol"));
        // Two connections end at the disabled unit, two do not; each is two points and a gap.
        Assert.Equal([6, 6], first.Where(trace => trace.Text("name") == "connections").Select(trace => trace.Values("x").Length));
        Assert.Equal("pass 2", figure.Layout("xaxis2", "title", "text").GetString());
    }

    [Fact]
    public void What_cannot_be_drawn_is_an_error_that_names_the_series()
    {
        Assert.Contains("no series", Error(() => KitCharts.LearningCurves("T", "x", "y", [])));
        Assert.Contains("'odd'", Error(() => KitCharts.LearningCurves("T", "x", "y", [new("odd", [1, 2], [1])])));
        Assert.Contains("'odd'", Error(() => KitCharts.SensitivityHistogram("T", "x", "y", [new("odd", [1, 2], [1, 2])])));
        Assert.Contains("'odd'", Error(() => KitCharts.BarsWithIntervals("T", "x", "y", ["a"], [new("odd", [1, 2])])));
        Assert.Throws<IntraDistillException>(() => KitCharts.DivergenceSlider("T", "x", "y", "s", [new("a", Curves())], 1));
        Assert.Throws<IntraDistillException>(() => KitCharts.NetworkDrawing("T", [new("a", [[true], []])]));
        Assert.Throws<IntraDistillException>(() => KitCharts.NetworkDrawing("T", [new("a", [[true]]), new("b", [[true, true]])]));

        static string Error(Func<GenericChart> draw) => Assert.Throws<IntraDistillException>(draw).Message;
    }
}

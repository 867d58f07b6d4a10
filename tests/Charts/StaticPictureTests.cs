using System.Xml.Linq;
using Plotly.NET;
using static IntraDistill.PlotlyFigure;

namespace IntraDistill.Tests;

/// <summary>The pictures: well-formed, small, the same each time, and with what their reader must see.</summary>
public class StaticPictureTests
{
    private const string Blue = "#0072B2", Orange = "#E69F00", Vermilion = "#D55E00";   // Baseline, Control, the first other

    private static readonly double[] s_long = [.. Enumerable.Range(0, 5_000).Select(i => (double)i)];

    private static readonly Dictionary<string, GenericChart> s_drawn = new()
    {
        ["curves"] = KitCharts.LearningCurves("Curves & <bands>", "Update", "Loss (nats)",
        [
            new(Arms.Baseline, [0, 1, 2, 3], [4, 3, 2.5, 2.4], [3.8, 2.8, 2.3, 2.2], [4.2, 3.2, 2.7, 2.6]),
            new(Arms.Control, [0, 1, 2, 3, 4], [4, 2.9, double.NaN, 2.2, 2.1]),
        ]),
        ["noise"] = KitCharts.LearningCurves("Noise", "x", "y", Enumerable.Range(0, 4).Select(
            k => new CurveSeries($"run {k}", s_long, [.. s_long.Select(x => (x * 7919 + k) % 101)]))),
        ["histogram"] = KitCharts.SensitivityHistogram("Sensitivity", "|θ|", "Part",
            [new(Arms.Baseline, [-4, -3, -2, -1], [0.1, 0.6, 0.3]), new(Arms.Control, [-4, -3, -2, -1], [0.2, 0.5, 0.3])]),
        ["pruning"] = KitCharts.PruningCurves("Pruning", "NLL", [new(Arms.Baseline, [0, 10, 20], [1, 2, 3], [1, 4, 9])]),
        ["alpha"] = KitCharts.AlphaSchedules("Alpha", [new(5, 50_000), new(10, 50_000)]),
        ["bars"] = KitCharts.BarsWithIntervals("BLEU", "Test", "BLEU (points)", ["all", "hard"],
            [new(Arms.Baseline, [27.9, 19.3], [26, 18], [29, 21]), new(Arms.Control, [27.5, double.NaN])]),
        ["gains"] = KitCharts.BarsWithIntervals("Gains", "Language", "Gain (points)",
            [.. Enumerable.Range(0, 13).Select(i => $"Language {i}")],
            [.. new[] { Arms.Control, Arms.IntraDistillation }.Select((arm, a) => new BarSeries(arm,
                [.. Enumerable.Range(0, 13).Select(i => i - 6.0 + a)], [.. Enumerable.Range(0, 13).Select(i => i - 7.0 + a)],
                [.. Enumerable.Range(0, 13).Select(i => i - 5.0 + a)]))]),
        ["heat map"] = KitCharts.HeatMap("Heat", "Language", "Arm", ["de", "ru"], [Arms.Baseline, Arms.Control],
            [[60.5, double.NaN], [62, 41.5]], "F1 (%)", columnGroups: ["Latin", "Cyrillic"]),
        ["quantiles"] = KitCharts.QuantileCurves("Quantiles", "s", [new("a", [0.1, 0.5, 0.9], [1e-7, 1e-5, 1e-3])]),
        ["short"] = KitCharts.QuantileCurves("Short", "s", [new("a", [0.1, 0.9], [0.002, 0.0055])]),
        ["lorenz"] = KitCharts.LorenzCurves("Lorenz", [new("a", [0, 0.5, 1], [0, 0.1, 1])]),
    };

    private static readonly Dictionary<string, GenericChart> s_told = new()
    {
        ["slider"] = KitCharts.DivergenceSlider("t", "p", "nats", "q = ", [new("0.1", [new("X", [0, 1], [0, 1])])]),
        ["triangle"] = KitCharts.Simplex("t", ["A", "B", "C"], "X (nats)", [new SimplexPoint(0.3, 0.3, 0.4, 0)]),
        ["network"] = KitCharts.NetworkDrawing("t", [new NetworkPass("Pass 1", [[true, true], [true]])]),
        ["foreign"] = Compose("t", Traces(new("a", [1, 2], [3, 4], "#123456")), ("xaxis", Axis("x")), ("yaxis", Axis("y"))),
        ["made into another"] = Plotly.NET.CSharp.GenericChartExtensions.WithSize(
            KitCharts.LearningCurves("t", "x", "y", [new("a", [1, 2], [3, 4])]), 300, 300),
    };

    public static TheoryData<string> Drawn => [.. s_drawn.Keys];

    public static TheoryData<string> Told => [.. s_told.Keys];

    [Theory]
    [MemberData(nameof(Drawn))]
    public void A_chart_of_the_kit_has_a_small_well_formed_picture_and_it_is_always_the_same(string name)
    {
        GenericChart chart = s_drawn[name];
        Picture picture = Picture.Of(chart);
        Assert.InRange(picture.Svg.Length, 1_000, 20_000);
        Assert.Equal(picture.Svg, Picture.Of(chart).Svg);

        string title = Title(chart);
        Assert.Equal(title, picture.Root.Elements().First(e => e.Name.LocalName == "title").Value);
        Assert.Superset(new HashSet<string> { title, AxisTitle("xaxis"), AxisTitle("yaxis") }, picture.Texts.ToHashSet());
        // Nothing that a viewer would have to fetch or run, and no name that a second picture on the page could clash with.
        Assert.DoesNotContain(
            picture.Root.DescendantsAndSelf(), e => e.Name.LocalName is "script" or "style" or "image" or "use" or "a");
        Assert.DoesNotContain(picture.Root.DescendantsAndSelf().Attributes(), a => a.Name.LocalName is "id" or "href");
        Assert.DoesNotContain("NaN", picture.Svg);
        Assert.All(picture.Shapes.SelectMany(shape => shape.Points), point =>
            Assert.True(point.X >= 0 && point.X <= StaticPicture.Width && point.Y >= 0 && point.Y <= picture.Height));

        string AxisTitle(string axis) => ChartJson.Of(chart).Layout(axis, "title").Text("text")!;
    }

    [Theory]
    [MemberData(nameof(Told))]
    public void What_has_no_picture_is_told_in_words(string name)
    {
        Picture picture = Picture.Of(s_told[name]);
        Assert.Equal(["Chart: t"], picture.Texts);
        Assert.Empty(picture.Shapes);
        Assert.DoesNotContain("<img", NotebookFormatters.ToHtml(s_told[name]));
    }

    [Fact]
    public void Lines_have_their_colours_points_bands_and_names_and_a_gap_where_there_is_no_number()
    {
        Picture picture = Drawing("curves");
        Assert.Equal(4, Assert.Single(picture.Lines(Blue)).Points.Length);
        Assert.Equal([2, 2], picture.Lines(Orange).Select(line => line.Points.Length));
        Picture.Shape band = Assert.Single(picture.Filled(Blue));
        Assert.Equal((8, true), (band.Points.Length, band.IsTranslucent));
        Assert.True(band.Top < picture.Lines(Blue)[0].Top && band.Bottom > picture.Lines(Blue)[0].Bottom);
        Assert.Empty(picture.Filled(Orange));
        Assert.Superset(new HashSet<string> { Arms.Baseline, Arms.Control, "0", "4" }, picture.Texts.ToHashSet());
        Assert.DoesNotContain("a", Drawing("quantiles").Texts);   // one line needs no legend
        Assert.Equal(KitCharts.MaxPoints, Assert.Single(Drawing("noise").Lines(Vermilion)).Points.Length);
    }

    [Fact]
    public void A_gap_in_a_band_parts_it()
    {
        double[] x = [0, 1, 2, 3, 4], low = [0, 0, double.NaN, 0, 0], high = [2, 2, 2, 2, 2];
        Picture picture = Picture.Of(KitCharts.LearningCurves("t", "x", "y", [new(Arms.Baseline, x, [1, 1, 1, 1, 1], low, high)]));
        Assert.Equal([4, 4], picture.Filled(Blue).Select(part => part.Points.Length));
        Assert.Equal(5, Assert.Single(picture.Lines(Blue)).Points.Length);
    }

    [Fact]
    public void A_line_goes_where_its_numbers_say()
    {
        // Axes from 0 to 1: the ends of the diagonal are the corners of the plot, and its middle lies between them.
        (double X, double Y)[] diagonal = Drawing("lorenz").Lines("#9a9a9a").Single().Points;
        (double X, double Y)[] curve = Drawing("lorenz").Lines(Vermilion).Single().Points;
        Assert.Equal((diagonal[0], diagonal[^1]), (curve[0], curve[^1]));
        Assert.Equal((diagonal[0].X + diagonal[1].X) / 2, curve[1].X, 0.2);
        Assert.Equal(diagonal[0].Y + 0.1 * (diagonal[1].Y - diagonal[0].Y), curve[1].Y, 0.2);
        Assert.Superset(new HashSet<string> { "0%", "20%", "100%" }, Drawing("lorenz").Texts.ToHashSet());

        // On the log axis a factor of 100 is the same distance everywhere.
        (double X, double Y)[] quantiles = Drawing("quantiles").Lines(Vermilion).Single().Points;
        Assert.Equal(quantiles[0].Y - quantiles[1].Y, quantiles[1].Y - quantiles[2].Y, 0.2);
    }

    [Fact]
    public void A_log_axis_is_labelled_with_powers_of_ten_or_where_it_is_short_with_numbers()
    {
        Assert.Superset(new HashSet<string> { "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹" }, Drawing("histogram").Texts.ToHashSet());
        Assert.Superset(new HashSet<string> { "0.002", "0.003", "0.004", "0.005" }, Drawing("short").Texts.ToHashSet());
    }

    [Fact]
    public void A_histogram_is_filled_steps()
    {
        Picture picture = Drawing("histogram");
        (double X, double Y)[] steps = picture.Lines(Blue).Single().Points;
        Assert.All(steps.Zip(steps.Skip(1)), pair => Assert.True(pair.First.X == pair.Second.X || pair.First.Y == pair.Second.Y));
        Picture.Shape area = picture.Filled(Blue).Single();
        Assert.Equal((steps.Min(point => point.Y), steps[0].Y, true), (area.Top, area.Bottom, area.IsTranslucent));
        // Heights 0.1, 0.6, 0.3 above the ground.
        Assert.Equal(6, (steps[0].Y - area.Top) / (steps[0].Y - steps[2].Y), 0.1);
    }

    [Fact]
    public void Pruning_has_a_solid_and_a_dashed_line_with_a_marker_at_each_point()
    {
        Picture picture = Drawing("pruning");
        Assert.Equal([false, true], picture.Lines(Blue).Select(line => line.IsDashed));
        Assert.Equal(2 * (3 + 1), picture.Named("circle").Count());   // three points and a sample in the legend each
    }

    [Fact]
    public void Bars_stand_on_zero_as_high_as_their_values_with_their_numbers_and_intervals()
    {
        Picture picture = Drawing("bars");
        Picture.Shape[] bars = picture.Filled(Blue);
        Assert.Equal(2, bars.Length);
        Assert.Equal(27.9 / 19.3, bars[0].Height / bars[1].Height, 0.02);
        Assert.Equal(bars[0].Bottom, bars[1].Bottom);
        Assert.Single(picture.Filled(Orange));   // NaN: no bar
        Assert.Superset(new HashSet<string> { "27.9", "19.3", "27.5", "all", "hard", "0", "20" }, picture.Texts.ToHashSet());
        // From 26 to 29 and from 18 to 21, each with its caps: as long as each other, and around the ends of their bars.
        Picture.Shape[] intervals = [.. picture.Lines(BarChart.IntervalColor).Where(line => line.Height > 0)];
        Assert.Equal(2, intervals.Length);
        Assert.Equal(3 / 27.9, intervals[0].Height / bars[0].Height, 0.01);
        Assert.All(intervals.Zip(bars), pair => Assert.True(pair.First.Top < pair.Second.Top && pair.First.Bottom > pair.Second.Top));
        Assert.Equal(4, picture.Lines(BarChart.IntervalColor).Count(line => line.Height == 0));
    }

    [Fact]
    public void Many_bars_have_turned_names_and_no_numbers_and_stand_on_a_line_at_zero()
    {
        Picture picture = Drawing("gains");
        XElement[] names = [.. picture.Named("text").Where(text => text.Value.StartsWith("Language ", StringComparison.Ordinal))];
        Assert.Equal(13, names.Length);
        Assert.All(names, name => Assert.Contains("rotate(-45)", name.Attribute("transform")!.Value));
        Assert.DoesNotContain("3.00", picture.Texts);
        // The bars below zero hang from the line that those above stand on.
        Picture.Shape[] bars = picture.Filled(Orange);
        Assert.Equal(13, bars.Length);
        double zero = picture.Lines(Grey).Last(line => line.Height == 0).Top;
        Assert.Equal((zero, zero), (bars[0].Top, bars[^1].Bottom));
    }

    [Fact]
    public void A_title_that_was_changed_later_is_the_pictures_too()
    {
        GenericChart chart = KitCharts.LearningCurves("first", "x", "y", [new("a", [1, 2], [3, 4])]);
        Fill((Title)GenericChart.getLayout(chart).GetPropertyValue("title"), ("text", "second"));
        Assert.Contains("second", Picture.Of(chart).Texts);
    }

    [Theory]
    [InlineData(double.NaN, double.NaN), InlineData(0, 0), InlineData(5, 5), InlineData(-1e308, 1e308)]
    [InlineData(double.NegativeInfinity, double.PositiveInfinity), InlineData(1e17, 1.00000000000000016e17)]
    [InlineData(-1e-300, 1e-300)]
    public void Odd_numbers_do_not_keep_a_chart_from_being_shown(double low, double high)
    {
        GenericChart[] charts =
        [
            KitCharts.LearningCurves("t", "x", "y", [new("a", [low, high], [low, high], [low, low], [high, high])]),
            KitCharts.QuantileCurves("t", "y", [new("a", [0, 1], [low, high])]),
            KitCharts.LorenzCurves("t", [new("a", [low, high], [low, high])]),
            KitCharts.SensitivityHistogram("t", "x", "y", [new("a", [low, high], [high])]),
            KitCharts.BarsWithIntervals("t", "x", "y", ["p", "q"], [new("a", [low, high], [low, low], [high, high])]),
            KitCharts.HeatMap("t", "x", "y", ["p", "q"], ["r"], [[low, high]], "v", diverging: true),
        ];
        foreach (GenericChart chart in charts)
        {
            Assert.DoesNotContain("NaN", NotebookFormatters.ToSvg(chart));
            Assert.DoesNotContain("∞", NotebookFormatters.ToSvg(chart));
            Assert.Contains(Picture.Of(chart).Texts, text => text is "t" or "Chart: t");
            Assert.Contains("newPlot", NotebookFormatters.ToHtml(chart));
        }
    }

    private static Picture Drawing(string name) => Picture.Of(s_drawn[name]);
}

using System.Globalization;
using System.Xml.Linq;
using Plotly.NET;
using Plotly.NET.TraceObjects;
using static IntraDistill.PlotlyFigure;

namespace IntraDistill.Tests;

/// <summary>The pictures: well-formed, small, the same each time, and with what the figure has in them.</summary>
public class StaticPictureTests
{
    private static readonly double[] s_long = [.. Enumerable.Range(0, 5_000).Select(i => (double)i)];

    private static readonly Dictionary<string, GenericChart> s_charts = new()
    {
        ["curves"] = KitCharts.LearningCurves("Curves & <bands>", "Update", "Loss (nats)",
        [
            new(Arms.Baseline, [0, 1, 2, 3], [4, 3, 2.5, 2.4], [3.8, 2.8, 2.3, 2.2], [4.2, 3.2, 2.7, 2.6]),
            new(Arms.Control, [0, 1, 2, 3], [4, 2.9, double.NaN, 2.2]),
        ]),
        ["noise"] = KitCharts.LearningCurves("Noise", "x", "y", Enumerable.Range(0, 4).Select(
            k => new CurveSeries($"run {k}", s_long, [.. s_long.Select(x => (x * 7919 + k) % 101)]))),
        ["histogram"] = KitCharts.SensitivityHistogram("Sensitivity", "|θ|", "Part",
            [new(Arms.Baseline, [-4, -3, -2, -1], [0.1, 0.6, 0.3]), new(Arms.Control, [-4, -3, -2, -1], [0.2, 0.5, 0.3])]),
        ["pruning"] = KitCharts.PruningCurves("Pruning", "NLL", [new(Arms.Baseline, [0, 10, 20], [1, 2, 3], [1, 4, 9])]),
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
        ["lorenz"] = KitCharts.LorenzCurves("Lorenz", [new("a", [0, 0.5, 1], [0, 0.1, 1])]),
        ["slider"] = KitCharts.DivergenceSlider("Two", "p", "nats", "q = ",
            [new("0.1", [new("X", [0, 1], [0, 1])]), new("0.9", [new("X", [0, 1], [1, 0])])], start: 1),
        ["simplex"] = KitCharts.Simplex("Triangle", ["A", "B", "C"], "X (nats)",
            Enumerable.Range(1, 29).SelectMany(a => Enumerable.Range(1, 29 - a).Select(
                b => new SimplexPoint(a / 30.0, b / 30.0, (30 - a - b) / 30.0, a * b))), new SimplexPoint(0.3, 0.3, 0.4, 0)),
        ["network"] = KitCharts.NetworkDrawing("Passes", [.. Enumerable.Range(1, 3).Select(
            k => new NetworkPass($"Pass {k}", [[true, true], [true, false, true, k == 2], [true]]))]),
    };

    public static TheoryData<string> Names => [.. s_charts.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_chart_of_the_kit_has_a_small_well_formed_picture_and_it_is_always_the_same(string name)
    {
        GenericChart chart = s_charts[name];
        string svg = NotebookFormatters.ToSvg(chart);
        Assert.Null(PictureCheck.WhyNot(ChartJson.Of(chart)));
        Assert.InRange(svg.Length, 1_000, 20_000);
        Assert.Equal(svg, NotebookFormatters.ToSvg(chart));

        XElement root = XDocument.Parse(svg).Root!;
        Assert.Equal("svg", root.Name.LocalName);
        string title = PlotlyFigure.Title(chart);
        Assert.Contains(title, Texts(root));
        Assert.Equal(title, root.Elements().First(e => e.Name.LocalName == "title").Value);
        // Nothing that a viewer would have to fetch or run, and no name that a second picture on the page could clash with.
        Assert.DoesNotContain(root.DescendantsAndSelf(), e => e.Name.LocalName is "script" or "style" or "image" or "use" or "a");
        Assert.DoesNotContain(
            root.DescendantsAndSelf().Attributes(), a => a.Name.LocalName is "id" or "href" || a.Value.Contains("NaN"));
    }

    [Fact]
    public void Lines_have_their_colours_points_legend_and_axis_titles_and_a_gap_where_there_is_no_number()
    {
        XElement root = Svg("curves");
        string[] expected = ["Curves & <bands>", Arms.Baseline, Arms.Control, "Update", "Loss (nats)"];
        Assert.Superset(expected.ToHashSet(), Texts(root).ToHashSet());
        Assert.DoesNotContain(Texts(root), text => text.Contains("range"));   // the band has no legend entry

        Assert.Equal(4, Points(Single(root, "stroke", "#0072b2")).Length);
        string control = Single(root, "stroke", "#e69f00");
        Assert.Equal(2, Points(control).Length);   // 4 → 2.9; a point alone between a gap and the end draws nothing
        XElement band = Assert.Single(Paths(root), path => path.Attribute("fill-opacity")?.Value == "0.18");
        Assert.Equal("#0072b2", band.Attribute("fill")!.Value);
        Assert.Equal(8, Points(band.Attribute("d")!.Value).Length);
    }

    [Fact]
    public void A_line_goes_where_its_numbers_say()
    {
        // Axes from 0 to 1: the ends of the diagonal are the corners of the plot, and its middle lies between them.
        (double X, double Y)[] diagonal = Points(Single(Svg("lorenz"), "stroke", "#9a9a9a"));
        (double X, double Y)[] curve = Points(Single(Svg("lorenz"), "stroke", "#d55e00"));
        Assert.Equal(diagonal[0], curve[0]);
        Assert.Equal(diagonal[^1], curve[^1]);
        Assert.Equal((diagonal[0].X + diagonal[1].X) / 2, curve[1].X, 0.2);
        Assert.Equal(diagonal[0].Y + 0.1 * (diagonal[1].Y - diagonal[0].Y), curve[1].Y, 0.2);

        // On the log axis a factor of 100 is the same distance everywhere.
        (double X, double Y)[] quantiles = Points(Single(Svg("quantiles"), "stroke", "#d55e00"));
        Assert.Equal(quantiles[0].Y - quantiles[^1].Y, 2 * (quantiles[0].Y - Middle(quantiles)), 1.0);

        static double Middle((double X, double Y)[] line) => line.Length == 3 ? line[1].Y : (line[0].Y + line[^1].Y) / 2;
    }

    [Fact]
    public void Bars_stand_on_zero_as_high_as_their_values_with_their_numbers_and_intervals()
    {
        XElement root = Svg("bars");
        double[] heights =
            [.. Bars("#0072b2").Select(d => double.Parse(d.Split('v')[1].Split('h')[0], CultureInfo.InvariantCulture))];
        Assert.Equal(2, heights.Length);
        Assert.Equal(27.9 / 19.3, heights[0] / heights[1], 0.02);
        Assert.Single(Bars("#e69f00"));   // NaN: no bar
        Assert.Superset(new HashSet<string> { "27.9", "19.3", "27.5", "all", "hard" }, Texts(root).ToHashSet());
        Assert.Equal(6, Single(root, "stroke", "#333333").Count(c => c == 'M'));   // two intervals, each a line and two caps

        IEnumerable<string> Bars(string color) => Paths(root).Where(path => path.Attribute("fill")?.Value == color)
            .Select(path => path.Attribute("d")!.Value).Where(d => !d.Contains("h12v12"));   // that one is the legend's
    }

    [Fact]
    public void Many_bars_have_turned_names_and_no_numbers_and_stand_on_a_line_at_zero()
    {
        XElement root = Svg("gains");
        XElement[] names = [.. root.Descendants().Where(
            e => e.Name.LocalName == "text" && e.Value.StartsWith("Language ", StringComparison.Ordinal))];
        Assert.Equal(13, names.Length);
        Assert.All(names, name => Assert.Contains("rotate(-45)", name.Attribute("transform")!.Value));
        Assert.DoesNotContain("3.00", Texts(root));
        // The bars below zero begin on the line that those above end on.
        string[] bars = [.. Paths(root).Where(path => path.Attribute("fill")?.Value == "#e69f00")
            .Select(path => path.Attribute("d")!.Value).Where(d => !d.Contains("h12v12"))];
        Assert.Equal(13, bars.Length);
        (double X, double Y)[] zero = [.. Paths(root).Where(path => path.Attribute("stroke")?.Value == "#8a8a8a")
            .Select(path => path.Attribute("d")!.Value).SelectMany(d => d.Split('M', StringSplitOptions.RemoveEmptyEntries))
            .Select(Points).Where(line => line.Length == 2 && line[1].X - line[0].X > 400).Select(line => line[0])];
        Assert.Contains(zero, line => Math.Abs(line.Y - Top(bars[0])) < 0.2);       // −6: hangs
        Assert.Contains(zero, line => Math.Abs(line.Y - Bottom(bars[^1])) < 0.2);   // +6: stands

        static double Top(string d) => Points(d.Split('h')[0])[0].Y;
        static double Bottom(string d) =>
            Top(d) + double.Parse(d.Split('v')[1].Split('h')[0], CultureInfo.InvariantCulture);
    }

    [Fact]
    public void The_slider_shows_what_it_is_set_to_and_only_that()
    {
        XElement root = Svg("slider");
        Assert.Contains("q = 0.9", Texts(root));
        (double X, double Y)[] line = Points(Single(root, "stroke", "#d55e00"));
        Assert.True(line[0].Y < line[^1].Y);   // falls: pixels count downwards
    }

    [Fact]
    public void A_log_axis_is_labelled_with_powers_of_ten()
    {
        Assert.Superset(new HashSet<string> { "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹" }, Texts(Svg("histogram")).ToHashSet());
        Assert.Equal(2, Paths(Svg("histogram"))
            .Count(path => path.Attribute("fill-opacity")?.Value == "0.22" && !path.Attribute("d")!.Value.Contains('v')));
    }

    [Fact]
    public void The_network_has_all_its_units_and_captions()
    {
        XElement root = Svg("network");
        string[] expected = ["Pass 1", "Pass 2", "Pass 3", "active unit", "disabled unit"];
        Assert.Superset(expected.ToHashSet(), Texts(root).ToHashSet());
        // Discs of one colour are one path, a "M" each.
        int discs = Paths(root).Where(path => path.Attribute("stroke-linecap") is not null)
            .Sum(path => path.Attribute("d")!.Value.Count(c => c == 'M'));
        Assert.Equal(5 + 6 + 5, discs);
        ILookup<bool, XElement> ellipses = root.Descendants().Where(e => e.Name.LocalName == "ellipse")
            .ToLookup(e => e.Attribute("fill") is null);
        Assert.Equal(5 + 1, ellipses[true].Count());   // hollow; one more is the legend's, as is the one that is filled
        Assert.Single(ellipses[false]);
    }

    [Fact]
    public void What_it_cannot_draw_gets_words_and_no_picture()
    {
        Trace line(params (string, object?)[] more) => LineTrace("a", [1, 2], [3, 4], "#123456", more);
        Trace bar() => NewTrace("bar", ("x", new[] { "a", "b" }), ("y", new[] { 1, 2 }));
        (string Reason, GenericChart Chart)[] odd =
        [
            ("pie", Compose("t", [NewTrace("pie", ("values", new[] { 1, 2 }))], Axis("x"), Axis("y"))),
            ("spline", Compose("t", [line(("line", Make<Line>(("shape", "spline"))))], Axis("x"), Axis("y"))),
            ("annotations", Compose("t", [line()], Axis("x"), Axis("y"), ("annotations", new[] { new { text = "here" } }))),
            ("date", Compose("t", [line()], Axis("x", ("type", "date")), Axis("y"))),
            ("turned", Compose("t", [line()], Axis("x"), Axis("y", ("side", "right")))),
            ("not equally many", Compose("t", [line(("x", new[] { "a", "b" }))], Axis("x"), Axis("y"))),
            ("opacity", Compose("t", [line(("opacity", 0.5))], Axis("x"), Axis("y"))),
            ("beside one another", Compose("t", [bar(), bar()], Axis("x"), Axis("y"), ("barmode", "stack"))),
            ("log axis", Compose("t", [bar()], Axis("x"), LogAxis("y"))),
            ("nothing is visible", Compose("t", [], Axis("x"), Axis("y"))),
        ];
        foreach ((string reason, GenericChart chart) in odd)
        {
            Assert.Contains(reason, PictureCheck.WhyNot(ChartJson.Of(chart)));
            XElement root = XDocument.Parse(NotebookFormatters.ToSvg(chart)).Root!;
            Assert.Equal(["Chart: t"], Texts(root));
            Assert.Single(Paths(root));   // the ground
            Assert.DoesNotContain("<img", NotebookFormatters.ToHtml(chart));
        }
    }

    [Fact]
    public void Odd_values_do_not_keep_a_chart_from_being_shown()
    {
        GenericChart chart = Compose("t", [LineTrace("a", [1, 2], [3, 4], "rgb(no colour)")], Axis("x"), Axis("y"));
        Assert.Equal(["Chart: t"], Texts(XDocument.Parse(NotebookFormatters.ToSvg(chart)).Root!));
        Assert.Contains("newPlot", NotebookFormatters.ToHtml(chart));
        GenericChart empty = KitCharts.LearningCurves("t", "x", "y", [new("a", [1, 2], [double.NaN, double.NaN])]);
        Assert.Contains("t", Texts(XDocument.Parse(NotebookFormatters.ToSvg(empty)).Root!));
    }

    private static XElement Svg(string name) => XDocument.Parse(NotebookFormatters.ToSvg(s_charts[name])).Root!;

    private static IEnumerable<string> Texts(XElement root) =>
        root.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value);

    private static IEnumerable<XElement> Paths(XElement root) => root.Descendants().Where(e => e.Name.LocalName == "path");

    // The longest path of a colour: the other one is its sample in the legend.
    private static string Single(XElement root, string attribute, string color) => Paths(root)
        .Where(path => path.Attribute(attribute)?.Value == color)
        .Select(path => path.Attribute("d")!.Value).MaxBy(d => d.Length)!;

    private static (double X, double Y)[] Points(string d)
    {
        double[] numbers = [.. d.Split(['M', 'L', 'z', ' '], StringSplitOptions.RemoveEmptyEntries)
            .Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        return [.. numbers.Chunk(2).Select(pair => (pair[0], pair[1]))];
    }
}

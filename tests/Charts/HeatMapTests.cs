using System.Text.Json;
using Plotly.NET;
using static IntraDistill.PlotlyFigure;

namespace IntraDistill.Tests;

public class HeatMapTests
{
    private static readonly string[] s_rows = [Arms.Control, Arms.IntraDistillation];
    private static readonly string[] s_columns = ["de", "fr", "ru"];
    private static readonly double[][] s_gains = [[0.24, -1.5, 0], [4, double.NaN, 0.96]];

    private static GenericChart Gains(IReadOnlyList<string>? groups = null) =>
        KitCharts.HeatMap("Gains", "Language", "Arm", s_columns, s_rows, s_gains, "Gain (points)", diverging: true, groups);

    private static GenericChart Large(int columns, int rows = 5, int perGroup = 3) => KitCharts.HeatMap(
        "Large", "Language", "", [.. Enumerable.Range(0, columns).Select(i => $"c{i}")],
        [.. Enumerable.Range(0, rows).Select(i => $"row {i}")],
        [.. Enumerable.Range(0, rows).Select(
            i => Enumerable.Range(0, columns).Select(j => 20.0 + (7 * i + 3 * j) % 80).ToArray())],
        "F1 (%)", columnGroups: [.. Enumerable.Range(0, columns).Select(i => $"group {i / perGroup}")]);

    [Fact]
    public void Cells_have_their_values_and_say_what_was_not_measured()
    {
        JsonElement map = ChartJson.Of(Gains()).Traces()[0];
        Assert.Equal(("heatmap", "Gain (points)"), (map.Text("type"), map.Text("name")));
        JsonElement[] z = [.. map.GetProperty("z").EnumerateArray()];
        Assert.Equal([0.24, -1.5, 0.0], z[0].Values());
        Assert.Equal([4, null, 0.96], z[1].Values());
        JsonElement[] hover = [.. map.GetProperty("text").EnumerateArray()];
        Assert.Equal(["+0.24", "−1.5", "0"], hover[0].Texts());
        Assert.Equal(["+4", "not measured", "+0.96"], hover[1].Texts());
        Assert.Contains("Gain (points): %{text}", map.Text("hovertemplate"));
    }

    [Fact]
    public void A_diverging_scale_reaches_as_far_to_both_sides_and_another_from_the_least_to_the_most()
    {
        JsonElement gains = ChartJson.Of(Gains()).Traces()[0];
        Assert.Equal((-4, 4), (gains.Number("zmin"), gains.Number("zmax")));
        JsonElement scores = ChartJson.Of(KitCharts.HeatMap("T", "", "", s_columns, s_rows, s_gains, "v")).Traces()[0];
        Assert.Equal((-1.5, 4), (scores.Number("zmin"), scores.Number("zmax")));
        JsonElement same = ChartJson.Of(KitCharts.HeatMap("T", "", "", ["a"], ["b"], [[7]], "v")).Traces()[0];
        Assert.True(same.Number("zmin") < 7 && same.Number("zmax") > 7);
        JsonElement none = ChartJson.Of(KitCharts.HeatMap("T", "", "", ["a"], ["b"], [[double.NaN]], "v", true)).Traces()[0];
        Assert.True(none.Number("zmin") < none.Number("zmax"));
    }

    [Fact]
    public void Each_measured_cell_has_its_number_once_in_a_colour_that_stands_out()
    {
        Assert.Equal(["+0.2@0,0", "+1.0@2,1", "+4.0@0,1", "0.0@2,0", "−1.5@1,0"], Printed(Gains()).Order(StringComparer.Ordinal));
        HeatScale scale = new([0, 100], diverging: false), gains = new([-1, 1], diverging: true);
        Assert.Equal((Ink, "#ffffff"), (scale.TextOn(0), scale.TextOn(100)));
        Assert.Equal(("#ffffff", Ink, "#ffffff"), (gains.TextOn(-1), gains.TextOn(0), gains.TextOn(1)));
        // Dark below, light above, and the change where both contrast alike: 3.8 : 1 at the least.
        Assert.Single(Enumerable.Range(0, 100), i => scale.TextOn(i) != scale.TextOn(i + 1));
    }

    [Fact]
    public void Numbers_have_as_many_decimals_as_help_and_fit()
    {
        Assert.Equal(["0.25", "", "−0.50"], Print([0.25, double.NaN, -0.5], 40));
        Assert.Equal(["82.1", "100", "1.0"], Print([82.12, 99.97, 1], 40));
        Assert.Equal(["82", "−9"], Print([82.12, -9.4], 12));
        Assert.Equal(["+3.0", "0.0", "−3.0"], Print([3, -0.04, -3], 40, signed: true));
        Assert.Equal(13, HeatLayout.Print([[1.5]], 60, false).Size);
        Assert.InRange(HeatLayout.Print([[-12.5]], 20, false).Size, 7, 9);

        static string[] Print(double[] values, double width, bool signed = false) =>
            HeatLayout.Print([values], width, signed).Texts[0];
    }

    [Fact]
    public void Groups_have_their_names_and_lines_and_gaps_between_them()
    {
        JsonElement figure = ChartJson.Of(Gains(["Latin", "Latin", "Cyrillic"]));
        JsonElement[] names = [.. figure.Layout("annotations").EnumerateArray()];
        Assert.Equal(["Latin", "Cyrillic"], names.Select(name => name.Text("text")));
        Assert.Equal([0.5, 2], names.Select(name => name.Number("x")));
        JsonElement[] lines = [.. figure.Layout("shapes").EnumerateArray()];
        Assert.Equal(3, lines.Length);   // one over each group, one between them
        JsonElement gap = Assert.Single(lines, line => line.Number("x0") == line.Number("x1"));
        Assert.Equal(1.5, gap.Number("x0"));
        Assert.False(ChartJson.Of(Gains()).GetProperty("layout").TryGetProperty("shapes", out _));

        JsonElement nameless = ChartJson.Of(Gains(["Latin", "Latin", ""]));
        Assert.Equal(1, nameless.Layout("annotations").GetArrayLength());
        Assert.Equal(2, nameless.Layout("shapes").GetArrayLength());
    }

    [Fact]
    public void Many_columns_are_broken_into_bands_between_groups_and_none_is_lost()
    {
        Assert.Single(HeatLayout.Split(26, null));
        Assert.Equal([24, 24], HeatLayout.Split(48, null).Select(band => band.Count));
        string[] groups = [.. Enumerable.Range(0, 48).Select(i => i < 25 ? "Latin" : $"{i}")];
        Assert.Equal([25, 23], HeatLayout.Split(48, groups).Select(band => band.Count));
        // A group too large for a band goes on in the next.
        HeatBand[] one = HeatLayout.Split(60, [.. Enumerable.Repeat("Latin", 60)]);
        Assert.Equal([20, 20, 20], one.Select(band => band.Count));
        Assert.All(one, band => Assert.Equal(new ColumnGroup("Latin", 0, 20), Assert.Single(band.Groups)));
        for (int columns = 1; columns < 120; columns++)
            foreach (int perGroup in new[] { 1, 4, 7, 11, 30 })
            {
                HeatBand[] bands = HeatLayout.Split(columns, [.. Enumerable.Range(0, columns).Select(i => $"{i / perGroup}")]);
                Assert.All(bands, band => Assert.InRange(band.Count, 1, HeatLayout.MostColumns));
                Assert.Equal(columns, bands.Sum(band => band.Count));
                Assert.Equal(columns, bands.Sum(band => band.Groups.Sum(group => group.Count)));
            }

        JsonElement figure = ChartJson.Of(Large(48));
        Assert.Equal(2, figure.Traces().Count(trace => trace.Text("type") == "heatmap"));
        Assert.Equal(240, Printed(Large(48)).Length);
        Assert.Equal([.. Enumerable.Range(0, 48).Select(i => $"c{i}")],
            figure.Layout("xaxis").Texts("ticktext").Concat(figure.Layout("xaxis2").Texts("ticktext")));
    }

    [Theory]
    [InlineData(1, 1), InlineData(13, 3), InlineData(26, 8), InlineData(48, 5), InlineData(48, 12), InlineData(60, 2)]
    public void The_picture_has_every_number_and_name_of_the_figure(int columns, int rows)
    {
        GenericChart chart = Large(columns, rows);
        Picture picture = Picture.Of(chart);
        Assert.InRange(picture.Svg.Length, 1_000, 70_000);
        Assert.Equal(picture.Svg, Picture.Of(chart).Svg);
        // The colour bar's numbers are there besides, and printed ones have a decimal.
        Assert.Equal(Printed(chart).Select(cell => cell.Split('@')[0]).Order(), picture.Texts.Where(text => text.EndsWith(".0")).Order());
        JsonElement figure = ChartJson.Of(chart), layout = figure.GetProperty("layout");
        IEnumerable<string> names = layout.EnumerateObject().Where(property => property.Name[1..].StartsWith("axis"))
            .SelectMany(axis => axis.Value.Texts("ticktext"))
            .Concat(figure.Layout("annotations").EnumerateArray().Select(name => name.Text("text")!));
        Assert.Superset(names.Concat(["Large", "Language", "F1 (%)"]).ToHashSet(), picture.Texts.ToHashSet());
        Assert.DoesNotContain("NaN", picture.Svg);

        // Nothing lies outside it, and no cell covers another.
        Picture.Shape[] cells = Cells(picture);
        Assert.Equal(columns * rows, cells.Select(cell => (cell.Left, cell.Top)).Distinct().Count());
        Assert.All(cells, cell => Assert.True(cell.Left > 0 && cell.Points.Max(p => p.X) < StaticPicture.Width
            && cell.Top > 0 && cell.Bottom < picture.Height));
    }

    [Fact]
    public void The_picture_leaves_what_was_not_measured_blank_and_paints_gains_to_both_sides()
    {
        Picture picture = Picture.Of(Gains(["Latin", "Latin", "Cyrillic"]));
        Assert.Equal(5, Cells(picture).Length);
        Assert.Equal("#a34a00", Cells(picture).Single(cell => cell.Top > Cells(picture)[0].Bottom && cell.Left == Cells(picture)[0].Left).Fill);
        Assert.Superset(new HashSet<string> { "−1.5", "+0.2", "Cyrillic", "−4", "4" }, picture.Texts.ToHashSet());
        Assert.DoesNotContain("NaN", picture.Svg);
    }

    [Fact]
    public void Ragged_or_missing_values_are_errors_that_name_the_row()
    {
        Assert.Contains("0 columns", Error([], s_rows, [[], []]));
        Assert.Contains("0 rows", Error(s_columns, [], []));
        Assert.Contains("1 rows of values", Error(s_columns, s_rows, [[1, 2, 3]]));
        Assert.Contains($"'{Arms.IntraDistillation}' has 2 values", Error(s_columns, s_rows, [[1, 2, 3], [1, 2]]));
        Assert.Contains("2 column groups", Error(s_columns, s_rows, [[1, 2, 3], [1, 2, 3]], ["a", "b"]));

        static string Error(string[] columns, string[] rows, double[][] values, string[]? groups = null) =>
            Assert.Throws<IntraDistillException>(
                () => KitCharts.HeatMap("T", "x", "y", columns, rows, values, "v", columnGroups: groups)).Message;
    }

    // Each number printed in a cell, and where: "82.1@column,row", columns counted from 0 in their band.
    private static string[] Printed(GenericChart chart) =>
    [
        .. ChartJson.Of(chart).Traces().Where(trace => trace.Text("type") == "scatter").SelectMany(trace =>
            trace.Texts("text").Select((text, i) => $"{text}@{trace.Values("x")[i]},{trace.Values("y")[i]}")),
    ];

    // Rectangles below the colour bar.
    private static Picture.Shape[] Cells(Picture picture) => [.. picture.Shapes.Where(shape => shape.Stroke is null && shape.Top > 100)];
}

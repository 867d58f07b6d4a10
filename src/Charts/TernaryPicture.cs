using System.Globalization;
using System.Text.Json;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace IntraDistill;

/// <summary>Points in a triangle whose corners are the pure outcomes, coloured by value; the axes count pixels.</summary>
internal static class TernaryPicture
{
    private const int Shades = 48;
    private static readonly OxyColor s_grey = OxyColor.FromRgb(0x8a, 0x8a, 0x8a);

    /// <summary>Adds axes, triangle, points and colour bar.</summary>
    /// <param name="model">Where they go.</param>
    /// <param name="layout">The figure's layout.</param>
    /// <param name="traces">The figure's visible traces.</param>
    /// <param name="room">Where there is room for them, in pixels.</param>
    public static void Build(PlotModel model, JsonElement layout, JsonElement[] traces, OxyRect room)
    {
        const double below = 56, above = 24, barRoom = 130;
        double height = room.Height - below - above, side = height * 2 / Math.Sqrt(3);
        double left = (room.Width - barRoom - side) / 2 + 10;
        model.PlotMargins = new OxyThickness(0, room.Top, barRoom, 0);
        model.Padding = new OxyThickness(0);
        model.Axes.Add(Pixels(AxisPosition.Bottom, room.Width - barRoom));
        model.Axes.Add(Pixels(AxisPosition.Left, room.Height));

        // Corner a at the top, b at the lower left, c at the lower right.
        DataPoint Place(double a, double b, double c) =>
            new(left + side * (c + a / 2) / (a + b + c), below + height * a / (a + b + c));

        foreach (JsonElement trace in traces)
            AddPoints(model, trace, Place);

        var edge = new LineSeries { Color = OxyColor.FromRgb(0x44, 0x44, 0x44), StrokeThickness = 1 };
        edge.Points.AddRange([Place(1, 0, 0), Place(0, 1, 0), Place(0, 0, 1), Place(1, 0, 0)]);
        model.Series.Add(edge);
        foreach (double part in new[] { 0.2, 0.4, 0.6, 0.8 })
        {
            string label = part.ToString("0.#", CultureInfo.InvariantCulture);
            // Which outcome's scale lies on which side is plotly.js's choice.
            Tick(Place(part, 1 - part, 0), new(-6, 0), HorizontalAlignment.Right, VerticalAlignment.Middle);
            Tick(Place(1 - part, 0, part), new(6, 0), HorizontalAlignment.Left, VerticalAlignment.Middle);
            Tick(Place(0, part, 1 - part), new(0, 5), HorizontalAlignment.Center, VerticalAlignment.Top);

            void Tick(DataPoint at, ScreenVector offset, HorizontalAlignment across, VerticalAlignment along) =>
                Text(model, label, at, offset, across, along, 12, s_grey);
        }
        OxyColor ink = model.TextColor;
        Text(model, Outcome("aaxis"), Place(1, 0, 0), new(0, -8), HorizontalAlignment.Center, VerticalAlignment.Bottom, 13, ink);
        Text(model, Outcome("baxis"), Place(0, 1, 0), new(-8, 8), HorizontalAlignment.Center, VerticalAlignment.Top, 13, ink);
        Text(model, Outcome("caxis"), Place(0, 0, 1), new(8, 8), HorizontalAlignment.Center, VerticalAlignment.Top, 13, ink);

        string Outcome(string axis) => FigureJson.Plain(layout.Text("ternary", axis, "title", "text"));
    }

    private static LinearAxis Pixels(AxisPosition position, double length) =>
        new() { Position = position, Minimum = 0, Maximum = length, IsAxisVisible = false };

    private static void AddPoints(PlotModel model, JsonElement trace, Func<double, double, double, DataPoint> place)
    {
        double[] a = trace.Numbers("a")!, b = trace.Numbers("b")!, c = trace.Numbers("c")!;
        double[]? values = trace.Numbers("marker", "color");
        MarkerLook look = MarkerLook.Of(trace, StaticPicture.ColorOf(trace, 0))[0];
        var points = new ScatterSeries
        {
            MarkerType = look.Type, MarkerOutline = look.Outline, MarkerSize = look.Size, MarkerStroke = look.Stroke,
            MarkerStrokeThickness = look.Thickness, MarkerFill = values is null ? look.Fill : OxyColors.Automatic,
        };
        for (int i = 0; i < a.Length; i++)
            if (place(a[i], b[i], c[i]) is var point && point.IsDefined())
                points.Points.Add(new ScatterPoint(point.X, point.Y, double.NaN, values?[i] ?? double.NaN));
        model.Series.Add(points);
        if (values is null)
            return;
        points.ColorAxisKey = "values";
        model.Axes.Add(new LinearColorAxis
        {
            Key = "values", Position = AxisPosition.Right, Palette = OxyPalettes.Cividis(Shades), AxisTitleDistance = 8,
            Title = FigureJson.Plain(trace.Text("marker", "colorbar", "title", "text")), StartPosition = 0.1, EndPosition = 0.95,
            MinimumPadding = 0, MaximumPadding = 0, TicklineColor = OxyColors.Undefined, MajorTickSize = 16, MinorTickSize = 0,
            IntervalLength = 50, TitleFontSize = 15,
        });
    }

    private static void Text(
        PlotModel model, string text, DataPoint at, ScreenVector offset, HorizontalAlignment across, VerticalAlignment along,
        double size, OxyColor color) => model.Annotations.Add(new TextAnnotation
        {
            Text = text, TextPosition = at, Offset = offset, TextHorizontalAlignment = across, TextVerticalAlignment = along,
            FontSize = size, TextColor = color, StrokeThickness = 0, Padding = new OxyThickness(0),
            ClipByXAxis = false, ClipByYAxis = false,
        });
}

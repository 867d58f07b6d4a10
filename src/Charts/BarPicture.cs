using System.Globalization;
using Point = (double X, double Y);

namespace IntraDistill;

internal static class BarPicture
{
    public static string Draw(string title, BarChart chart)
    {
        BarSeries[] arms = chart.Arms;
        PictureAxis y = new(new ChartAxis(chart.YTitle, FromZero: true),
            arms.SelectMany(arm => arm.Values.Concat(arm.Low ?? []).Concat(arm.High ?? [])), steps: 7, isFree: true);
        var frame = new PictureFrame(title, new PictureAxis(chart), y, [.. arms.Select(arm => arm.Name)], (canvas, i, at) =>
            canvas.Rectangles([((at.X - 14, at.Y - 5), (at.X + 14, at.Y + 5))], SeriesColors.Of(arms[i].Name, i)));
        double slot = (1 - BarChart.Gap) / arms.Length;   // in parts of a category
        for (int i = 0; i < arms.Length; i++)
            DrawBars(frame, chart, arms[i], SeriesColors.Of(arms[i].Name, i), slot * (i - (arms.Length - 1) / 2.0),
                slot * (1 - BarChart.GroupGap) / 2);
        if (arms.Any(arm => arm.Values.Any(value => value < 0)))
            frame.Canvas.Line([frame.At(-0.5, 0), frame.At(chart.Categories.Count - 0.5, 0)], PlotlyFigure.Grey);
        return frame.ToSvg();
    }

    // One arm's bars, so far from the middle of each category and half so wide.
    private static void DrawBars(PictureFrame frame, BarChart chart, BarSeries arm, string color, double offset, double half)
    {
        int[] measured = [.. Enumerable.Range(0, arm.Values.Count).Where(at => double.IsFinite(arm.Values[at]))];
        frame.Canvas.Rectangles(
            measured.Select(at => (frame.At(at + offset - half, 0), frame.At(at + offset + half, arm.Values[at]))), color);
        if (!chart.IsCrowded)
            frame.Canvas.Centred(measured.Select(Number).Where(number => number.HasRoom)
                .Select(number => (number.Foot, number.Text)), 13, PlotlyFigure.TextOn(color));
        if (arm.Low is { } low && arm.High is { } high)
            frame.Canvas.Line(measured.SelectMany(at => Interval(frame.At(at + offset, low[at]), frame.At(at + offset, high[at]))),
                BarChart.IntervalColor, chart.IntervalWidth);

        // At the foot of its bar, where that has room for it.
        (Point Foot, string Text, bool HasRoom) Number(int at)
        {
            string text = arm.Values[at].ToString("G3", CultureInfo.InvariantCulture).Replace('-', '−');
            (double x, double foot) = frame.At(at + offset, 0);
            double height = frame.At(at, arm.Values[at]).Y - foot;
            return ((x, foot + (height < 0 ? -12 : 12)), text,
                Math.Abs(height) > 20 && SvgCanvas.Width(text, 13) < chart.BarWidth - 4);
        }

        Point[] Interval(Point from, Point to) =>
        [
            from, to, SvgCanvas.Gap, (from.X - chart.Cap, from.Y), (from.X + chart.Cap, from.Y), SvgCanvas.Gap,
            (to.X - chart.Cap, to.Y), (to.X + chart.Cap, to.Y), SvgCanvas.Gap,
        ];
    }
}

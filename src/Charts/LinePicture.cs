using Point = (double X, double Y);

namespace IntraDistill;

internal static class LinePicture
{
    public static string Draw(string title, ChartAxis xAxis, ChartAxis yAxis, IReadOnlyList<ChartLine> lines)
    {
        // Lines reach from edge to edge; markers do not.
        PictureAxis x = new(xAxis, lines.SelectMany(line => line.X), steps: 11, isFree: lines.Any(line => line.Marker is not null));
        PictureAxis y = new(yAxis, lines.SelectMany(line => line.Y.Concat(line.Band?.Low ?? []).Concat(line.Band?.High ?? [])),
            steps: 7, isFree: true);
        var frame = new PictureFrame(title, x, y, [.. lines.Select(line => line.Name)], (canvas, i, at) =>
        {
            Point[] sample = [(at.X - 14, at.Y), (at.X + 14, at.Y)];
            Fill(canvas, lines[i], sample, [.. sample.Select(point => (point.X, point.Y + 6))]);
            Stroke(canvas, lines[i], sample, [at]);
        });

        foreach (ChartLine line in lines)
            Fill(frame.Canvas, line, Steps(line, line.Band?.High ?? line.Y), Steps(line, line.Band?.Low ?? [.. line.Y.Select(_ => 0.0)]));
        foreach (ChartLine line in lines)
            Stroke(frame.Canvas, line, Steps(line, line.Y), Steps(line, line.Y));
        return frame.ToSvg();

        // Its points, and between two of a line of steps a corner.
        Point[] Steps(ChartLine line, IReadOnlyList<double> values) =>
        [
            .. line.X.Zip(values).SelectMany((point, i) => line.IsSteps && i > 0
                ? new[] { frame.At(point.First, values[i - 1]), frame.At(point.First, point.Second) }
                : [frame.At(point.First, point.Second)]),
        ];
    }

    private static void Fill(SvgCanvas canvas, ChartLine line, Point[] upper, Point[] lower)
    {
        if (line.IsSteps || line.Band is not null)
            canvas.Area(upper, lower, line.Color, line.IsSteps ? ChartLine.StepsOpacity : ChartLine.BandOpacity);
    }

    private static void Stroke(SvgCanvas canvas, ChartLine line, Point[] points, Point[] markers)
    {
        canvas.Line(points, line.Color, line.Width, line.Dash);
        if (line.Marker is not null)
            foreach (Point point in markers)
                canvas.Circle(point, 3.5, line.Color, isOpen: line.Marker == "circle-open");
    }
}

using System.Globalization;

namespace IntraDistill;

/// <summary>An axis of a picture: its range, chosen as plotly.js does, and what stands along it.</summary>
internal sealed class PictureAxis
{
    private readonly bool _isLog;
    private readonly double _low, _high;   // their log10 on a log axis

    /// <summary>An axis on which all values are that are numbers, with room beyond them if it is free.</summary>
    public PictureAxis(ChartAxis look, IEnumerable<double> values, int steps, bool isFree)
    {
        (Title, _isLog) = (look.Title, look.IsLog);
        IEnumerable<double> fixedEnds = look.IsPart ? [0, 1] : look.FromZero ? [0] : [];
        double[] all = [.. values.Concat(fixedEnds).Select(Scale).Where(double.IsFinite)];
        (_low, _high) = all.Length > 0 ? (all.Min(), all.Max()) : (0, 1);
        double free = isFree && !look.IsPart ? 0.055 * (_high - _low) : 0, around = _isLog || _low == 0 ? 1 : Math.Abs(_low);
        (_low, _high) = _low == _high ? (_low - around, _high + around)
            : (look.FromZero && _low == 0 ? 0 : _low - free, look.FromZero && _high == 0 ? 0 : _high + free);

        double first = Math.Ceiling(_low), last = Math.Floor(_high);
        Ticks = _isLog && last > first
            ? [.. Enumerable.Range(0, (int)(last - first) + 1).Where(i => i % Math.Ceiling((last - first) / steps) == 0)
                .Select(i => (Math.Pow(10, first + i), Power((int)first + i)))]
            : [.. Nice(Value(_low), Value(_high), steps)
                .Select(value => (value, look.IsPart ? $"{Label(100 * value)}%" : Label(value)))];
    }

    /// <summary>An axis for the names of bars, at 0, 1, 2 …</summary>
    public PictureAxis(BarChart chart)
    {
        (Title, Bars, _low, _high) = (chart.XTitle, chart, -0.5, chart.Categories.Count - 0.5);
        Ticks = [.. chart.Categories.Select((name, i) => ((double)i, name))];
    }

    public string Title { get; }

    public IReadOnlyList<(double Value, string Label)> Ticks { get; }

    /// <summary>The bars that its labels are names of; null where they are numbers.</summary>
    public BarChart? Bars { get; }

    /// <summary>Where a value lies, from 0 at the lower end to 1 at the upper; no number where it has no place.</summary>
    public double Part(double value) => (Scale(value) - _low) / (_high - _low);

    /// <summary>Round numbers from one to another, in at most so many steps.</summary>
    public static IEnumerable<double> Nice(double low, double high, int steps)
    {
        double least = (high - low) / steps, power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        double step = power * new[] { 1, 2, 5, 10 }.First(times => times * power >= least * (1 - 1e-9));
        double first = Math.Ceiling(low / step - 1e-9);
        return Enumerable.Range(0, (int)(Math.Floor(high / step + 1e-9) - first) + 1).Select(i => (first + i) * step)
            .Where(double.IsFinite);
    }

    /// <summary>A number as it stands along an axis.</summary>
    public static string Label(double value) => value.ToString("G6", CultureInfo.InvariantCulture).Replace('-', '−');

    private static string Power(int exponent) => "10" + string.Concat(
        exponent.ToString(CultureInfo.InvariantCulture).Select(c => c == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c - '0']));

    private double Scale(double value) => !_isLog ? value : value > 0 ? Math.Log10(value) : double.NaN;

    private double Value(double scaled) => _isLog ? Math.Pow(10, scaled) : scaled;
}

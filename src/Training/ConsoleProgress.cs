using System.Diagnostics;

namespace IntraDistill.Training;

/// <summary>
/// Shows progress on a console: one line with a bar that is rewritten in place, or, where the output is redirected,
/// a plain line now and then. <c>trainer.ProgressChanged += new ConsoleProgress().Report;</c>
/// </summary>
public sealed class ConsoleProgress : IProgress<TrainingProgress>
{
    private const int BarWidth = 20;
    private readonly TextWriter _output;
    private readonly bool _inPlace;
    private readonly TimeSpan _interval;
    private readonly Stopwatch _sinceLast = new();
    private int _width;

    /// <summary>Makes the display.</summary>
    /// <param name="output">Where to write; null is the console.</param>
    /// <param name="inPlace">Whether to rewrite one line; null finds out whether the console can.</param>
    /// <param name="interval">Time between plain lines; null is 10 seconds.</param>
    public ConsoleProgress(TextWriter? output = null, bool? inPlace = null, TimeSpan? interval = null)
    {
        _output = output ?? Console.Out;
        _inPlace = inPlace ?? (output is null && !Console.IsOutputRedirected);
        _interval = interval ?? TimeSpan.FromSeconds(10);
    }

    /// <summary>Shows a snapshot. The last one of a call ends the line.</summary>
    public void Report(TrainingProgress value)
    {
        if (_inPlace) Rewrite(value);
        else if (value.Stopped is not null || !_sinceLast.IsRunning || _sinceLast.Elapsed >= _interval)
        {
            _output.WriteLine(value);
            _sinceLast.Restart();
        }
    }

    private void Rewrite(TrainingProgress value)
    {
        int full = (int)Math.Round(BarWidth * value.Fraction);
        string line = $"[{new string('#', full)}{new string('-', BarWidth - full)}] {value}";
        // Spaces wipe what a longer line before left behind.
        _output.Write("\r" + line.PadRight(_width));
        _width = line.Length;
        if (value.Stopped is not null)
        {
            _output.WriteLine();
            _width = 0;
        }
        _output.Flush();
    }
}

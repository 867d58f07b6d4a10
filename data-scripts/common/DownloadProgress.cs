using System.Diagnostics;

namespace IntraDistill.DataScripts;

/// <summary>Shows a download: one line rewritten in place on a terminal, a plain line now and then otherwise.</summary>
public sealed class DownloadProgress
{
    private static readonly TimeSpan s_rewriteEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_plainEvery = TimeSpan.FromSeconds(10);
    private readonly TextWriter _output;
    private readonly bool _inPlace;
    private readonly Stopwatch _sinceLast = new();
    private int _width;

    /// <summary>Makes the display.</summary>
    /// <param name="output">Where to write; null is the console.</param>
    /// <param name="inPlace">Whether to rewrite one line; null finds out whether the console can.</param>
    public DownloadProgress(TextWriter? output = null, bool? inPlace = null)
    {
        _output = output ?? Console.Out;
        _inPlace = inPlace ?? (output is null && !Console.IsOutputRedirected);
    }

    /// <summary>Writes a line of its own, below whatever line is being rewritten.</summary>
    public void Say(string line)
    {
        EndLine();
        _output.WriteLine(line);
    }

    /// <summary>Shows how far a file has come; <paramref name="total"/> is null where the server does not say.</summary>
    public void Report(string name, long bytes, long? total)
    {
        bool last = bytes == total;
        if (!last && _sinceLast.IsRunning && _sinceLast.Elapsed < (_inPlace ? s_rewriteEvery : s_plainEvery))
            return;
        _sinceLast.Restart();
        string line = total is > 0
            ? $"{name}: {Megabytes(bytes)} of {Megabytes(total.Value)} MB ({100 * bytes / total.Value} %)"
            : $"{name}: {Megabytes(bytes)} MB";
        if (_inPlace)
        {
            _output.Write("\r" + line.PadRight(_width));   // spaces wipe what a longer line before left behind
            _output.Flush();
            _width = line.Length;
        }
        else
            _output.WriteLine(line);
    }

    /// <summary>Ends the line that is being rewritten, if there is one.</summary>
    public void EndLine()
    {
        if (_width > 0)
            _output.WriteLine();
        _width = 0;
        _sinceLast.Reset();
    }

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("N1");
}

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace IntraDistill.Kernel.Notebook;

/// <summary>
/// Runs a notebook once for each of several parameter sets, one after another, each in a process of its own: native state
/// (libtorch's generators, memory, threads) does not go from one to the next, and one that crashes takes none along.
/// </summary>
/// <param name="notebook">The notebook's path.</param>
/// <param name="document">The notebook.</param>
/// <param name="grid">The sets.</param>
/// <param name="folder">Where each set's notebook and page go.</param>
/// <param name="quiet">Does not show what the cells print.</param>
/// <param name="only">The number of the one set that is to run, from 1; null for all.</param>
internal sealed class GridRunner(
    string notebook, NotebookDocument document, ParameterGrid grid, string folder, bool quiet, int? only = null)
{
    /// <summary>The hidden option by which a set's process is told its parameters: C#, or nothing for the defaults.</summary>
    public const string InjectedOption = "--injected";

    private const int Failure = 1, InterruptedBySignal = 130;

    private readonly Lock _lock = new();
    private readonly string _folder = Path.GetFullPath(folder);
    private Process? _child;
    private bool _interrupted;

    private enum SetOutcome { NotRun, Done, Skipped, Failed, Interrupted }

    private sealed record Row(int Number, ParameterSet Set, string Notebook)
    {
        public string Page => Path.ChangeExtension(Notebook, ".html");

        public SetOutcome Outcome { get; set; }

        public TimeSpan Time { get; set; }
    }

    /// <summary>Lists the sets and whether they would run.</summary>
    public int List()
    {
        foreach (Row row in Rows())
            Console.WriteLine($"{(IsDone(row) ? "done" : "to run"),-8}{row.Set}");
        return 0;
    }

    /// <summary>Runs the sets; the process's exit code.</summary>
    /// <exception cref="RunnerException">The folder cannot be written to, or there is no set of the number.</exception>
    public async Task<int> RunAsync()
    {
        Row[] rows = Rows();
        AtomicFile.Probe(rows[0].Notebook, document.ToJson());
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => PassOn(signal, SignalNumber.Interrupt));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => PassOn(signal, SignalNumber.Terminate));
        foreach (Row row in rows.TakeWhile(_ => !_interrupted))
        {
            if (IsDone(row))
            {
                row.Outcome = SetOutcome.Skipped;
                continue;
            }
            Console.WriteLine($"set {row.Number} of {grid.Sets.Count}: {row.Set}");
            var watch = Stopwatch.StartNew();
            row.Outcome = await RunChildAsync(row);
            row.Time = watch.Elapsed;
            Console.WriteLine();
        }
        Report(rows);
        return _interrupted ? InterruptedBySignal : rows.Any(row => row.Outcome == SetOutcome.Failed) ? Failure : 0;
    }

    private Row[] Rows()
    {
        Row[] all = [.. grid.Sets.Zip(grid.FileNames()).Select((pair, i) =>
            new Row(i + 1, pair.First, Path.Combine(_folder, pair.Second + ".ipynb")))];
        if (only is not { } number)
            return all;
        return number >= 1 && number <= all.Length ? [all[number - 1]]
            : throw new RunnerException($"--set {number}: there are {all.Length} parameter sets; expected a number from 1 to {all.Length}");
    }

    /// <summary>Whether a set's outputs are there, whole, and of the same sources and parameters.</summary>
    private bool IsDone(Row row)
    {
        if (!File.Exists(row.Notebook) || !File.Exists(row.Page))
            return false;
        string sources = document.SourceHash(row.Set.Code);
        try
        {
            return NotebookDocument.Load(row.Notebook).Stamp == new GridStamp(sources, GridStamp.Completed);
        }
        catch (RunnerException)
        {
            return false;   // something else, or damaged: made anew
        }
    }

    private async Task<SetOutcome> RunChildAsync(Row row)
    {
        string program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program);
        // The runner is a program of its own or, without that, a dll that dotnet runs.
        bool byDotnet = Path.GetFileNameWithoutExtension(program) == "dotnet";
        string[] self = byDotnet ? ["exec", typeof(GridRunner).Assembly.Location] : [];
        foreach (string argument in (string[])[.. self, "run", notebook, "--output", row.Notebook, "--html", row.Page,
            InjectedOption, row.Set.Code ?? "", .. quiet ? (string[])["--quiet"] : []])
            start.ArgumentList.Add(argument);
        Process child;
        lock (_lock)
        {
            if (_interrupted)
                return SetOutcome.NotRun;
            _child = child = Process.Start(start)!;
        }
        await child.WaitForExitAsync();
        lock (_lock)
            _child = null;
        using (child)
        {
            if (child.ExitCode == 0)
                return SetOutcome.Done;
            if (_interrupted)
                return SetOutcome.Interrupted;
            Console.Error.WriteLine($"error: the set {row.Set} failed with exit code {child.ExitCode}");
            return SetOutcome.Failed;
        }
    }

    // A terminal's Ctrl-C reaches the child as well, a signal from elsewhere only this process: the child takes two that
    // come together for one.
    private void PassOn(PosixSignalContext context, SignalNumber signal)
    {
        context.Cancel = true;
        lock (_lock)
        {
            _interrupted = true;
            if (_child is not null && !OperatingSystem.IsWindows())
                _ = Kill(_child.Id, (int)signal);
        }
    }

    private void Report(Row[] rows)
    {
        foreach (Row row in rows)
        {
            string time = row.Time > TimeSpan.Zero ? TerminalReport.Duration(row.Time) : "";
            Console.WriteLine($"{Name(row.Outcome),-12} {time,12}  {row.Set}");
        }
        IEnumerable<string> counts = rows.GroupBy(row => row.Outcome).OrderBy(group => group.Key == SetOutcome.NotRun)
            .ThenBy(group => group.Key).Select(group => $"{group.Count()} {Name(group.Key)}");
        Console.WriteLine($"{(rows.Length == 1 ? "1 set" : $"{rows.Length} sets")}: {string.Join(", ", counts)}; in {_folder}");
    }

    private static string Name(SetOutcome outcome) => outcome switch
    {
        SetOutcome.NotRun => "not run",
        SetOutcome.Done => "done",
        SetOutcome.Skipped => "skipped",
        SetOutcome.Failed => "failed",
        _ => "interrupted",
    };

    private enum SignalNumber { Interrupt = 2, Terminate = 15 }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}

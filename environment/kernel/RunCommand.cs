using System.CommandLine;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Guards;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Kernel;

/// <summary><c>run NOTEBOOK</c>: executes a notebook without an editor.</summary>
internal static class RunCommand
{
    private const int Failure = 1, InterruptedBySignal = 130;

    private static readonly TimeSpan s_passedOn = TimeSpan.FromSeconds(2);

    /// <summary>The command with its options.</summary>
    public static Command Create()
    {
        var notebook = new Argument<string>("NOTEBOOK") { Description = "The .ipynb file." };
        var parameters = new Option<string[]>("--parameter", "-p")
        {
            Description = "Overrides a variable of the cell tagged 'parameters'. Several values make a run each: a=1,2,3 where "
                + "the variable is a number or a bool (a text keeps its commas, an array takes them all), or -p once for each value, "
                + "of any type. Lists of several variables are crossed.",
            HelpName = "name=value",
        };
        var grid = new Option<string?>("--grid")
        {
            Description = "Runs the notebook once for each parameter set of a JSON file: [{\"a\": 1, \"b\": \"x\"}, ...], or "
                + "{\"a\": [1, 2], \"b\": [\"x\", \"y\"]}, which is crossed. Every set runs in a process of its own and goes to "
                + "runs/notebooks/NAME/; what is there, whole and of the same code and parameters is skipped.",
            HelpName = "FILE",
        };
        var set = new Option<int?>("--set")
        {
            Description = "Runs one of the parameter sets only, by its place in the list of --dry-run, from 1: a task of a job array.",
            HelpName = "N",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Lists the parameter sets and which of them are done." };
        var injected = new Option<string?>(GridRunner.InjectedOption) { Hidden = true };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "Where the executed notebook goes; by default runs/notebooks/NAME.ipynb, with a page beside it. Of "
                + "several parameter sets: the folder, by default runs/notebooks/NAME.",
            HelpName = "FILE",
        };
        var inPlace = new Option<bool>("--in-place") { Description = "The executed notebook replaces NOTEBOOK." };
        var html = new Option<string?>("--html") { Description = "Also writes one self-contained page.", HelpName = "FILE" };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Does not show what the cells print." };
        var command = new Command("run", "Executes a notebook and saves it with its outputs.")
        {
            notebook, parameters, grid, set, dryRun, output, inPlace, html, quiet, injected,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(output) is not null && result.GetValue(inPlace))
                result.AddError("--output and --in-place exclude each other");
        });
        command.SetAction(async (result, _) =>
        {
            string path = result.GetValue(notebook)!;
            try
            {
                bool silent = result.GetValue(quiet);
                NotebookDocument document = NotebookDocument.Load(path);
                string? code = result.GetValue(injected);
                if (code is null)
                {
                    string[] given = result.GetValue(parameters) ?? [];
                    var sets = ParameterGrid.Read(new Parameters(document), given, result.GetValue(grid));
                    int? only = result.GetValue(set);
                    if (sets.IsGrid || result.GetValue(dryRun) || only is not null)
                    {
                        if (result.GetValue(inPlace) || result.GetValue(html) is not null)
                            throw new RunnerException("--in-place and --html are for one parameter set; --output is a folder");
                        string folder = result.GetValue(output)
                            ?? Path.Combine("runs", "notebooks", Path.GetFileNameWithoutExtension(path));
                        var runner = new GridRunner(path, document, sets, folder, silent, only);
                        return result.GetValue(dryRun) ? runner.List() : await runner.RunAsync();
                    }
                    code = sets.Sets[0].Code;
                    document.Stamp = null;   // of a grid's notebook that is now run by itself
                }
                else
                    document.Stamp = new GridStamp(document.SourceHash(code.Length > 0 ? code : null), "unfinished");
                if (!string.IsNullOrEmpty(code))
                    Parameters.Inject(document, code);
                Targets targets = Targets.Of(path, result.GetValue(output), result.GetValue(inPlace), result.GetValue(html));
                return await RunAsync(path, document, targets, silent);
            }
            catch (RunnerException e)
            {
                Console.Error.WriteLine($"error: {e.Message}");
                return Failure;
            }
        });
        return command;
    }

    /// <summary>Where the results go, as full paths.</summary>
    private sealed record Targets(string Notebook, string? Page)
    {
        public static Targets Of(string path, string? output, bool inPlace, string? html)
        {
            string? page = html is null ? null : Path.GetFullPath(html);
            if (inPlace || output is not null)
                return new Targets(Path.GetFullPath(inPlace ? path : output!), page);
            string beside = Path.GetFullPath(Path.Combine("runs", "notebooks", Path.GetFileName(path)));
            return new Targets(beside, page ?? Path.ChangeExtension(beside, ".html"));
        }
    }

    private static async Task<int> RunAsync(string path, NotebookDocument document, Targets targets, bool quiet)
    {
        document.Prepare();
        // Better to learn now than after an hour that the results cannot be saved.
        AtomicFile.Probe(targets.Notebook, document.ToJson());
        if (targets.Page is not null)
            AtomicFile.Probe(targets.Page, document.ToJson());

        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.SetCurrentDirectory(folder);   // as Jupyter does: relative paths in cells start at the notebook
        OutputCapture.Install();
        Console.SetIn(new CellInputReader());
        bool interactive = !Console.IsOutputRedirected;
        var terminal = new TerminalReport(OutputCapture.Terminal, OutputCapture.TerminalErrors, interactive, quiet);
        void Save() => AtomicFile.Write(targets.Notebook, document.ToJson());
        void TrySave()
        {
            try
            {
                Save();
            }
            catch (RunnerException)
            {
                // A disk that is full for a while must not end a long run; the last save reports what is still wrong.
            }
        }

        // A set of a grid gets a signal to all, a terminal's Ctrl-C or Slurm's SIGTERM, twice: passed on by the grid as well.
        TimeSpan asOne = document.Stamp is null ? TimeSpan.Zero : s_passedOn;
        var runner = new NotebookRunner(document, folder, terminal, TrySave, asOne);
        RunOutcome outcome;
        using (new LastWill(runner.Recorder, Save))
            outcome = await runner.RunAsync();

        ProcessEnd.SkipDestructors();
        Save();
        OutputCapture.Terminal.WriteLine($"saved {targets.Notebook}");
        if (targets.Page is not null)
        {
            AtomicFile.Write(targets.Page, Html.HtmlPage.Render(document));
            OutputCapture.Terminal.WriteLine($"saved {targets.Page}");
        }
        if (document.Stamp is { } stamp && outcome == RunOutcome.Completed)
        {
            // Last: a set with this stamp is skipped from now on, so all of it has to be there.
            document.Stamp = stamp with { Status = GridStamp.Completed };
            Save();
        }
        return outcome switch
        {
            RunOutcome.Completed => 0,
            RunOutcome.Failed => Failure,
            _ => InterruptedBySignal,
        };
    }
}

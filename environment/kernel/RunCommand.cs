using System.CommandLine;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Kernel;

/// <summary><c>run NOTEBOOK</c>: executes a notebook without an editor.</summary>
internal static class RunCommand
{
    private const int Failure = 1, InterruptedBySignal = 130;

    /// <summary>The command with its options.</summary>
    public static Command Create()
    {
        var notebook = new Argument<string>("NOTEBOOK") { Description = "The .ipynb file." };
        var parameters = new Option<string[]>("--parameter", "-p")
        {
            Description = "Overrides a variable of the cell tagged 'parameters'.", HelpName = "name=value",
        };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "Where the executed notebook goes; by default runs/notebooks/NAME.ipynb, with a page beside it.",
            HelpName = "FILE",
        };
        var inPlace = new Option<bool>("--in-place") { Description = "The executed notebook replaces NOTEBOOK." };
        var html = new Option<string?>("--html") { Description = "Also writes one self-contained page.", HelpName = "FILE" };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Does not show what the cells print." };
        var command = new Command("run", "Executes a notebook and saves it with its outputs.")
        {
            notebook, parameters, output, inPlace, html, quiet,
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
                Targets targets = Targets.Of(path, result.GetValue(output), result.GetValue(inPlace), result.GetValue(html));
                return await RunAsync(path, result.GetValue(parameters) ?? [], targets, result.GetValue(quiet));
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

    private static async Task<int> RunAsync(string path, IReadOnlyList<string> parameters, Targets targets, bool quiet)
    {
        NotebookDocument document = NotebookDocument.Load(path);
        Parameters.Apply(document, parameters);
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

        var runner = new NotebookRunner(document, folder, terminal, TrySave);
        RunOutcome outcome;
        using (new LastWill(runner.Recorder, Save))
            outcome = await runner.RunAsync();

        Save();
        OutputCapture.Terminal.WriteLine($"saved {targets.Notebook}");
        if (targets.Page is not null)
        {
            AtomicFile.Write(targets.Page, Html.HtmlPage.Render(document));
            OutputCapture.Terminal.WriteLine($"saved {targets.Page}");
        }
        return outcome switch
        {
            RunOutcome.Completed => 0,
            RunOutcome.Failed => Failure,
            _ => InterruptedBySignal,
        };

    }
}

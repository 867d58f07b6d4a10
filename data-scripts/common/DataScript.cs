using System.CommandLine;

namespace IntraDistill.DataScripts;

/// <summary>What every script has: options, errors in one line, Ctrl-C.</summary>
public static class DataScript
{
    /// <summary>Where the files come from instead of their publisher.</summary>
    public static Option<string?> Mirror() => new("--mirror")
    {
        Description = "Fetch files of the same names from below this address instead of from their publisher.", HelpName = "URL",
    };

    /// <summary>Where the data set goes.</summary>
    public static Option<string> Output(string standard) => new("--output")
    {
        Description = "Where to put the data set.", HelpName = "DIR", DefaultValueFactory = _ => standard,
    };

    /// <summary>A list of names, separated by commas, or 'all'; whatever their case.</summary>
    /// <param name="option">The option: <c>--tasks</c>.</param>
    /// <param name="known">The names that there are.</param>
    /// <param name="standard">The list that is taken where the option is not given.</param>
    public static Option<string> Names(string option, IReadOnlyList<string> known, string standard)
    {
        var names = new Option<string>(option)
        {
            Description = $"Some of {string.Join(" ", known)}, separated by commas, or 'all'.", HelpName = "LIST",
            DefaultValueFactory = _ => standard,
        };
        names.Validators.Add(result =>
        {
            string[] asked = Listed(result.GetValueOrDefault<string>()!);
            if (asked.Length == 0)
                result.AddError($"{option}: expected 'all' or some of {string.Join(", ", known)}");
            foreach (string name in asked.Where(name => name != "all").Except(known, StringComparer.OrdinalIgnoreCase))
                result.AddError($"{option}: '{name}' is not known; expected 'all' or some of {string.Join(", ", known)}");
        });
        return names;
    }

    /// <summary>The names that such a list asks for, in the order in which they are known.</summary>
    public static IReadOnlyList<string> Asked(string list, IReadOnlyList<string> known)
    {
        string[] asked = Listed(list);
        return [.. known.Where(name => asked.Contains("all") || asked.Contains(name, StringComparer.OrdinalIgnoreCase))];
    }

    /// <summary>Parses the arguments and runs the command's action.</summary>
    /// <returns>0; 1 after an error; 2 after bad arguments; 130 after Ctrl-C.</returns>
    public static async Task<int> RunAsync(
        RootCommand command, string[] arguments, Func<ParseResult, CancellationToken, Task> act, TextWriter? errors = null)
    {
        errors ??= Console.Error;
        command.SetAction(async (parsed, cancellation) => await GuardedAsync(() => act(parsed, cancellation), errors));
        ParseResult parsed = command.Parse(arguments);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
        foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
            errors.WriteLine($"error: {error.Message}");
        return 2;
    }

    /// <summary>Holds a data set's folder for one run at a time.</summary>
    /// <exception cref="IntraDistillException">Another run holds it, or it cannot be written.</exception>
    public static IDisposable Lock(string output)
    {
        try
        {
            Directory.CreateDirectory(output);
            return new FileStream(Path.Combine(output, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None,
                1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IntraDistillException($"{output}: cannot be written, or another run is at it: {e.Message}", e);
        }
    }

    private static string[] Listed(string names) =>
        names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static async Task<int> GuardedAsync(Func<Task> act, TextWriter errors)
    {
        try
        {
            await act();
            return 0;
        }
        catch (IntraDistillException e)
        {
            errors.WriteLine($"error: {e.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            errors.WriteLine("stopped: no half data set was left. The same command goes on where the download stopped.");
            return 130;
        }
    }
}

using System.CommandLine;
using IntraDistill.Kernel;

var root = new RootCommand("Runs the notebooks of IntraDistill.Kit, and serves Jupyter.")
{
    RunCommand.Create(), JupyterCommand.Create(), InstallCommand.Create(), InstallCommand.CreateUninstall(),
    PackCommand.Create(),
};
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count == 0)
    return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
    Console.Error.WriteLine($"error: {error.Message}");
return 2;

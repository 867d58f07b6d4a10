using System.CommandLine;
using IntraDistill.Kernel.Kernelspec;

namespace IntraDistill.Kernel;

/// <summary><c>install</c> and <c>uninstall</c>: make the kernel known to Jupyter.</summary>
internal static class InstallCommand
{
    private const int Failure = 1;
    private const string DefaultDisplayName = ".NET (C#) IntraDistill";

    /// <summary>The command <c>install</c> with its options.</summary>
    public static Command Create()
    {
        (Option<string?> prefix, Option<string> name) = Where();
        var displayName = new Option<string>("--display-name")
        {
            Description = "What front ends call the kernel.", HelpName = "TEXT", DefaultValueFactory = _ => DefaultDisplayName,
        };
        var command = new Command("install", "Makes the kernel known to Jupyter, for this user.") { prefix, name, displayName };
        command.SetAction(result => Guarded(() => Install(
            result.GetValue(prefix), result.GetValue(name)!, result.GetValue(displayName)!)));
        return command;
    }

    /// <summary>The command <c>uninstall</c> with its options.</summary>
    public static Command CreateUninstall()
    {
        (Option<string?> prefix, Option<string> name) = Where();
        var command = new Command("uninstall", "Removes what 'install' wrote.") { prefix, name };
        command.SetAction(result => Guarded(() =>
        {
            var installer = new KernelspecInstaller(JupyterFolder.Of(result.GetValue(prefix)));
            foreach (string folder in installer.Uninstall(KernelspecInstaller.NameOf(result.GetValue(name)!)))
                Console.WriteLine($"removed {folder}");
        }));
        return command;
    }

    private static (Option<string?> Prefix, Option<string> Name) Where() => (
        new Option<string?>("--prefix")
        {
            Description = "Below DIR/share/jupyter, for all who use that installation or environment.", HelpName = "DIR",
        },
        new Option<string>("--name")
        {
            Description = "The kernelspec's name; .net-csharp stands in for .NET Interactive's where that is absent.",
            HelpName = "NAME", DefaultValueFactory = _ => KernelspecInstaller.DefaultName,
        });

    private static void Install(string? prefix, string name, string displayName)
    {
        if (string.IsNullOrWhiteSpace(displayName))
            throw new RunnerException("--display-name: expected some text");
        name = KernelspecInstaller.NameOf(name);
        string data = JupyterFolder.Of(prefix);
        foreach (string folder in new KernelspecInstaller(data).Install(name, displayName))
            Console.WriteLine($"wrote {folder}");
        Console.WriteLine();
        if (prefix is not null)
            Console.WriteLine($"A Jupyter that does not look there by itself needs JUPYTER_PATH={data}");
        Console.WriteLine($"""
            Jupyter:  jupyter notebook notebooks/    (Kernel → Change kernel → {displayName})
            A page:   jupyter nbconvert --to html --template {KernelspecInstaller.DefaultName} NOTEBOOK.ipynb
            VS Code:  Select Kernel → Jupyter Kernel → {displayName}
            Remove:   dotnet run --project environment/kernel -- uninstall{(prefix is null ? "" : $" --prefix {prefix}")}{
                (name == KernelspecInstaller.DefaultName ? "" : $" --name {name}")}
            """);
    }

    private static int Guarded(Action act)
    {
        try
        {
            act();
            return 0;
        }
        catch (RunnerException e)
        {
            Console.Error.WriteLine($"error: {e.Message}");
            return Failure;
        }
    }
}

using System.CommandLine;
using System.Runtime.InteropServices;
using IntraDistill.Kernel.Engine;
using IntraDistill.Kernel.Guards;
using IntraDistill.Kernel.Jupyter;

namespace IntraDistill.Kernel;

/// <summary><c>jupyter CONNECTION_FILE</c>: serves a Jupyter client. Clients start it, by the kernelspec that <c>install</c> writes.</summary>
internal static class JupyterCommand
{
    /// <summary>The command with its argument.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("CONNECTION_FILE") { Description = "Where to listen, as Jupyter clients write it." };
        var command = new Command("jupyter", "Serves a Jupyter client; Jupyter starts this itself.") { file };
        command.SetAction(async (result, _) =>
        {
            try
            {
                await ServeAsync(ConnectionFile.Load(result.GetValue(file)!));
                return 0;
            }
            catch (RunnerException e)
            {
                Console.Error.WriteLine($"error: {e.Message}");
                return 1;
            }
        });
        return command;
    }

    private static async Task ServeAsync(ConnectionFile connection)
    {
        OutputCapture.Install();
        Console.SetIn(new CellInputReader());
        bool clientIsGone = false;
        string folder = Directory.GetCurrentDirectory();   // Jupyter starts it in the notebook's
        using (var kernel = new JupyterKernel(connection, folder))
        {
            kernel.GuardProcess();
            ClientWatch.Start(() =>
            {
                JupyterKernel.Log("the client has gone without shutting the kernel down");
                clientIsGone = true;
                kernel.ShutDown();
            });
            using var interrupt = OnSignal(PosixSignal.SIGINT, kernel.Interrupt);
            using var terminate = OnSignal(PosixSignal.SIGTERM, kernel.ShutDown);
            await kernel.RunAsync();
        }
        ChildProcesses.Kill();
        if (clientIsGone)
            File.Delete(connection.Path);   // the client's to delete, as long as there is one
        ProcessEnd.SkipDestructors();
        Environment.Exit(0);   // a thread that a cell started would keep the process from ending
    }

    private static PosixSignalRegistration OnSignal(PosixSignal signal, Action act) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            act();
        });
}

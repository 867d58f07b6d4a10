using System.Diagnostics;
using System.Text.Json;

namespace IntraDistill.Bench;

/// <summary>Runs this program, or another build of it, again in a process of its own.</summary>
internal static class Child
{
    /// <summary>What it writes to its standard output; its errors are seen as they come.</summary>
    public static string Output(params string[] arguments) => Output(AppContext.BaseDirectory, arguments);

    /// <summary>As above, of the build in a folder.</summary>
    /// <exception cref="IntraDistillException">There is no such build, or it ended with an error.</exception>
    public static string Output(string folder, string[] arguments)
    {
        (int code, string output) = Run(folder, arguments);
        return code == 0 ? output
            : throw new IntraDistillException($"{folder}: {string.Join(' ', arguments)} ended with exit code {code}");
    }

    /// <summary>The last line of its output, read as JSON.</summary>
    public static T Result<T>(string folder, params string[] arguments) =>
        JsonSerializer.Deserialize<T>(Output(folder, arguments).TrimEnd().Split('\n')[^1])!;

    public static (int ExitCode, string Output) Run(string folder, string[] arguments)
    {
        string file = Path.Combine(folder, "IntraDistill.Bench" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        if (!File.Exists(file))
            throw new IntraDistillException($"{folder}: expected a folder with a built {Path.GetFileName(file)}");
        using Process child = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true })!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return (child.ExitCode, output);
    }
}

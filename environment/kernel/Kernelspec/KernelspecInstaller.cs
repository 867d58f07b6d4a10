using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IntraDistill.Kernel.Kernelspec;

/// <summary>Puts the kernelspec and nbconvert's template into one of Jupyter's data folders, and takes them out again.</summary>
/// <param name="dataFolder">Jupyter's data folder.</param>
internal sealed partial class KernelspecInstaller(string dataFolder)
{
    /// <summary>The kernelspec's name where no other is chosen; also the name of nbconvert's template.</summary>
    public const string DefaultName = "intradistill";

    private readonly string _kernels = Path.Combine(dataFolder, "kernels");
    private readonly string _template = Path.Combine(dataFolder, "nbconvert", "templates", DefaultName);

    /// <summary>A kernel's name as Jupyter keeps it: lower-case.</summary>
    /// <exception cref="RunnerException">Jupyter takes no such name.</exception>
    public static string NameOf(string name)
    {
        // "." and ".." fit Jupyter's pattern; as folders they are others than meant.
        if (!ValidName().IsMatch(name) || name.Trim('.').Length == 0)
            throw new RunnerException($"--name '{name}': expected ASCII letters, digits and - . _ only");
        return name.ToLowerInvariant();
    }

    /// <summary>Writes all files; those of an earlier installation go.</summary>
    /// <returns>The folders written.</returns>
    /// <exception cref="RunnerException">They cannot be written, or another kernel has the name.</exception>
    public IReadOnlyList<string> Install(string name, string displayName)
    {
        string folder = Path.Combine(_kernels, name);
        return Guarded(folder, () =>
        {
            if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() && !IsOurs(folder))
                throw new RunnerException(
                    $"{folder}: another kernel's kernelspec is there and stays; choose another --name, "
                    + "or remove that folder first");
            byte[] script = Encoding.UTF8.GetBytes(KernelFiles.PlotlyJs());
            byte[] spec = Encoding.UTF8.GetBytes(KernelFiles.KernelJson(displayName));
            (string, Action<Stream>) plotly = ("plotly.min.js", file => file.Write(script));
            // kernel.json first: it is what tells that the folder is the kit's.
            Write(folder, [("kernel.json", file => file.Write(spec)), .. KernelFiles.Embedded("kernelspec"), plotly]);
            Write(_template, [.. KernelFiles.Embedded("nbconvert"), plotly]);
            return [_template, folder];
        });
    }

    /// <summary>Removes a kernelspec that <see cref="Install"/> wrote, and the template with the last one.</summary>
    /// <returns>The folders removed.</returns>
    /// <exception cref="RunnerException">There is none, it is another kernel's, or it cannot be removed.</exception>
    public IReadOnlyList<string> Uninstall(string name)
    {
        string folder = Path.Combine(_kernels, name);
        return Guarded(folder, () =>
        {
            if (!Directory.Exists(folder))
                throw new RunnerException($"{folder}: there is no such kernelspec");
            if (!IsOurs(folder))
                throw new RunnerException($"{folder}: another kernel's kernelspec; it stays");
            var removed = new List<string> { folder };
            Directory.Delete(folder, recursive: true);
            if (!Directory.EnumerateDirectories(_kernels).Any(IsOurs) && Directory.Exists(_template))
            {
                Directory.Delete(_template, recursive: true);
                removed.Add(_template);
            }
            return removed;
        });
    }

    private static void Write(string folder, IEnumerable<(string Name, Action<Stream> Write)> files)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        foreach ((string name, Action<Stream> write) in files)
        {
            using FileStream file = File.Create(Path.Combine(folder, name));
            write(file);
        }
    }

    private static bool IsOurs(string folder)
    {
        try
        {
            string json = File.ReadAllText(Path.Combine(folder, "kernel.json"));
            return JsonNode.Parse(json) is JsonObject spec && spec["metadata"] is JsonObject metadata
                && metadata.ContainsKey(KernelFiles.Mark);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or ArgumentException)
        {
            return false;   // not readable as JSON, or not there: nothing that was written here
        }
    }

    private static IReadOnlyList<string> Guarded(string folder, Func<IReadOnlyList<string>> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunnerException($"{folder}: cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    [GeneratedRegex(@"\A[a-zA-Z0-9._-]+\z")]
    private static partial Regex ValidName();
}

/// <summary>Where Jupyter looks for kernelspecs and templates.</summary>
internal static class JupyterFolder
{
    /// <summary>Jupyter's data folder.</summary>
    /// <param name="prefix">An installation's or environment's root, such as <c>/usr/local</c>; null: this user's.</param>
    public static string Of(string? prefix) =>
        Path.GetFullPath(prefix is null ? OfUser() : Path.Combine(prefix, "share", "jupyter"));

    private static string OfUser()
    {
        if (Variable("JUPYTER_DATA_DIR") is { } set)
            return set;
        if (OperatingSystem.IsWindows())
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "jupyter");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (OperatingSystem.IsMacOS())
            return Path.Combine(home, "Library", "Jupyter");
        return Path.Combine(Variable("XDG_DATA_HOME") ?? Path.Combine(home, ".local", "share"), "jupyter");
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

using System.Reflection;
using System.Text.Json;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.BrowserTests;

/// <summary>
/// A temporary folder laid out as a clone is (<c>bin/</c>, <c>notebooks/</c>), with the kernel installed under a prefix of
/// its own and with no other Jupyter configuration.
/// </summary>
public sealed class Workplace : IAsyncLifetime
{
    /// <summary>The clone under test.</summary>
    public static readonly string Repository = typeof(Workplace).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "Repository").Value!;

    private readonly string _root = Directory.CreateTempSubdirectory("kit-browser-").FullName;

    /// <summary>The names of the repository's notebooks, for theories.</summary>
    public static TheoryData<string> Notebooks =>
    [
        .. Directory.GetFiles(Path.Combine(Repository, "notebooks"), "*.ipynb").Order()
            .Select(path => Path.GetFileNameWithoutExtension(path)!),
    ];

    /// <summary>Where the notebooks are.</summary>
    public string NotebookFolder => Path.Combine(_root, "notebooks");

    /// <summary>What Jupyter's programs must find in their environment.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["JUPYTER_PATH"] = Path.Combine(_root, "prefix/share/jupyter"),
        ["JUPYTER_DATA_DIR"] = Path.Combine(_root, "data"),
        ["JUPYTER_CONFIG_DIR"] = Path.Combine(_root, "config"),
        ["JUPYTER_RUNTIME_DIR"] = RuntimeFolder,
        ["IPYTHONDIR"] = Path.Combine(_root, "ipython"),
    };

    /// <summary>Where Jupyter puts connection files.</summary>
    public string RuntimeFolder => Path.Combine(_root, "runtime");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(NotebookFolder);
        Directory.CreateSymbolicLink(Path.Combine(_root, "bin"), Path.Combine(Repository, "bin"));
        // The name in the committed notebooks, so that they open without asking for a kernel.
        await Command.RunAsync("dotnet",
            ["run", "--project", "environment/kernel", "--", "install", "--prefix", Path.Combine(_root, "prefix"),
                "--name", ".net-csharp"], Environment, Repository);
    }

    /// <summary>Installs the kernel of .NET Interactive's tool, as the repository's manifest names it.</summary>
    /// <returns>What JUPYTER_PATH must be for it.</returns>
    public async Task<string> InstallDotnetInteractiveAsync()
    {
        string manifest = Path.Combine(_root, ".config", "dotnet-tools.json"), path = Path.Combine(_root, "interactive");
        Directory.CreateDirectory(Path.GetDirectoryName(manifest)!);
        File.Copy(Path.Combine(Repository, ".config", "dotnet-tools.json"), manifest, overwrite: true);
        Directory.CreateDirectory(Path.Combine(path, "kernels"));
        await Command.RunAsync("dotnet", ["tool", "restore"], Environment, _root);
        await Command.RunAsync("dotnet", ["interactive", "jupyter", "install", "--path", Path.Combine(path, "kernels")], Environment, _root);
        return path;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Copies a notebook of the repository, without outputs and with preset Smoke; the copy's path.</summary>
    public string SmokeCopy(string name)
    {
        NotebookDocument notebook = NotebookDocument.Load(Path.Combine(Repository, "notebooks", name + ".ipynb"));
        Parameters.Inject(notebook, "preset = \"Smoke\";");
        return Write(name, notebook);
    }

    /// <summary>Makes a notebook of cells of code; its path.</summary>
    public string NewNotebook(string name, params string[] cells)
    {
        string path = Path.Combine(NotebookFolder, name + ".ipynb");
        var code = cells.Select(source => new { cell_type = "code", source });
        var notebook = new { cells = code, nbformat = 4, nbformat_minor = 5 };
        File.WriteAllText(path, JsonSerializer.Serialize(notebook));
        return Write(name, NotebookDocument.Load(path));
    }

    private string Write(string name, NotebookDocument notebook)
    {
        notebook.Prepare();
        string path = Path.Combine(NotebookFolder, name + ".ipynb");
        AtomicFile.Write(path, notebook.ToJson());
        return path;
    }
}

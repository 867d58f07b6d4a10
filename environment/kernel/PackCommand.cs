using System.CommandLine;
using System.Formats.Tar;
using System.IO.Compression;
using System.Reflection;
using System.Runtime.InteropServices;
using IntraDistill.Kernel.Kernelspec;
using IntraDistill.Kernel.Notebook;

namespace IntraDistill.Kernel;

/// <summary><c>pack OUT.tar.gz</c>: what runs notebooks on a Linux machine that has PyTorch, but no .NET and no network.</summary>
internal static class PackCommand
{
    private const string Folder = "intradistill", TorchSharp = "libLibTorchSharp.so";
    private const UnixFileMode Executable = (UnixFileMode)0b111_101_101, Plain = (UnixFileMode)0b110_100_100;

    /// <summary>The command with its options.</summary>
    public static Command Create()
    {
        var output = new Argument<string>("OUT.tar.gz") { Description = "The archive to write." };
        var added = new Option<string[]>("--add")
        {
            Description = "A file or folder to take along: data, checkpoints, stored runs. One of this clone keeps its place in it, "
                + "any other goes to data/NAME.",
            HelpName = "PATH",
        };
        var withoutSdk = new Option<bool>("--no-sdk")
        {
            Description = "Leave out the texts of the .NET SDK (some 80 MB), of which notebooks 01 to 04 make their data unless they are "
                + "given other.",
        };
        var command = new Command("pack", "Packs runner, .NET runtime, kit and notebooks for a Linux machine with PyTorch, but without "
            + $".NET. There: tar -xzf OUT.tar.gz; cd {Folder}; ./run notebooks/NAME.ipynb") { output, added, withoutSdk };
        command.SetAction(result =>
        {
            try
            {
                string path = result.GetValue(output)!;
                Write(path, Files(result.GetValue(added) ?? [], !result.GetValue(withoutSdk)));
                Console.WriteLine($"wrote {path}, {new FileInfo(path).Length / 1e6:F0} MB");
                return 0;
            }
            catch (Exception e) when (e is RunnerException or IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"error: {e.Message}");
                return 1;
            }
        });
        return command;
    }

    /// <summary>What is packed: the place in the archive, and the file that goes there.</summary>
    /// <exception cref="RunnerException">Something is not there, or two files want one place.</exception>
    internal static SortedDictionary<string, string> Files(IEnumerable<string> added, bool withSdk)
    {
        string kit = KernelFiles.KitFolder, root = Path.GetDirectoryName(kit)!;
        if (!File.Exists(Path.Combine(kit, TorchSharp)))
            throw new RunnerException($"{kit}: there is no {TorchSharp}; expected the kit, built on Linux");
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);

        // The runtime that runs this, from ROOT/shared/Microsoft.NETCore.App/VERSION/, as an installation of its own.
        string runtime = Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory());
        string dotnet = Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."));
        Add(files, Path.Combine(dotnet, "dotnet"), "dotnet/dotnet");
        Add(files, Path.Combine(dotnet, "host"), "dotnet/host");
        Add(files, runtime, $"dotnet/{Path.GetRelativePath(dotnet, runtime)}");
        Add(files, AppContext.BaseDirectory, "environment/kernel/bin");
        Add(files, kit, "bin", name => name == TorchSharp || !name.Contains(".so"));   // without libtorch
        if (withSdk)
        {
            (string sdk, string[] texts) = SdkTexts(kit);
            foreach (string file in texts)
                Add(files, Path.Combine(sdk, file), $"dotnet/{file}");
        }
        foreach (string notebook in Directory.GetFiles(Path.Combine(root, "notebooks"), "*.ipynb"))
            Add(files, notebook, $"notebooks/{Path.GetFileName(notebook)}");
        foreach (string path in added.Select(one => Path.TrimEndingDirectorySeparator(Path.GetFullPath(one))))
            Add(files, path, path.StartsWith($"{root}/", StringComparison.Ordinal)
                ? Path.GetRelativePath(root, path) : $"data/{Path.GetFileName(path)}");
        return files;
    }

    // The kit knows which; it is no reference of the runner, which loads it only where a notebook does.
    private static (string Root, string[] Files) SdkTexts(string kit)
    {
        MethodInfo read = Assembly.LoadFrom(Path.Combine(kit, "IntraDistill.Kit.dll"))
            .GetType("IntraDistill.Tasks.SdkCorpus", throwOnError: true)!.GetMethod("FilesRead")!;
        try
        {
            return read.CreateDelegate<Func<string?, (string, string[])>>()(null);
        }
        catch (Exception e)
        {
            throw new RunnerException($"{e.Message}; --no-sdk leaves it out");
        }
    }

    private static void Add(SortedDictionary<string, string> files, string path, string place, Func<string, bool>? wanted = null)
    {
        if (!Path.Exists(path))
            throw new RunnerException($"{path}: there is no such file or folder to pack");
        string[] found = File.Exists(path) ? [path] : Directory.GetFiles(path, "*", SearchOption.AllDirectories);
        foreach (string file in found.Where(file => wanted?.Invoke(Path.GetFileName(file)) ?? true))
            if (!files.TryAdd(File.Exists(path) ? place : $"{place}/{Path.GetRelativePath(path, file)}", file))
                throw new RunnerException($"{path}: another file to pack has the same place in the archive, {place}");
    }

    private static void Write(string path, SortedDictionary<string, string> files)
    {
        string part = path + ".part";
        try
        {
            using (var file = File.Create(part))
            using (var gzip = new GZipStream(file, CompressionLevel.Optimal))
            using (var tar = new TarWriter(gzip))
            {
                using Stream script = typeof(PackCommand).Assembly.GetManifestResourceStream("pack/run")!;
                WriteEntry(tar, "run", Executable, script);
                foreach ((string place, string source) in files)
                {
                    bool notebook = Path.GetDirectoryName(place) == "notebooks" && Path.GetExtension(place) == ".ipynb";
                    using Stream content = notebook ? WithoutOutputs(source) : File.OpenRead(source);   // most of its size
                    WriteEntry(tar, place, place == "dotnet/dotnet" ? Executable : Plain, content);
                }
            }
            File.Move(part, path, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static void WriteEntry(TarWriter tar, string place, UnixFileMode mode, Stream content) => tar.WriteEntry(
        new PaxTarEntry(TarEntryType.RegularFile, $"{Folder}/{place}") { Mode = mode, DataStream = content });

    private static MemoryStream WithoutOutputs(string notebook)
    {
        NotebookDocument document = NotebookDocument.Load(notebook);
        document.Prepare();
        return new MemoryStream(System.Text.Encoding.UTF8.GetBytes(document.ToJson()));
    }
}

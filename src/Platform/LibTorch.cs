using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace IntraDistill;

/// <summary>Takes the libtorch of an installed PyTorch, with its CUDA, where the kit was built for one (<c>-p:LibTorch=DIR</c>) or the
/// variable <c>INTRADISTILL_LIBTORCH</c> names one. TorchSharp looks for libtorch beside itself; but the linker loads no second library of
/// a name, so what is loaded here by its path is what TorchSharp finds.</summary>
internal static partial class LibTorch
{
    internal const string Variable = "INTRADISTILL_LIBTORCH", Seen = "2.10 and 2.11";
    private const string Wanted = "expected the lib folder of an installed PyTorch: "
        + "python3 -c \"import torch; print(torch.__path__[0] + '/lib')\"";

    /// <summary>The folder that it was taken from; null for that of the package.</summary>
    public static string? Folder { get; private set; }

    /// <summary>As <c>PyTorch 2.11.0+cu130</c>, or the folder where no version is told; null for that of the package.</summary>
    public static string? Origin => Folder is null ? null : VersionOf(Folder) is { } version ? $"PyTorch {version}" : Folder;

    /// <summary>Before libtorch is first touched, which later cannot be undone.</summary>
    /// <exception cref="IntraDistillException">The folder has no libtorch that TorchSharp can use.</exception>
    public static void Load()
    {
        string? named = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } variable ? variable
            : AppContext.GetData("IntraDistill.LibTorch") as string ?? typeof(LibTorch).Assembly
                .GetCustomAttributes<AssemblyMetadataAttribute>().SingleOrDefault(data => data.Key == "LibTorch")?.Value;
        Load(named, NotebookHost.PackageFolder ?? Path.GetDirectoryName(typeof(LibTorch).Assembly.Location)!);
        if (named is null && NotebookHost.PackageFolder is { } package && OperatingSystem.IsLinux())
            LoadOfPackages(package);
    }

    // Each package is in a folder of its own, and the linker looks in none of them.
    private static void LoadOfPackages(string notebook)
    {
        string packages = Path.GetFullPath(Path.Combine(notebook, "..", "..", "..")),
            libtorch = Path.Combine(packages, "libtorch-cpu-linux-x64");
        string[] versions = Directory.Exists(libtorch) ? Directory.GetDirectories(libtorch) : [];
        if (versions.Length == 0)
            throw new IntraDistillException($"{libtorch}: there is no such package; expected what IntraDistill.Kit depends on");
        LoadFrom(Path.Combine(versions.Order(StringComparer.Ordinal).Last(), "runtimes", "linux-x64", "native"),
            Path.Combine(notebook, "libLibTorchSharp.so"));
        NativeLibrary.Load(Path.Combine(notebook, "libLibTorchSharp.so"));
        Folder = null;
    }

    // From a folder, or where it is null from nowhere; the kit and TorchSharp are beside.
    internal static void Load(string? folder, string beside)
    {
        string torchSharp = Path.Combine(beside, "libLibTorchSharp.so");
        if (folder is null || !File.Exists(torchSharp))   // a script of data-scripts/ computes nothing
            return;
        if (File.Exists(Path.Combine(beside, "libtorch_cpu.so")))   // two in one process end it
            throw new IntraDistillException($"{folder}: {beside} has a libtorch of its own; build with -p:LibTorch={folder}");
        LoadFrom(Path.GetFullPath(folder), torchSharp);
    }

    /// <summary>Loads libtorch from PyTorch's <c>torch/lib</c>, and what it needs from there and from <c>../../nvidia/*/lib</c>. It must do
    /// for TorchSharp's own native library.</summary>
    internal static void LoadFrom(string folder, string torchSharp)
    {
        string libtorch = Path.Combine(folder, "libtorch.so"), cuda = Path.Combine(folder, "libtorch_cuda.so"),
            nvidia = Path.GetFullPath(Path.Combine(folder, "..", "..", "nvidia"));
        if (!Directory.Exists(folder))
            throw new IntraDistillException($"{folder}: there is no such folder; {Wanted}");
        if (!File.Exists(libtorch))
            throw new IntraDistillException($"{folder}: there is no libtorch.so in it; {Wanted}");
        using var asker = new ElfFile(torchSharp);
        using (var asked = new ElfFile(libtorch))
            if (asked.Machine != asker.Machine)
                throw new IntraDistillException(
                    $"{libtorch} is for {Processor(asked.Machine)}; expected one for {Processor(asker.Machine)}");

        string[] folders = [folder, .. Directory.Exists(nvidia)
            ? Directory.GetDirectories(nvidia).Select(one => Path.Combine(one, "lib")) : []];
        var seen = new HashSet<string>();
        nint handle = LoadWithNeeds(libtorch, folders, seen);
        if (File.Exists(cuda))      // nothing may ask for it by name, and without it torch says that there is no GPU
            LoadWithNeeds(cuda, folders, seen);

        // Functions are looked up when they are first called: one that is missing would end the process in the middle of a run.
        List<string> missing = [.. asker.Undefined().Where(symbol => !NativeLibrary.TryGetExport(handle, symbol, out _))];
        if (missing.Count > 0)
            throw new IntraDistillException($"{folder}: libtorch {VersionOf(folder) ?? "of unknown version"} lacks {missing.Count} "
                + $"functions that TorchSharp calls, such as {missing[0]}: it is too old or too new; {Seen} are known to work");
        Folder = folder;
    }

    // Those of the folders go first, by their paths: PyTorch's own search paths miss a neighbour that is not where pip puts it. One
    // that cannot be loaded alone (libtorch_nvshmem lists not all that it needs) may be when what asks for it is, which tells.
    private static nint LoadWithNeeds(string path, string[] folders, HashSet<string> seen)
    {
        using (var library = new ElfFile(path))
            foreach (string name in library.Needed().Where(seen.Add))
                if (folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } needed)
                {
                    try
                    {
                        LoadWithNeeds(needed, folders, seen);
                    }
                    catch (IntraDistillException) { }
                }
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            // .NET's advice comes first, the linker's reason last.
            throw new IntraDistillException($"{path} cannot be loaded: {e.Message.Trim().Split('\n')[^1]}; {Seen} are known to work", e);
        }
    }

    private static string? VersionOf(string folder)
    {
        string file = Path.Combine(folder, "..", "version.py");
        return File.Exists(file) && VersionLine().Match(File.ReadAllText(file)) is { Success: true } match ? match.Groups[1].Value : null;
    }

    private static string Processor(ushort machine) =>
        machine switch { 62 => "x86-64", 183 => "arm64", _ => $"processor {machine} of ELF" };

    [GeneratedRegex(@"__version__\s*=\s*['""]([^'""]+)")]
    private static partial Regex VersionLine();
}

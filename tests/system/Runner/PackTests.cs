using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using IntraDistill.Tasks;
using IntraDistill.Kernel;

namespace IntraDistill.Tests.RunnerTests;

/// <summary>The archive that carries runner, runtime and kit to a machine with PyTorch.</summary>
public class PackTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pack-");

    public PackTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "packed on Linux, for Linux");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Unpacked_it_runs_a_notebook_with_the_libtorch_of_the_machines_PyTorch()
    {
        Assert.SkipUnless(LibTorch.Folder is null, "lays out the package's libtorch as another machine's");
        string site = Path.Combine(_folder.FullName, "site-packages"), torch = Path.Combine(site, "torch", "lib");
        string neighbour = Path.Combine(site, "nvidia", "c10", "lib");
        Directory.CreateDirectory(torch);
        Directory.CreateDirectory(neighbour);
        foreach (string library in Directory.GetFiles(Path.Combine(Repository.Root, "bin"), "*.so*"))
            if (Path.GetFileName(library) is var name && name != "libLibTorchSharp.so")
                File.CreateSymbolicLink(Path.Combine(name == "libc10.so" ? neighbour : torch, name), library);
        File.WriteAllText(Path.Combine(site, "torch", "__init__.py"), "");
        File.WriteAllText(Path.Combine(site, "torch", "version.py"), "__version__ = '2.10.0+foreign'\n");
        string data = Path.Combine(_folder.FullName, "words");
        Directory.CreateDirectory(data);
        File.WriteAllText(Path.Combine(data, "words.txt"), "packed words");
        string archive = Path.Combine(_folder.FullName, "kit.tar.gz");

        await Repository.DotnetAsync("exec", "environment/kernel/bin/IntraDistill.Kernel.dll", "pack", archive, "--add", data, "--no-sdk");
        using (var gzip = new GZipStream(File.OpenRead(archive), CompressionMode.Decompress))
            TarFile.ExtractToDirectory(gzip, _folder.FullName, overwriteFiles: false);
        string kit = Path.Combine(_folder.FullName, "intradistill");
        TestNotebook.Write(Path.Combine(kit, "notebooks", "own.ipynb"), "#r \"../bin/IntraDistill.Kit.dll\"", """
            Console.WriteLine(System.IO.File.ReadAllText("../data/words/words.txt"));
            Console.WriteLine(TorchSharp.torch.arange(4).sum().item<long>());
            Console.WriteLine(IntraDistill.Machine.Describe(TorchSharp.torch.CPU));
            Console.WriteLine(System.IO.File.ReadAllText("/proc/self/maps"));
            """);

        (int code, string output) = await RunAsync(kit, ("PYTHONPATH", site));
        Assert.True(code == 0, output);
        Assert.Contains("packed words", output);
        Assert.Contains("\n    6\n", output);
        Assert.Contains("with libtorch of PyTorch 2.10.0+foreign", output);
        Assert.Contains($"{kit}/dotnet/shared/Microsoft.NETCore.App/", output);
        Assert.DoesNotContain("libtorch_cpu.so", string.Join(' ', Directory.GetFiles(kit, "*", SearchOption.AllDirectories)));

        (code, output) = await RunAsync(kit, ("INTRADISTILL_LIBTORCH", "/nowhere"));
        Assert.Equal(1, code);
        Assert.Contains("/nowhere: there is no such folder; expected the lib folder of an installed PyTorch", output);

        (code, output) = await RunAsync(kit);
        Assert.Equal(1, code);
        Assert.Equal("error: python3 has no torch; name a torch/lib in INTRADISTILL_LIBTORCH\n", output);
    }

    [Fact]
    public void What_is_added_keeps_its_place_in_the_clone_or_goes_to_data()
    {
        string outside = Path.Combine(_folder.FullName, "checkpoint.bin");
        File.WriteAllText(outside, "");
        SortedDictionary<string, string> files = PackCommand.Files(
            [outside, Path.Combine(Repository.Root, "tests", "Runner")], withSdk: false);
        Assert.Equal(outside, files["data/checkpoint.bin"]);
        Assert.Contains("tests/Runner/TestNotebook.cs", files.Keys);
    }

    [Fact]
    public void What_is_not_there_or_has_a_place_twice_is_refused()
    {
        Assert.Contains("/nowhere: there is no such", Assert.Throws<RunnerException>(() => PackCommand.Files(["/nowhere"], withSdk: false)).Message);
        string[] two = [_folder.CreateSubdirectory("a/x").FullName, _folder.CreateSubdirectory("b/x").FullName];
        foreach (string folder in two)
            File.WriteAllText(Path.Combine(folder, "same.txt"), "");
        Assert.Contains($"{two[1]}: another file", Assert.Throws<RunnerException>(() => PackCommand.Files(two, withSdk: false)).Message);
    }

    [Fact]
    public void The_SDKs_texts_are_packed_and_are_all_that_its_corpora_read()
    {
        string root = Path.Combine(_folder.FullName, "dotnet");
        foreach ((string place, string source) in PackCommand.Files([], withSdk: true))
        {
            if (!place.StartsWith("dotnet/sdk/", StringComparison.Ordinal) && !place.StartsWith("dotnet/packs/", StringComparison.Ordinal))
                continue;
            string copy = Path.Combine(_folder.FullName, place);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.CreateSymbolicLink(copy, source);
        }
        SdkCorpus here = SdkCorpus.Load(), there = SdkCorpus.Load(new SdkCorpusSettings { DotnetRoot = root });
        Assert.Equal((here.SdkVersion, here.Counts), (there.SdkVersion, there.Counts));
        Assert.Equal(Texts(here), Texts(there));
        Assert.Equal(SdkDocumentation.Load().Pairs(), SdkDocumentation.Load(new SdkCorpusSettings { DotnetRoot = root }).Pairs());

        static IEnumerable<string> Texts(SdkCorpus of) =>
            of.Messages.SelectMany(message => message.Texts.OrderBy(text => text.Key).Select(text => $"{message.Key} {text.Key} {text.Value}"));
    }

    // As on a machine without .NET: no variable of this one, and of its programs those of the system that are not dotnet.
    private async Task<(int Code, string Output)> RunAsync(string kit, params (string Name, string Value)[] environment)
    {
        string programs = Path.Combine(_folder.FullName, "programs");
        if (!Directory.Exists(programs))
        {
            Directory.CreateDirectory(programs);
            foreach (string program in (string[])["dirname", "python3"])
                File.CreateSymbolicLink(Path.Combine(programs, program), $"/usr/bin/{program}");
        }
        var start = new ProcessStartInfo("/bin/sh", ["run", "notebooks/own.ipynb"])
        {
            WorkingDirectory = kit, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = programs;
        start.Environment["HOME"] = kit;
        start.Environment["OMP_NUM_THREADS"] = "1";
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }
}

using System.Text.Json;

namespace IntraDistill.Tests.BuildTests;

/// <summary>The libtorch of an installed PyTorch in place of the package: what is asked of it before it is used.</summary>
public class LibTorchTests : IDisposable
{
    private const int Machine = 18;   // of an ELF header: e_machine

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("libtorch-");

    private static string TorchSharp => Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");

    public LibTorchTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "an installed PyTorch is taken on Linux only");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_library_says_what_it_needs()
    {
        using var library = new ElfFile(TorchSharp);
        Assert.Equal(["libtorch.so", "libc10.so", "libtorch_cpu.so"], library.Needed().Take(3));
        List<string> undefined = library.Undefined();
        Assert.Contains("_ZN3c104impl23ExcludeDispatchKeyGuardC2ENS_14DispatchKeySetE", undefined);
        // Of a version, and called by nothing; then weak.
        Assert.DoesNotContain("_ZSt21ios_base_library_initv", undefined);
        Assert.DoesNotContain("_ZTHN3c104impl26raw_local_dispatch_key_setE", undefined);
    }

    [Fact]
    public void A_folder_that_is_not_there_or_has_no_libtorch_is_named_with_what_was_expected()
    {
        Assert.Contains("/nowhere/lib: there is no such folder; expected the lib folder", Refused("/nowhere/lib"));
        Assert.Contains($"{_folder}: there is no libtorch.so in it; expected the lib folder", Refused());
    }

    [Fact]
    public void A_libtorch_for_another_processor_is_refused()
    {
        byte[] elf = File.ReadAllBytes(TorchSharp);
        elf[Machine] = 183;
        File.WriteAllBytes(LibraryPath, elf);
        Assert.Contains("libtorch.so is for arm64; expected one for x86-64", Refused());
    }

    [Fact]
    public void A_file_that_is_no_library_or_cut_short_is_refused()
    {
        foreach (byte[] bytes in (byte[][])[[], new byte[100], File.ReadAllBytes(TorchSharp)[..^1]])
        {
            File.WriteAllBytes(LibraryPath, bytes);
            Assert.Contains("libtorch.so: expected a 64-bit library of Linux (ELF), whole", Refused());
        }
    }

    [Fact]
    public void A_libtorch_without_the_functions_that_TorchSharp_calls_is_refused_before_one_is_called()
    {
        // Any library that loads has none of them.
        File.Copy(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libSystem.Native.so"), LibraryPath);
        Assert.Matches("libtorch of unknown version lacks \\d+ functions that TorchSharp calls, such as _Z.*known to work", Refused());
    }

    [Fact]
    public void A_neighbour_that_cannot_be_loaded_by_itself_is_left_to_what_asks_for_it()
    {
        File.Copy(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libSystem.Native.so"), LibraryPath);
        using (var library = new ElfFile(LibraryPath))
            File.WriteAllText(Path.Combine(_folder.FullName, library.Needed()[0]), "of no use alone");
        // It came as far as the check of the functions.
        Assert.Matches("libtorch of unknown version lacks \\d+ functions", Refused());
    }

    [Fact]
    public void What_it_needs_and_has_not_is_named()
    {
        byte[] elf = File.ReadAllBytes(TorchSharp);
        "libtorcx.so\0"u8.CopyTo(elf.AsSpan(elf.AsSpan().IndexOf("libtorch.so\0"u8)));
        File.WriteAllBytes(LibraryPath, elf);
        Assert.Contains("libtorch.so cannot be loaded: libtorcx.so: cannot open", Refused());
    }

    [Fact]
    public void It_is_refused_beside_another_and_not_looked_at_where_nothing_computes()
    {
        Assert.SkipUnless(LibTorch.Folder is null, "these tests were built without a libtorch of their own");
        Assert.Contains("/a/lib: ", Assert.Throws<IntraDistillException>(() => LibTorch.Load("/a/lib", AppContext.BaseDirectory)).Message);
        LibTorch.Load("/a/lib", _folder.FullName);
        LibTorch.Load(null, AppContext.BaseDirectory);
        Assert.Null(LibTorch.Folder);
    }

    [Fact]
    public async Task It_takes_the_place_of_the_package_and_is_remembered()
    {
        string lib = _folder.FullName;
        File.Create(LibraryPath).Dispose();
        JsonElement items = JsonDocument.Parse(await Repository.DotnetAsync("msbuild", "IntraDistill.Kit.csproj", "-t:CheckLibTorch",
            "-getItem:PackageReference,AssemblyMetadata", $"-p:LibTorch={lib}")).RootElement.GetProperty("Items");
        string[] Of(string kind, string value) => [.. items.GetProperty(kind).EnumerateArray().Select(item => item.GetProperty(value).GetString()!)];
        Assert.DoesNotContain(Of("PackageReference", "Identity"), name => name.StartsWith("libtorch", StringComparison.Ordinal));
        Assert.Contains(lib, Of("AssemblyMetadata", "Value"));
    }

    [Fact]
    public async Task A_build_for_a_folder_without_libtorch_fails_with_its_name()
    {
        var failed = await Assert.ThrowsAnyAsync<Exception>(() => Repository.DotnetAsync(
            "msbuild", "IntraDistill.Kit.csproj", "-t:CheckLibTorch", $"-p:LibTorch={_folder}"));
        Assert.Contains($"error : LibTorch={_folder}: there is no libtorch.so; expected what", failed.Message);
    }

    private string LibraryPath => Path.Combine(_folder.FullName, "libtorch.so");

    private string Refused(string? folder = null) =>
        Assert.Throws<IntraDistillException>(() => LibTorch.LoadFrom(folder ?? _folder.FullName, TorchSharp)).Message;
}

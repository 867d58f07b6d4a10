using System.Text;
using IntraDistill.Build;

namespace IntraDistill.Tests.BuildTests;

/// <summary>The build step that lets libLibTorchSharp.so load on systems whose libstdc++ stops short of GLIBCXX_3.4.32.</summary>
public class WeakenGlibcxxTests
{
    private const int VersionNeeds = 64, Flags = VersionNeeds + 16 + 16 + 4;   // of the second entry

    [Fact]
    public void Only_the_flag_of_the_version_reference_changes_and_only_once()
    {
        byte[] elf = Elf(0x0297f842);
        byte[] before = [.. elf];

        Assert.True(WeakenGlibcxx.Weaken(elf));
        Assert.False(WeakenGlibcxx.Weaken(elf));

        Assert.Equal(2, elf[Flags]);
        elf[Flags] = 0;
        Assert.Equal(before, elf);
    }

    [Fact]
    public void A_file_without_that_reference_is_left_alone()
    {
        byte[] elf = Elf(0x02297f84);
        byte[] before = [.. elf];
        Assert.False(WeakenGlibcxx.Weaken(elf));
        Assert.Equal(before, elf);
    }

    [Fact]
    public void What_is_not_an_ELF_file_or_is_cut_short_is_refused()
    {
        Assert.Contains("ELF", Assert.Throws<InvalidDataException>(() => WeakenGlibcxx.Weaken(Encoding.ASCII.GetBytes("MZ" + new string(' ', 100)))).Message);
        byte[] elf = Elf(0x0297f842);
        for (int length = 64; length < elf.Length; length++)
            Assert.Throws<InvalidDataException>(() => WeakenGlibcxx.Weaken(elf[..length]));
    }

    [Fact]
    public void The_task_replaces_the_file_without_writing_through_a_hard_link()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("weaken-");
        try
        {
            string library = Path.Combine(folder.FullName, "lib.so"), other = Path.Combine(folder.FullName, "cache.so");
            File.WriteAllBytes(other, Elf(0x0297f842));
            DateTime time = new(2024, 2, 3, 4, 5, 6, DateTimeKind.Utc);
            File.SetLastWriteTimeUtc(other, time);
            if (OperatingSystem.IsWindows())
                File.Copy(other, library);
            else
                System.Diagnostics.Process.Start("ln", [other, library])!.WaitForExit();

            Assert.True(new WeakenGlibcxx { Library = library, BuildEngine = new SilentEngine() }.Execute());

            Assert.Equal(2, File.ReadAllBytes(library)[Flags]);
            Assert.Equal(Elf(0x0297f842), File.ReadAllBytes(other));
            Assert.Equal(2, folder.GetFiles().Length);
            // Or the next build would take the original for newer and copy it again.
            Assert.Equal(time, File.GetLastWriteTimeUtc(library));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void What_it_cannot_mend_fails_the_build_with_the_file_named()
    {
        var engine = new SilentEngine();
        Assert.False(new WeakenGlibcxx { Library = "/nowhere/lib.so", BuildEngine = engine }.Execute());
        Assert.Contains("/nowhere/lib.so", Assert.Single(engine.Errors));
    }

    /// <summary>The least ELF file with a .gnu.version_r: header, two version entries, one section header at its end.</summary>
    private static byte[] Elf(uint hash)
    {
        byte[] elf = new byte[64 + 16 + 2 * 16 + 64];
        using var writer = new BinaryWriter(new MemoryStream(elf));
        void At(int offset, Action write)
        {
            writer.Seek(offset, SeekOrigin.Begin);
            write();
        }
        At(0, () => writer.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]));
        int sections = elf.Length - 64;
        At(0x28, () => writer.Write((ulong)sections));
        At(0x3a, () => { writer.Write((ushort)64); writer.Write((ushort)1); });
        At(VersionNeeds, () => { writer.Write((ushort)1); writer.Write((ushort)2); writer.Write(0u); writer.Write(16u); writer.Write(0u); });
        At(VersionNeeds + 16, () => { writer.Write(0x08922974u); writer.Write((ushort)0); writer.Write((ushort)7); writer.Write(0u); writer.Write(16u); });
        At(VersionNeeds + 32, () => { writer.Write(hash); writer.Write((ushort)0); writer.Write((ushort)8); writer.Write(0u); writer.Write(0u); });
        At(sections + 4, () => writer.Write(0x6ffffffeu));
        At(sections + 0x18, () => writer.Write((ulong)VersionNeeds));
        At(sections + 0x2c, () => writer.Write(1u));
        return elf;
    }
}

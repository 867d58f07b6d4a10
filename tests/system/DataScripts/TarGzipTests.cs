using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using IntraDistill.DataScripts;

namespace IntraDistill.Tests.DataScripts;

public sealed class TarGzipTests : IDisposable
{
    private static readonly ArchiveLimits s_limits = new(1_000_000, 100);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    internal static TarEntry FileEntry(string path, byte[] content) =>
        new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(content) };

    internal static byte[] Archive(params TarEntry[] entries)
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest))
        using (var tar = new TarWriter(gzip))
            foreach (TarEntry entry in entries)
                tar.WriteEntry(entry);
        return bytes.ToArray();
    }

    private IReadOnlyList<string> Extract(byte[] archive, Func<string, bool>? wanted = null, ArchiveLimits? limits = null) =>
        TarGzip.Extract(new MemoryStream(archive), "a.tgz", _folder["target"], wanted ?? (_ => true), limits ?? s_limits,
            TestContext.Current.CancellationToken);

    private string Refused(byte[] archive, ArchiveLimits? limits = null)
    {
        string message = Assert.Throws<ArchiveException>(() => Extract(archive, limits: limits)).Message;
        Assert.StartsWith("a.tgz: ", message);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain(_folder.Files, file => file.Contains("evil"));
        return message;
    }

    [Fact]
    public void The_wanted_files_are_written_under_their_paths()
    {
        byte[] archive = Archive(new PaxTarEntry(TarEntryType.Directory, "d/"), FileEntry("d/a.txt", "A"u8.ToArray()),
            FileEntry("./d/e/b.txt", []), FileEntry("d/c.bin", [1]));
        Assert.Equal(["d/a.txt", "d/e/b.txt"], Extract(archive, path => path.EndsWith(".txt")));
        Assert.Equal(["target/d/a.txt", "target/d/e/b.txt"], _folder.Files);
        Assert.Equal("A", File.ReadAllText(_folder["target/d/a.txt"]));
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("d/../../evil")]
    [InlineData("/evil")]
    [InlineData("d//evil")]
    [InlineData("d/./evil")]
    [InlineData("..\\evil")]
    [InlineData("C:evil")]
    [InlineData("C:/evil")]
    public void A_path_outside_the_target_is_refused(string path) =>
        Assert.Contains("does not stay inside", Refused(Archive(FileEntry(path, [1]))));

    [Theory]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    [InlineData(TarEntryType.CharacterDevice)]
    [InlineData(TarEntryType.BlockDevice)]
    [InlineData(TarEntryType.Fifo)]
    public void Whatever_is_no_plain_file_is_refused(TarEntryType type)
    {
        var entry = new PaxTarEntry(type, "evil");
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            entry.LinkName = "../../outside";
        Assert.Contains($"is a {type}", Refused(Archive(entry)));
    }

    [Fact]
    public void A_file_is_not_written_through_a_link_that_came_before_it()
    {
        Refused(Archive(new PaxTarEntry(TarEntryType.SymbolicLink, "d") { LinkName = _folder.Path }, FileEntry("d/evil", [1])));
        Assert.Empty(_folder.Files);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("A")]
    public void A_file_twice_is_refused(string second) =>
        Assert.Contains("twice", Refused(Archive(FileEntry("a", [1]), FileEntry(second, [2]))));

    [Fact]
    public void A_bomb_ends_at_the_bound()
    {
        byte[] bomb = Archive(FileEntry("bomb", new byte[20_000_000]));
        Assert.True(bomb.Length < 200_000);
        Assert.Contains("more than 1000000 bytes", Refused(bomb));
        Assert.True(new FileInfo(_folder["target/bomb"]).Length <= s_limits.MaxBytes);
    }

    [Fact]
    public void A_bomb_that_nobody_wants_ends_at_the_bound_too()
    {
        byte[] bomb = Archive(FileEntry("bomb", new byte[20_000_000]), FileEntry("a", [1]));
        Assert.Contains("more than 1000000 bytes",
            Assert.Throws<ArchiveException>(() => Extract(bomb, path => path == "a")).Message);
    }

    [Fact]
    public void Too_many_entries_are_refused() => Assert.Contains("more than 100 entries",
        Refused(Archive([.. Enumerable.Range(0, 101).Select(i => FileEntry($"f{i}", []))])));

    [Fact]
    public void A_truncated_archive_is_refused()
    {
        var content = new byte[100_000];
        new Random(1).NextBytes(content);
        byte[] archive = Archive(FileEntry("a", content));
        foreach (int length in (int[])[archive.Length / 2, 300, 5])
        {
            Refused(archive[..length]);
            File.Delete(_folder["target/a"]);
        }
    }

    [Fact]
    public void What_is_no_archive_is_refused() =>
        Assert.Contains("not a whole .tar.gz archive", Refused(Encoding.UTF8.GetBytes("<html>not an archive</html>")));

    [Fact]
    public void A_file_that_is_there_already_is_not_overwritten()
    {
        Extract(Archive(FileEntry("a", [1])));
        Assert.Contains("cannot be written", Refused(Archive(FileEntry("a", [2]))));
        Assert.Equal([1], File.ReadAllBytes(_folder["target/a"]));
    }
}

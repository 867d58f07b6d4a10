using System.IO.Compression;
using System.Text;
using IntraDistill.DataScripts;

namespace IntraDistill.Tests.DataScripts;

public sealed class ZipFilesTests : IDisposable
{
    private static readonly ArchiveLimits s_limits = new(1_000_000, 100);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    internal static byte[] Archive(params (string Path, byte[] Content)[] files) =>
        Archive(CompressionLevel.Fastest, 0, files);

    private static byte[] Archive(CompressionLevel level, int unixMode, params (string Path, byte[] Content)[] files)
    {
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach ((string path, byte[] content) in files)
            {
                ZipArchiveEntry entry = zip.CreateEntry(path, level);
                entry.ExternalAttributes = unixMode << 16;
                using Stream stream = entry.Open();
                stream.Write(content);
            }
        return bytes.ToArray();
    }

    private IReadOnlyList<string> Extract(byte[] archive, Func<string, bool>? wanted = null, ArchiveLimits? limits = null) =>
        ZipFiles.Extract(new MemoryStream(archive), "a.zip",
            path => wanted?.Invoke(path) ?? true ? _folder[Path.Combine("target", path)] : null, limits ?? s_limits,
            TestContext.Current.CancellationToken);

    private string Refused(byte[] archive, ArchiveLimits? limits = null)
    {
        string message = Assert.Throws<ArchiveException>(() => Extract(archive, limits: limits)).Message;
        Assert.StartsWith("a.zip: ", message);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain(_folder.Files, file => file.Contains("evil"));
        return message;
    }

    [Fact]
    public void The_wanted_files_are_written_and_folders_are_made()
    {
        byte[] archive = Archive(("d/", []), ("d/a.txt", "A"u8.ToArray()), ("./d/e/b.txt", []), ("d/c.bin", [1]));
        Assert.Equal(["d/a.txt", "d/e/b.txt"], Extract(archive, path => path.EndsWith(".txt")));
        Assert.Equal(["target/d/a.txt", "target/d/e/b.txt"], _folder.Files);
        Assert.Equal("A", File.ReadAllText(_folder["target/d/a.txt"]));
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("d/../../evil")]
    [InlineData("/evil")]
    [InlineData("d//evil")]
    [InlineData("..\\evil")]
    [InlineData("C:/evil")]
    public void A_path_outside_the_target_is_refused(string path) =>
        Assert.Contains("does not stay inside", Refused(Archive((path, [1]))));

    [Theory]
    [InlineData(0xA1FF, "0xA000")] // a symbolic link
    [InlineData(0x2180, "0x2000")] // a character device
    [InlineData(0x1180, "0x1000")] // a pipe
    public void Whatever_is_no_plain_file_is_refused(int mode, string kind) => Assert.Contains(
        $"evil is of Unix kind {kind}", Refused(Archive(CompressionLevel.Fastest, mode, ("evil", "/etc/passwd"u8.ToArray()))));

    [Fact]
    public void A_file_with_the_attributes_of_a_Unix_file_is_written() =>
        Assert.Equal(["a"], Extract(Archive(CompressionLevel.Fastest, 0x81A4, ("a", [1]))));

    [Theory]
    [InlineData("a")]
    [InlineData("A")]
    public void A_file_twice_is_refused(string second) =>
        Assert.Contains("twice", Refused(Archive(("a", [1]), (second, [2]))));

    [Fact]
    public void A_bomb_is_not_unpacked()
    {
        byte[] bomb = Archive(("a", new byte[999_999]), ("bomb", new byte[20_000_000]));
        Assert.True(bomb.Length < s_limits.MaxBytes / 2);
        Assert.Contains("more than 1000000 bytes", Refused(bomb));
        Assert.Equal(["target/a"], _folder.Files);
    }

    [Fact]
    public void What_nobody_wants_is_not_unpacked_and_does_not_count() => Assert.Equal(["a"], Extract(
        Archive(("bomb", new byte[20_000_000]), ("a", [1])), path => path == "a", s_limits with { MaxBytes = 1 }));

    [Fact]
    public void A_bomb_that_lies_about_its_length_ends_there()
    {
        byte[] bomb = Archive(("bomb", new byte[20_000_000]));
        int directory = bomb.AsSpan().LastIndexOf("PK\x01\x02"u8);
        BitConverter.TryWriteBytes(bomb.AsSpan(directory + 24), 5);   // the length after decompression
        Refused(bomb);
        Assert.True(new FileInfo(_folder["target/bomb"]).Length <= 5);
    }

    [Fact]
    public void A_changed_byte_is_found_by_the_checksum()
    {
        byte[] archive = Archive(CompressionLevel.NoCompression, 0, ("a", "some content"u8.ToArray()));
        archive[archive.AsSpan().IndexOf("content"u8)] ^= 1;
        Assert.Contains("a is not what its length and checksum say", Refused(archive));
    }

    [Fact]
    public void Too_many_entries_are_refused() => Assert.Contains("more than 100 entries",
        Refused(Archive([.. Enumerable.Range(0, 101).Select(i => ($"f{i}", new byte[0]))])));

    [Fact]
    public void A_truncated_archive_and_what_is_none_are_refused()
    {
        var content = new byte[100_000];
        new Random(1).NextBytes(content);
        byte[] archive = Archive(("a", content));
        foreach (int length in (int[])[archive.Length - 1, archive.Length / 2, 5, 0])
            Assert.Contains("not a whole .zip archive", Refused(archive[..length]));
        Assert.Contains("not a whole .zip archive", Refused(Encoding.UTF8.GetBytes("<html>not an archive</html>")));
        Assert.Empty(_folder.Files);
    }

    [Fact]
    public void Damaged_archives_give_the_file_or_a_typed_error()
    {
        byte[] content = [.. Enumerable.Range(0, 2_000).Select(i => (byte)(i * i % 251))];
        byte[] archive = Archive(("a", content));
        var random = new Random(7);
        for (int round = 0; round < 500; round++)
        {
            byte[] damaged = [.. archive];
            for (int i = random.Next(1, 4); i > 0; i--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            string target = _folder[$"damaged{round}"];
            try
            {
                ZipFiles.Extract(
                    new MemoryStream(damaged), "a.zip", _ => target, s_limits, TestContext.Current.CancellationToken);
                if (File.Exists(target))
                    Assert.Equal(content, File.ReadAllBytes(target));
            }
            catch (ArchiveException e)
            {
                Assert.StartsWith("a.zip: ", e.Message);
            }
        }
    }

    [Fact]
    public void A_file_that_is_there_already_is_not_overwritten()
    {
        Extract(Archive(("a", [1])));
        Assert.Contains("cannot be written", Refused(Archive(("a", [2]))));
        Assert.Equal([1], File.ReadAllBytes(_folder["target/a"]));
    }
}

using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntraDistill.DataScripts;

/// <summary>
/// The <c>*.part</c> file of a download: it grows and is hashed while it is written, and is moved to its place only when
/// it is whole. <c>*.part.json</c> beside it says which version of which address it is, so that a later run can go on.
/// </summary>
internal sealed class PartFile(string target)
{
    private const int Unbuffered = 0;   // a full disk is found out by the write itself, not when the file is closed

    private string NotePath => Path + ".json";

    /// <summary>The unfinished file.</summary>
    public string Path { get; } = target + ".part";

    /// <summary>Bytes on disk; 0 if there is no file.</summary>
    public long Length => File.Exists(Path) ? new FileInfo(Path).Length : 0;

    /// <summary>The ETag or date of what this is a part of, if it came from this address; null: it cannot be continued.</summary>
    public string? ValidatorFor(Uri address)
    {
        try
        {
            JsonNode? note = JsonNode.Parse(File.ReadAllBytes(NotePath));
            return note?["url"]?.GetValue<string>() == address.ToString() ? note["validator"]?.GetValue<string>() : null;
        }
        catch (Exception e) when (e is IOException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Opens the part for appending, or anew, and feeds what it holds to the hash.</summary>
    public FileStream Open(bool append, Uri address, string? validator, IncrementalHash hash) => Writing(() =>
    {
        if (!append)
        {
            // The old note goes first: it must never stand beside bytes that it does not speak of.
            File.Delete(NotePath);
            var fresh = new FileStream(Path, FileMode.Create, FileAccess.Write, FileShare.Read, Unbuffered);
            var note = new JsonObject { ["url"] = address.ToString(), ["validator"] = validator };
            if (validator is not null)
                File.WriteAllText(NotePath, note.ToJsonString());
            return fresh;
        }
        var stream = new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, Unbuffered);
        var buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
            hash.AppendData(buffer, 0, read);
        return stream;
    });

    /// <summary>Appends to the open part.</summary>
    public void Write(FileStream stream, ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream.Write(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>Moves the whole file to its place.</summary>
    public void Finish() => Writing(() =>
    {
        File.Move(Path, target, overwrite: true);
        File.Delete(NotePath);
        return true;
    });

    /// <summary>Removes the part and its note.</summary>
    public void Delete() => Writing(() =>
    {
        File.Delete(Path);
        File.Delete(NotePath);
        return true;
    });

    private T Writing<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    private DownloadException Unwritable(Exception e) => new($"{Path}: cannot be written: {e.Message}", e);
}

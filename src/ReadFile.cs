using System.Text.Json;

namespace IntraDistill;

/// <summary>Reads files; an error of the system becomes one that names the file.</summary>
internal static class ReadFile
{
    public static byte[] Bytes(string path) => Of(path, () => File.ReadAllBytes(path));

    public static JsonDocument Json(string path)
    {
        try
        {
            return JsonDocument.Parse(Bytes(path));
        }
        catch (JsonException e)
        {
            throw new IntraDistillException($"{path}:{(e.LineNumber ?? 0) + 1}: not JSON", e);
        }
    }

    /// <summary>What reads a file, or a part of it.</summary>
    public static T Of<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IntraDistillException($"{path}: cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }
}

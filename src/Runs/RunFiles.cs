using System.Text;
using System.Text.Json;

namespace IntraDistill.Runs;

/// <summary>Reading and writing the files of a run's folder.</summary>
internal static class RunFiles
{
    public const string Config = "config.json", Metrics = "metrics.jsonl", Hypotheses = "hypotheses.txt",
        Result = "result.json", Lock = "lock", Owner = "owner.json", Checkpoints = "checkpoints", Temporary = ".tmp";

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>
    /// Writes a file whole or not at all. Its temporary file has always the same name: the folder's lock is held, and what a
    /// killed process left of one is written over.
    /// </summary>
    public static void Write(string path, string text)
    {
        string temporary = path + Temporary;
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(s_utf8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>The text of a file.</summary>
    /// <exception cref="RunFileException">It cannot be read.</exception>
    public static string Read(string path)
    {
        try
        {
            // Whoever writes the file meanwhile is not disturbed: it is replaced, or appended to.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file, s_utf8);
            return reader.ReadToEnd();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunFileException(path, 0, $"cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Reads what a JSON text holds.</summary>
    /// <param name="path">The file it comes from.</param>
    /// <param name="firstLine">The line of the file at which the text begins, from 1.</param>
    /// <param name="json">The text.</param>
    /// <param name="read">Takes it apart; its errors become one that names file and line.</param>
    public static T Parse<T>(string path, int firstLine, string json, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return read(document.RootElement);
        }
        catch (JsonException error)
        {
            throw new RunFileException(path, firstLine + (error.LineNumber ?? 0),
                "not JSON; it was damaged after it was written", error);
        }
        catch (Exception error) when (error is FormatException or IntraDistillException or KeyNotFoundException
            or InvalidOperationException)
        {
            throw new RunFileException(path, firstLine, $"not what a run writes: {error.Message}", error);
        }
    }
}

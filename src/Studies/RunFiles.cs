using System.Globalization;
using System.Text;
using System.Text.Json;

namespace IntraDistill;

/// <summary>Reading and writing the files of a run's folder.</summary>
internal static class RunFiles
{
    public const string Config = "config.json", Metrics = "metrics.jsonl", Hypotheses = "hypotheses.txt",
        Result = "result.json", Lock = "lock", Owner = "owner.json", Checkpoints = "checkpoints",
        BrokenSuffix = ".broken-";

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes a file whole or not at all; the folder's lock is held.</summary>
    public static void Write(string path, string text) => AtomicFile.Write(path, text, held: true);

    /// <summary>The text of a file.</summary>
    /// <exception cref="RunFileException">It cannot be read.</exception>
    public static string Read(string path) => Read(path, file =>
    {
        using var reader = new StreamReader(file, s_utf8);
        return reader.ReadToEnd();
    });

    /// <summary>What is made of a file's bytes.</summary>
    /// <exception cref="RunFileException">It cannot be read.</exception>
    public static T Read<T>(string path, Func<FileStream, T> read)
    {
        try
        {
            // Whoever writes the file meanwhile is not disturbed: it is replaced, or appended to.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return read(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunFileException(path, 0, $"cannot be read: {error.Message}", error);
        }
    }

    /// <summary>A value of a JSON object.</summary>
    /// <exception cref="FormatException">It is not there.</exception>
    public static JsonElement Get(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value)
        ? value : throw new FormatException($"\"{name}\" is missing");

    /// <summary>
    /// Moves what is in a run's folder, all but its lock, to a folder beside it that says it is broken. The lock is held and
    /// stays where others wait for it.
    /// </summary>
    public static void SetAside(string folder)
    {
        string[] names = [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path))
            .Where(name => name is not (Lock or Owner) && !name.EndsWith(AtomicFile.Temporary, StringComparison.Ordinal))];
        if (names.Length == 0)
            return;
        int number = 1;
        while (Directory.Exists(Aside(number)))
            number++;
        // Without a config these may be what a process killed in here had not moved yet.
        if (number > 1 && !names.Contains(Config) && !names.Any(name => Path.Exists(Path.Combine(Aside(number - 1), name))))
            number--;
        Directory.CreateDirectory(Aside(number));
        // The config first: what is left of a folder without one is never taken for a run.
        foreach (string name in names.OrderBy(name => name != Config))
        {
            string from = Path.Combine(folder, name), to = Path.Combine(Aside(number), name);
            if (Directory.Exists(from))
                Directory.Move(from, to);
            else
                File.Move(from, to);
        }

        string Aside(int n) => $"{folder}{BrokenSuffix}{n}";
    }

    /// <summary>Whether a folder is one that <see cref="SetAside"/> made.</summary>
    public static bool IsSetAside(string folder)
    {
        string name = Path.GetFileName(folder);
        int at = name.LastIndexOf(BrokenSuffix, StringComparison.Ordinal);
        return at >= 0 && int.TryParse(name.AsSpan(at + BrokenSuffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _);
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

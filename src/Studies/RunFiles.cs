using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace IntraDistill;

/// <summary>Reading and writing the files of a run's folder.</summary>
internal static class RunFiles
{
    public const string Config = "config.json", Metrics = "metrics.jsonl", Hypotheses = "hypotheses.txt",
        Result = "result.json", Lock = "lock", Owner = "owner.json", Checkpoints = "checkpoints";

    // The folder's lock is held.
    public static void Write(string path, string text) => AtomicFile.Write(path, text, held: true);

    public static string Read(string path) => Read(path, file =>
    {
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    });

    /// <exception cref="RunFileException">The file cannot be read.</exception>
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

    /// <exception cref="FormatException">There is no value of this name.</exception>
    public static JsonElement Get(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value)
        ? value : throw new FormatException($"\"{name}\" is missing");

    /// <summary>Moves what is in a run's folder, all but its lock, to a folder beside it that says it is broken. The lock stays: others
    /// wait for it.</summary>
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
        // The config first: what is left of a folder without one is never taken for a run. Directory.Move moves files as well.
        foreach (string name in names.OrderBy(name => name != Config))
            Directory.Move(Path.Combine(folder, name), Path.Combine(Aside(number), name));

        string Aside(int n) => $"{folder}.broken-{n}";
    }

    /// <summary>Whether a folder is one that <see cref="SetAside"/> made.</summary>
    public static bool IsSetAside(string folder) => Regex.IsMatch(folder, @"\.broken-[0-9]+\z");

    /// <summary>Takes a JSON text apart that begins at a line of a file, from 1; errors become one that names file and line.</summary>
    public static T Parse<T>(string path, int firstLine, string json, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return read(document.RootElement);
        }
        catch (JsonException error)
        {
            throw new RunFileException(path, firstLine + (error.LineNumber ?? 0), "not JSON; it was damaged after it was written", error);
        }
        catch (Exception error) when (error is FormatException or IntraDistillException or InvalidOperationException)
        {
            throw new RunFileException(path, firstLine, $"not what a run writes: {error.Message}", error);
        }
    }
}

/// <summary>A file of a run is not what was written; the message begins with <c>file:line:</c>, without a line (0) where all is
/// meant.</summary>
internal sealed class RunFileException(string path, long line, string message, Exception? inner = null)
    : IntraDistillException(line > 0 ? $"{path}:{line}: {message}" : $"{path}: {message}", inner!);

/// <summary><c>result.json</c>: the result, and number of lines and SHA-256 of every file that was stored before it, so that a run whose
/// files were changed, cut, lost or exchanged later is seen to be broken. A hash over all of it guards the file itself.</summary>
internal static class RunOutputs
{
    private const string Result = "result", Files = "files", Lines = "lines", FileHash = "sha256", Hash = "hash";

    /// <summary>A file as it was when the run was done.</summary>
    private sealed record StoredFile(string Name, long Lines, string Hash);

    /// <summary>The name of a file of hypotheses.</summary>
    /// <exception cref="IntraDistillException">The set's name cannot be part of one.</exception>
    public static string HypothesesOf(string? set)
    {
        if (set is null)
            return RunFiles.Hypotheses;
        if (set.Length == 0 || !set.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.'))
            throw new IntraDistillException($"hypotheses of \"{set}\": a name of letters (a to z), digits, - and . was expected");
        return $"hypotheses.{set}.txt";
    }

    /// <summary>Stores a result, after all other files.</summary>
    public static void Write(string folder, RunValues result)
    {
        StoredFile[] files = [.. Names(folder).Select(name => Read(folder, name))];
        static string Json(string text) => JsonSerializer.Serialize(text, RunValue.Readable);
        RunFiles.Write(Path.Combine(folder, RunFiles.Result), $$"""
            {
              "{{Result}}": {{result.ToJson()}},
              "{{Files}}": {
            {{string.Join(",\n", files.Select(file =>
                FormattableString.Invariant($"    {Json(file.Name)}: {{\"{Lines}\": {file.Lines}, \"{FileHash}\": \"{file.Hash}\"}}")))}}
              },
              "{{Hash}}": "{{HashOf(result, files)}}"
            }

            """);
    }

    /// <summary>The result of a run whose files are as they were stored; null where it has none.</summary>
    /// <exception cref="IntraDistillException">A file is not what was stored; the message says what was expected.</exception>
    public static RunValues? ReadResult(string folder)
    {
        string path = Path.Combine(folder, RunFiles.Result);
        if (!Path.Exists(path))
            return null;
        var (result, files, hash) = RunFiles.Parse(path, 1, RunFiles.Read(path), root => (
            new RunValues(RunValues.Read(RunFiles.Get(root, Result))),
            RunFiles.Get(root, Files).EnumerateObject().Select(file => new StoredFile(file.Name,
                RunFiles.Get(file.Value, Lines).GetInt64(), RunFiles.Get(file.Value, FileHash).GetString() ?? "")).ToArray(),
            RunFiles.Get(root, Hash).GetString()));
        string expected = HashOf(result, files);
        if (hash != expected)
            throw new RunFileException(path, 0,
                $"was changed after it was written: its hash is {Short(hash ?? "")}, expected {Short(expected)}");
        foreach (StoredFile file in files)
            Check(Path.Combine(folder, file.Name), file);
        return Names(folder).Except(files.Select(file => file.Name)).FirstOrDefault() is not { } more ? result
            : throw new RunFileException(Path.Combine(folder, more), 0,
                $"came after the run was done: {RunFiles.Result} knows no such file");

        void Check(string file, StoredFile stored)
        {
            string said = FormattableString.Invariant($"{RunFiles.Result} says {stored.Lines:N0}");
            if (!Path.Exists(file))
                throw new RunFileException(file, 0, $"is missing: {said} lines");
            StoredFile found = Read(folder, stored.Name);
            if (found.Lines != stored.Lines)
                throw new RunFileException(file, 0, FormattableString.Invariant($"has {found.Lines:N0} lines, {said}"));
            if (found.Hash != stored.Hash)
                throw new RunFileException(file, 0, $"was changed after it was written: its SHA-256 is {Short(found.Hash)}, "
                    + $"{RunFiles.Result} says {Short(stored.Hash)}");
        }
    }

    // The files that results rest on, of those that are there.
    private static IEnumerable<string> Names(string folder) => Directory.EnumerateFileSystemEntries(folder)
        .Select(path => Path.GetFileName(path)).Where(name => name is RunFiles.Config or RunFiles.Metrics or RunFiles.Hypotheses
            || name.EndsWith(".safetensors", StringComparison.Ordinal)      // measured of a model
            || name.StartsWith("hypotheses.", StringComparison.Ordinal) && name.EndsWith(".txt", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    private static StoredFile Read(string folder, string name)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        return RunFiles.Read(Path.Combine(folder, name), file =>
        {
            long lines = 0;
            byte[] buffer = new byte[1 << 16];
            for (int count; (count = file.Read(buffer)) > 0;)
            {
                lines += buffer.AsSpan(0, count).Count((byte)'\n');
                hash.AppendData(buffer, 0, count);
            }
            return new StoredFile(name, lines, Convert.ToHexStringLower(hash.GetHashAndReset()));
        });
    }

    private static string HashOf(RunValues result, IEnumerable<StoredFile> files) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(result.ToJson() + string.Concat(files.Select(file =>
            FormattableString.Invariant($"\n{file.Name} {file.Lines} {file.Hash}"))))));

    // Enough to tell them apart; what comes out of a damaged file may be of any length.
    private static string Short(string hash) =>
        hash.Length > 0 && hash.All(char.IsAsciiHexDigit) ? $"{hash[..Math.Min(12, hash.Length)]}…" : "none";
}

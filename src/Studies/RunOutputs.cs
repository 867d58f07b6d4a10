using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IntraDistill;

/// <summary>A file of a run as it was when the run was done.</summary>
internal sealed record StoredFile(string Name, long Lines, string Hash);

/// <summary>
/// <c>result.json</c>: the result, and number of lines and SHA-256 of every file that was stored before it, so that a run whose
/// files were changed, cut, lost or exchanged later is seen to be broken. A hash over all of it guards the file itself.
/// </summary>
internal static class RunOutputs
{
    private const string Result = "result", Files = "files", Lines = "lines", FileHash = "sha256", Hash = "hash";

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
            {{string.Join(",\n", files.Select(file => string.Create(CultureInfo.InvariantCulture,
                $"    {Json(file.Name)}: {{\"{Lines}\": {file.Lines}, \"{FileHash}\": \"{file.Hash}\"}}")))}}
              },
              "{{Hash}}": "{{HashOf(result, files)}}"
            }

            """);
    }

    /// <summary>The result of a run whose files are as they were stored; null where it has none.</summary>
    /// <exception cref="RunFileException">A file is not what was stored; the message says what was expected.</exception>
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
            Check(folder, file);
        return Names(folder).Except(files.Select(file => file.Name)).FirstOrDefault() is not { } more ? result
            : throw new RunFileException(Path.Combine(folder, more), 0,
                $"came after the run was done: {RunFiles.Result} knows no such file");
    }

    private static void Check(string folder, StoredFile stored)
    {
        string path = Path.Combine(folder, stored.Name);
        string expected = string.Create(CultureInfo.InvariantCulture, $"{RunFiles.Result} says {stored.Lines:N0}");
        if (!Path.Exists(path))
            throw new RunFileException(path, 0, $"is missing: {expected} lines");
        StoredFile found = Read(folder, stored.Name);
        if (found.Lines != stored.Lines)
        {
            throw new RunFileException(path, 0,
                string.Create(CultureInfo.InvariantCulture, $"has {found.Lines:N0} lines, {expected}"));
        }
        if (found.Hash != stored.Hash)
            throw new RunFileException(path, 0, "was changed after it was written: its SHA-256 is "
                + $"{Short(found.Hash)}, {RunFiles.Result} says {Short(stored.Hash)}");
    }

    /// <summary>The files that results rest on, of those that are there.</summary>
    private static IEnumerable<string> Names(string folder) => Directory.EnumerateFileSystemEntries(folder)
        .Select(path => Path.GetFileName(path)).Where(name => name is RunFiles.Config or RunFiles.Metrics or RunFiles.Hypotheses
            || name.EndsWith(".safetensors", StringComparison.Ordinal)      // measured of a model
            || (name.StartsWith("hypotheses.", StringComparison.Ordinal) && name.EndsWith(".txt", StringComparison.Ordinal)))
        .Order(StringComparer.Ordinal);

    private static StoredFile Read(string folder, string name)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long lines = 0;
        RunFiles.Read(Path.Combine(folder, name), file =>
        {
            byte[] buffer = new byte[1 << 16];
            for (int count; (count = file.Read(buffer)) > 0;)
            {
                lines += buffer.AsSpan(0, count).Count((byte)'\n');
                hash.AppendData(buffer, 0, count);
            }
            return lines;
        });
        return new StoredFile(name, lines, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static string HashOf(RunValues result, IEnumerable<StoredFile> files) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(result.ToJson() + string.Concat(files.Select(file =>
            string.Create(CultureInfo.InvariantCulture, $"\n{file.Name} {file.Lines} {file.Hash}"))))));

    // Enough to tell them apart; what comes out of a damaged file may be of any length.
    private static string Short(string hash) =>
        hash.Length > 0 && hash.All(char.IsAsciiHexDigit) ? $"{hash[..Math.Min(12, hash.Length)]}…" : "none";
}

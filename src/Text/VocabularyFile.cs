using System.Text;
using System.Text.Json;

namespace IntraDistill.Tasks;

/// <summary>Reading and writing the text files of pretrained tokenizers; errors name file and line.</summary>
internal static class VocabularyFile
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The lines of a UTF-8 file; the last line's end is optional.</summary>
    public static string[] ReadLines(string path)
    {
        byte[] bytes = ReadBytes(path);
        try
        {
            string[] lines = s_utf8.GetString(bytes).Split('\n');
            return [.. lines.Take(lines[^1].Length == 0 ? lines.Length - 1 : lines.Length).Select(line => line.TrimEnd('\r'))];
        }
        catch (DecoderFallbackException e)
        {
            throw Error(path, LineOf(bytes, e.Index), "expected UTF-8 text");
        }
    }

    /// <summary>The bytes of a file.</summary>
    public static byte[] ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Error(path, 0, $"cannot be read: {e.Message}");
        }
    }

    /// <summary>The JSON object that a file holds.</summary>
    public static JsonElement ReadJson(string path)
    {
        try
        {
            JsonElement json = JsonElement.Parse(ReadBytes(path));
            return json.ValueKind is JsonValueKind.Object ? json : throw Error(path, 1, "expected a JSON object");
        }
        catch (JsonException e)
        {
            throw NoJson(path, e);
        }
    }

    /// <summary>An error of a file; the line is from 1, or 0 where it is about none.</summary>
    public static IntraDistillException Error(string path, int line, string message) => new($"{path}:{line}: {message}");

    /// <summary>The error of a file that is no JSON.</summary>
    public static IntraDistillException NoJson(string path, JsonException e) =>
        Error(path, (int)(e.LineNumber ?? 0) + 1, $"expected JSON: {OneLine(e.Message)}");

    /// <summary>The line of a byte, from 1.</summary>
    public static int LineOf(ReadOnlySpan<byte> bytes, long index) =>
        1 + bytes[..(int)long.Min(index, bytes.Length)].Count((byte)'\n');

    /// <summary>Says which special token a vocabulary lacks.</summary>
    public static void RequireSpecials(string path, int lines, SpecialTokens special, Dictionary<string, int> ids)
    {
        foreach (string name in special.Names)
            if (!ids.ContainsKey(name))
                throw Error(path, lines, $"the file ends without the special token {name}");
    }

    /// <summary>Writes a file whole or not at all.</summary>
    public static void Write(string path, string text) => AtomicFile.Write(path, text,
        e => new IntraDistillException($"{path}: cannot write the tokenizer: {OneLine(e.Message)}", e));

    /// <summary>A message of another library as a part of a line.</summary>
    public static string OneLine(string message) => message.ReplaceLineEndings(" ");
}

using System.Text;
using System.Text.Json;

namespace IntraDistill.Tasks;

/// <summary>Reading and writing the text files of pretrained tokenizers; errors name file and line, from 1, or 0 for none.</summary>
internal static class VocabularyFile
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The lines of a UTF-8 file; the last line's end is optional.</summary>
    public static string[] ReadLines(string path)
    {
        byte[] bytes = ReadBytes(path);
        try
        {
            string[] lines = s_strict.GetString(bytes).Split('\n');
            return [.. lines[..(lines[^1].Length == 0 ? ^1 : ^0)].Select(line => line.TrimEnd('\r'))];
        }
        catch (DecoderFallbackException e)
        {
            throw Error(path, LineOf(bytes, e.Index), "expected UTF-8 text");
        }
    }

    public static byte[] ReadBytes(string path) => ReadFile.Of($"{path}:0", () => File.ReadAllBytes(path));

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

    public static IntraDistillException Error(string path, int line, string message) => new($"{path}:{line}: {message}");

    public static IntraDistillException NoJson(string path, JsonException e) =>
        Error(path, (int)(e.LineNumber ?? 0) + 1, $"expected JSON: {e.Message.ReplaceLineEndings(" ")}");

    /// <summary>The line of a byte.</summary>
    public static int LineOf(ReadOnlySpan<byte> bytes, long index) => 1 + bytes[..(int)long.Min(index, bytes.Length)].Count((byte)'\n');

    /// <summary>Says which special token a vocabulary lacks.</summary>
    public static void RequireSpecials(string path, int lines, SpecialTokens special, Dictionary<string, int> ids)
    {
        if (special.Names.FirstOrDefault(name => !ids.ContainsKey(name)) is { } missing)
            throw Error(path, lines, $"the file ends without the special token {missing}");
    }

    /// <summary>Writes a file whole or not at all.</summary>
    public static void Write(string path, string text) => AtomicFile.Write(path, text,
        e => new IntraDistillException($"{path}: cannot write the tokenizer: {e.Message.ReplaceLineEndings(" ")}", e));
}

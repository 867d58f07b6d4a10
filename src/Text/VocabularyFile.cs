using System.Text;
using System.Text.Json;

namespace IntraDistill.Tasks;

/// <summary>Reading and writing the text files of pretrained tokenizers; errors name file and line.</summary>
internal static class VocabularyFile
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text of a UTF-8 file.</summary>
    public static string ReadText(string path)
    {
        byte[] bytes = ReadBytes(path);
        try
        {
            return s_utf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new SubwordFileException(path, LineOf(bytes, e.Index), "expected UTF-8 text");
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
            throw new SubwordFileException(path, 0, $"cannot be read: {e.Message}");
        }
    }

    /// <summary>Takes apart a file that holds a JSON object.</summary>
    public static void ReadJson(string path, Action<JsonElement> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(ReadBytes(path));
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                throw new SubwordFileException(path, 1, "expected a JSON object");
            read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new SubwordFileException(path, (int)(e.LineNumber ?? 0) + 1, $"expected JSON: {OneLine(e.Message)}");
        }
    }

    /// <summary>The line of a byte, from 1.</summary>
    public static int LineOf(ReadOnlySpan<byte> bytes, long index) =>
        1 + bytes[..(int)long.Min(index, bytes.Length)].Count((byte)'\n');

    /// <summary>Says which special token a vocabulary lacks.</summary>
    public static void RequireSpecials(string path, int lines, SpecialTokens special, Dictionary<string, int> ids)
    {
        foreach (string name in special.Names)
            if (!ids.ContainsKey(name))
                throw new SubwordFileException(path, lines, $"the file ends without the special token {name}");
    }

    /// <summary>Writes a file whole or not at all.</summary>
    public static void Write(string path, string text) => AtomicFile.Write(path, text,
        e => new IntraDistillException($"{path}: cannot write the tokenizer: {OneLine(e.Message)}", e));

    /// <summary>A message of another library as a part of a line.</summary>
    public static string OneLine(string message) => message.ReplaceLineEndings(" ");
}

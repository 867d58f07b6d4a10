using System.Text;

namespace IntraDistill.DataScripts;

/// <summary>Lines as the Unix tools of the published scripts see them: LF ends a line, nothing else does.</summary>
public static class TextLines
{
    /// <summary>The lines of UTF-8 text; a final LF does not start another line.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What errors call it.</param>
    public static string[] Split(ReadOnlySpan<byte> text, string name)
    {
        try
        {
            string decoded = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(text);
            string[] lines = decoded.Split('\n');
            return lines[^1].Length == 0 ? lines[..^1] : lines;
        }
        catch (DecoderFallbackException e)
        {
            throw new IntraDistillException($"{name}:{text[..e.Index].Count((byte)'\n') + 1}: not UTF-8", e);
        }
    }

    /// <summary>Two sides of a corpus, line by line.</summary>
    /// <exception cref="IntraDistillException">They have not equally many lines.</exception>
    public static List<(string Source, string Target)> Pair(string[] source, string[] target, string name) =>
        source.Length == target.Length ? [.. source.Zip(target)] : throw new IntraDistillException(
            $"{name}: {source.Length} source lines and {target.Length} target lines, expected equally many");
}

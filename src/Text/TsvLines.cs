using System.Text;

namespace IntraDistill.Tasks;

/// <summary>The lines of a table whose columns are separated by tabs and nothing else: quotation marks are letters like others. UTF-8, a
/// byte order mark at the beginning or not, LF or CR LF at each line's end, the last line with one or without.</summary>
internal static class TsvLines
{
    // A guard against files that are no table at all.
    private const int LongestLine = 1 << 20;
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The columns of each line, with its number from 1.</summary>
    /// <exception cref="IntraDistillException">The file cannot be read, or is not UTF-8; the message names the line.</exception>
    public static IEnumerable<(int Number, string[] Columns)> Read(string path)
    {
        byte[] bytes = ReadFile.Bytes(path);
        int start = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        for (int number = 1, end; start < bytes.Length; number++, start = end + 1)
        {
            int length = bytes.AsSpan(start).IndexOf((byte)'\n');
            end = length < 0 ? bytes.Length : start + length;
            if (end - start > LongestLine)
                throw new IntraDistillException($"{path}:{number}: over {LongestLine:N0} bytes without a line end");
            yield return (number, Columns(bytes.AsSpan(start, end - start), number));
        }

        string[] Columns(ReadOnlySpan<byte> line, int number)
        {
            try
            {
                return s_strict.GetString(line.EndsWith("\r"u8) ? line[..^1] : line).Split('\t');
            }
            catch (DecoderFallbackException e)
            {
                throw new IntraDistillException($"{path}:{number}: not UTF-8", e);
            }
        }
    }
}

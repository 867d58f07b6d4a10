using System.Text;

namespace IntraDistill.Tasks;

/// <summary>
/// The lines of a table whose columns are separated by tabs and nothing else: quotation marks are letters like others. UTF-8, a
/// byte order mark at the beginning or not, LF or CR LF at each line's end, the last line with one or without.
/// </summary>
internal static class TsvLines
{
    // A guard against files that are no table at all.
    private const int LongestLine = 1 << 20;
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file line by line: MNLI's has several hundred megabytes.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The columns of each line, with its number from 1.</returns>
    /// <exception cref="IntraDistillException">It cannot be read, or is not UTF-8; the message names the line.</exception>
    public static IEnumerable<(int Number, string[] Columns)> Read(string path)
    {
        using FileStream file = ReadFile.Of(path, () => File.OpenRead(path));
        byte[] buffer = new byte[1 << 16];
        int start = 0, end = 0, number = 0;
        while (true)
        {
            int length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                yield return Line(length);
                start += length + 1;
                continue;
            }
            if (end - start > LongestLine)
                throw new IntraDistillException($"{path}:{number + 1}: over {LongestLine:N0} bytes without a line end");
            if (start > 0)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
            }
            if (end == buffer.Length)
                Array.Resize(ref buffer, 2 * buffer.Length);
            int read = ReadFile.Of(path, () => file.Read(buffer, end, buffer.Length - end));
            if (read == 0)
                break;
            end += read;
        }
        if (end > start)
            yield return Line(end - start);

        (int, string[]) Line(int length)
        {
            number++;
            ReadOnlySpan<byte> line = buffer.AsSpan(start, length);
            if (number == 1 && line.StartsWith(Encoding.UTF8.Preamble))
                line = line[Encoding.UTF8.Preamble.Length..];
            if (line.EndsWith("\r"u8))
                line = line[..^1];
            try
            {
                return (number, s_strict.GetString(line).Split('\t'));
            }
            catch (DecoderFallbackException e)
            {
                throw new IntraDistillException($"{path}:{number}: not UTF-8", e);
            }
        }
    }
}

using System.Globalization;
using System.Text;

namespace IntraDistill.Tasks;

/// <summary>Raised when a subword file is not one; the message has the form <c>file:line: what was expected</c>.</summary>
public sealed class SubwordFileException : IntraDistillException
{
    internal SubwordFileException(string path, int line, string message) : base($"{path}:{line}: {message}") =>
        (Path, Line) = (path, line);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The line at fault, from 1; 0 where the file cannot be read at all.</summary>
    public int Line { get; }
}

/// <summary>
/// The file format of <see cref="SubwordVocabulary"/>: UTF-8 text with a heading; the number of characters and one a line;
/// the number of merges and one a line, left and right between a space. In symbols a space is written ▁; a character
/// that would not show (or is ▁ or a backslash) is written \u and its four hexadecimal digits.
/// </summary>
internal static class SubwordFile
{
    private const string Heading = "IntraDistill.Kit subwords 1";
    private const char SpaceMark = '\u2581';

    public static string Escape(string token)
    {
        StringBuilder escaped = new(token.Length);
        foreach (char c in token)
        {
            if (c == ' ')
                escaped.Append(SpaceMark);
            else if (c is SpaceMark or '\\' || char.IsWhiteSpace(c) || char.IsControl(c)
                || char.GetUnicodeCategory(c) is UnicodeCategory.Format)
                escaped.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
            else
                escaped.Append(c);
        }
        return escaped.ToString();
    }

    public static void Write(string path, IReadOnlyList<string> characters, IReadOnlyList<(string Left, string Right)> merges)
    {
        StringBuilder text = new();
        text.Append($"{Heading}\ncharacters {characters.Count}\n");
        foreach (string character in characters)
            text.Append(Escape(character)).Append('\n');
        text.Append($"merges {merges.Count}\n");
        foreach ((string left, string right) in merges)
            text.Append(Escape(left)).Append(' ').Append(Escape(right)).Append('\n');

        AtomicFile.Write(path, text.ToString(), e => new IntraDistillException($"{path}: cannot write the subwords: {e.Message}", e));
    }

    public static (List<string> Characters, List<(string Left, string Right)> Merges) Read(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)).Split('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SubwordFileException(path, 0, $"cannot be read as UTF-8 text: {e.Message}");
        }

        int next = 0;
        if (Line("the heading") != Heading)
            throw Bad($"expected the heading '{Heading}'");

        List<string> characters = [];
        HashSet<string> known = new(StringComparer.Ordinal);
        for (int count = Count("characters"); count > 0; count--)
        {
            string character = Unescape(Line("a character"));
            if (!Rune.TryGetRuneAt(character + '\0', 0, out Rune rune) || rune.Utf16SequenceLength != character.Length)
                throw Bad($"expected one character, got '{Escape(character)}'");
            if (!known.Add(character))
                throw Bad($"character '{Escape(character)}' is there twice");
            characters.Add(character);
        }

        List<(string, string)> merges = [];
        HashSet<(string, string)> pairs = [];
        for (int count = Count("merges"); count > 0; count--)
        {
            string[] parts = Line("a merge").Split(' ');
            if (parts.Length != 2)
                throw Bad("expected a merge: two symbols with a space between");
            (string Left, string Right) pair = (Unescape(parts[0]), Unescape(parts[1]));
            foreach (string symbol in new[] { pair.Left, pair.Right })
                if (!known.Contains(symbol))
                    throw Bad($"symbol '{Escape(symbol)}' is neither a character nor the result of an earlier merge");
            if (!pairs.Add(pair))
                throw Bad("this merge is there twice");
            known.Add(pair.Left + pair.Right);
            merges.Add(pair);
        }
        if (next != lines.Length - 1 || lines[next].Length > 0)
            throw new SubwordFileException(path, next + 1, "expected the end of the file and a line end before it");
        return (characters, merges);

        string Line(string wanted) => next < lines.Length - 1
            ? lines[next++].TrimEnd('\r')
            : throw new SubwordFileException(path, lines.Length, $"the file ends where {wanted} was expected");

        SubwordFileException Bad(string message) => new(path, next, message);

        int Count(string name)
        {
            string line = Line($"the number of {name}");
            return line.StartsWith(name + ' ', StringComparison.Ordinal)
                && int.TryParse(line.AsSpan(name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                ? count
                : throw Bad($"expected '{name}' and their number");
        }

        string Unescape(string text)
        {
            StringBuilder plain = new(text.Length);
            for (int i = 0; i < text.Length; i++)
            {
                if (text[i] != '\\')
                {
                    plain.Append(text[i] == SpaceMark ? ' ' : text[i]);
                    continue;
                }
                if (i + 6 > text.Length || text[i + 1] != 'u' || !ushort.TryParse(
                    text.AsSpan(i + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
                    throw Bad("expected \\u and four hexadecimal digits after a backslash");
                plain.Append((char)code);
                i += 5;
            }
            return plain.ToString();
        }
    }
}

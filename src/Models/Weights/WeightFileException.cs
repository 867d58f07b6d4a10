using System.Text;

namespace IntraDistill;

/// <summary>
/// A weight file cannot be read, is not what it says it is, or does not fit the model. The message is one line,
/// <c>file: tensor 'name': what is wrong</c>.
/// </summary>
public sealed class WeightFileException : IntraDistillException
{
    private const int LongestName = 120;

    internal WeightFileException(string file, string? tensor, string problem, Exception? inner = null)
        : base(tensor is null ? $"{file}: {problem}" : $"{file}: tensor '{Printable(tensor)}': {problem}", inner!) =>
        (File, TensorName) = (file, tensor);

    /// <summary>The file at fault, or the folder where none of several files is.</summary>
    public string File { get; }

    /// <summary>The tensor at fault, under its name in the file; null where it is not about one tensor.</summary>
    public string? TensorName { get; }

    /// <summary>A text out of a file, short enough for a message and on one line.</summary>
    internal static string Printable(string text)
    {
        StringBuilder shown = new();
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, LongestName)))
            shown.Append(char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '?' : c);
        return text.Length > LongestName ? $"{shown}…" : shown.ToString();
    }
}

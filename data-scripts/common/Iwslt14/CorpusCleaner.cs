using System.Text.RegularExpressions;

namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>Drops sentence pairs as Moses' <c>clean-corpus-n.perl -ratio 1.5 CORPUS L1 L2 OUT 1 175</c> does.</summary>
public static partial class CorpusCleaner
{
    private const int MaxTokens = 175;
    private const double MaxRatio = 1.5;

    /// <summary>A tokenized pair with its spaces put right, or null if it is dropped.</summary>
    public static (string Source, string Target)? Clean(string source, string target)
    {
        source = Space().Replace(source, " ").Trim(' ');
        target = Space().Replace(target, " ").Trim(' ');
        if (source.Length == 0 || target.Length == 0)
            return null;
        int a = source.Count(c => c == ' ') + 1;
        int b = target.Count(c => c == ' ') + 1;
        bool keeps = a <= MaxTokens && b <= MaxTokens && (double)a / b <= MaxRatio && (double)b / a <= MaxRatio
            && !TooLongToken().IsMatch(source) && !TooLongToken().IsMatch(target);
        return keeps ? (source, target) : null;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    // The script's default for its -max-word-length is 1,000.
    [GeneratedRegex(@"[^\s|]{1001}")]
    private static partial Regex TooLongToken();
}

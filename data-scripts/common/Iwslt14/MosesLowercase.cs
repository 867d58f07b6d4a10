namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>Lower-casing as Moses' <c>lowercase.perl</c>: Perl's <c>lc</c> over Unicode text.</summary>
public static class MosesLowercase
{
    /// <summary>
    /// The text in lower case, independent of any culture. İ becomes i and a combining dot (U+0307), Unicode's full mapping,
    /// which .NET's invariant one leaves out; Σ becomes σ at the end of a word as well, which is Perl's way and not Python's.
    /// </summary>
    /// <param name="text">Any text; a lone surrogate stays as it is.</param>
    public static string Lower(string text) => text.ToLowerInvariant().Replace("\u0130", "i\u0307", StringComparison.Ordinal);
}

namespace IntraDistill.Kernel.Language;

/// <summary>How well a name fits what was typed so far.</summary>
internal static class TypedMatch
{
    /// <summary>It does not.</summary>
    public const int None = int.MaxValue;

    /// <summary>0 for a name that begins with the typed text, more for one that fits less well.</summary>
    public static int Rank(string name, string typed)
    {
        if (name.StartsWith(typed, StringComparison.Ordinal))
            return 0;
        if (name.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            return 1;
        if (FitsWords(name, typed))
            return 2;
        return typed.Length > 2 && name.Contains(typed, StringComparison.OrdinalIgnoreCase) ? 3 : None;
    }

    // "wl" fits WriteLine, "getenv" fits GetEnvironmentVariable: each typed letter goes on in a word or begins a later one.
    private static bool FitsWords(string name, string typed)
    {
        int at = 0;
        for (int i = 0; i < typed.Length; i++)
        {
            if (i > 0 && at < name.Length && Same(name[at], typed[i]))
            {
                at++;
                continue;
            }
            while (at < name.Length && !(BeginsWord(name, at) && Same(name[at], typed[i])))
                at++;
            if (at == name.Length || (i == 0 && at > 0))
                return false;
            at++;
        }
        return true;
    }

    private static bool BeginsWord(string name, int index) =>
        index == 0 || name[index - 1] == '_' || (char.IsUpper(name[index]) && !char.IsUpper(name[index - 1]));

    private static bool Same(char a, char b) => char.ToUpperInvariant(a) == char.ToUpperInvariant(b);
}

using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace IntraDistill.Tasks;

/// <summary>
/// Characters without their accents: the canonical decomposition (NFD) less its nonspacing marks. The table is the kit's own
/// because <see cref="string.Normalize()"/> returns its text unchanged where globalization is invariant.
/// </summary>
internal static class CanonicalBases
{
    private const string Resource = "canonical-bases.txt";
    private const int FirstHangul = 0xAC00, LastHangul = 0xD7A3, Vowels = 21, Finals = 28;

    private static readonly FrozenDictionary<Rune, string> s_bases = Read();

    /// <summary>
    /// What is left of a character: most often itself, nothing of a nonspacing mark, the letters of a Hangul syllable.
    /// </summary>
    public static string Of(Rune rune)
    {
        if (s_bases.TryGetValue(rune, out string? bases))
            return bases;
        if (rune.Value is >= FirstHangul and <= LastHangul)
            return Letters(rune.Value - FirstHangul);
        return Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark ? "" : rune.ToString();
    }

    /// <summary>The Unicode standard, section 3.12: a syllable's letters by arithmetic.</summary>
    private static string Letters(int syllable)
    {
        char initial = (char)(0x1100 + syllable / (Vowels * Finals)), vowel = (char)(0x1161 + syllable / Finals % Vowels);
        int final = syllable % Finals;
        return final == 0 ? $"{initial}{vowel}" : $"{initial}{vowel}{(char)(0x11A7 + final)}";
    }

    private static FrozenDictionary<Rune, string> Read()
    {
        Dictionary<Rune, string> bases = [];
        using StreamReader reader = new(typeof(CanonicalBases).Assembly.GetManifestResourceStream(Resource)!);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            foreach (Rune rune in line[(space + 1)..].EnumerateRunes())
                bases.Add(rune, line[..space]);
        }
        return bases.ToFrozenDictionary();
    }
}

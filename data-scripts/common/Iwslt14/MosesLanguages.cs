using System.Collections.Frozen;
using System.Globalization;

namespace IntraDistill.DataScripts.Iwslt14;

/// <summary>The languages that the Moses rules are kept for, and the abbreviations of each.</summary>
internal static class MosesLanguages
{
    private const string Resource = "moses-prefixes.txt";

    // Those of IWSLT'14 in the study. Other languages have rules in Moses that are not here, so they are refused.
    private static readonly string[] s_codes = ["en", "ar", "de", "es", "fa", "he", "it", "nl", "pl"];

    private static readonly Lazy<Dictionary<string, FrozenDictionary<string, bool>>> s_abbreviations = new(Read);

    /// <summary>Refuses a language without rules.</summary>
    /// <exception cref="IntraDistillException">The language is none of the nine.</exception>
    public static void Require(string language)
    {
        if (!s_codes.Contains(language))
            throw new IntraDistillException(
                $"there are no Moses rules here for the language '{language}'; expected one of {string.Join(", ", s_codes)}");
    }

    /// <summary>
    /// The words whose period is no full stop, each with whether that holds only before a number; the English ones for a
    /// language of which Moses has no list.
    /// </summary>
    public static FrozenDictionary<string, bool> Abbreviations(string language) =>
        s_abbreviations.Value.GetValueOrDefault(language) ?? s_abbreviations.Value["en"];

    private static Dictionary<string, FrozenDictionary<string, bool>> Read()
    {
        Dictionary<string, Dictionary<string, bool>> lists = [];
        using StreamReader reader = new(typeof(MosesLanguages).Assembly.GetManifestResourceStream(Resource)!);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            string[] fields = line.Split(' ');
            if (!lists.TryGetValue(fields[0], out Dictionary<string, bool>? list))
                lists[fields[0]] = list = new Dictionary<string, bool>(StringComparer.Ordinal);
            foreach (string word in fields.Skip(2).SelectMany(Expand))
                list[word] = fields[1] == "before-number";
        }
        return lists.ToDictionary(list => list.Key, list => list.Value.ToFrozenDictionary(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Expand(string word)
    {
        string[] ends = word.Split("..");
        if (ends.Length == 1)
            return [word];
        if (int.TryParse(ends[0], CultureInfo.InvariantCulture, out int first))
            return Enumerable.Range(first, int.Parse(ends[1], CultureInfo.InvariantCulture) - first + 1)
                .Select(number => number.ToString(CultureInfo.InvariantCulture));
        return Enumerable.Range(ends[0][0], ends[1][0] - ends[0][0] + 1).Select(letter => ((char)letter).ToString());
    }
}

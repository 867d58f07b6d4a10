using System.Text;

namespace IntraDistill.Metrics;

/// <summary>
/// What does not count when an answer is compared with the right one: capital letters, punctuation, articles, white space. XTREME
/// has two such sets of rules: SQuAD's, by which it scores TyDiQA-GoldP (and XQuAD) in all languages, and MLQA's, which know the
/// articles of seven languages.
/// </summary>
public sealed class AnswerRules
{
    private const string AsciiPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    private const string ArabicArticle = "ال";

    private static readonly Dictionary<string, string[]> s_mlqaArticles = new()
    {
        ["en"] = ["a", "an", "the"],
        ["es"] = ["un", "una", "unos", "unas", "el", "la", "los", "las"],
        ["hi"] = [],
        ["vi"] = ["của", "là", "cái", "chiếc", "những"],
        ["de"] = ["ein", "eine", "einen", "einem", "eines", "einer", "der", "die", "das", "den", "dem", "des"],
        ["ar"] = [],
        ["zh"] = [],
    };

    private readonly HashSet<string> _articles;
    private readonly bool _unicodePunctuation, _arabic, _chinese;

    private AnswerRules(string name, string[] articles, bool unicodePunctuation)
    {
        (Name, _articles, _unicodePunctuation) = (name, [.. articles], unicodePunctuation);
        (_arabic, _chinese) = (name == "mlqa.ar", name == "mlqa.zh");
    }

    /// <summary>
    /// SQuAD's rules, whatever the language: ASCII punctuation goes, and the English articles (XTREME's
    /// <c>evaluate_squad.py</c>).
    /// </summary>
    public static AnswerRules Squad { get; } = new("squad", s_mlqaArticles["en"], unicodePunctuation: false);

    /// <summary>What the rules are called in signatures: <c>squad</c>, <c>mlqa.zh</c>.</summary>
    public string Name { get; }

    /// <summary>
    /// MLQA's rules (XTREME's <c>evaluate_mlqa.py</c>): all of Unicode's punctuation goes, and the language's articles; Chinese
    /// is compared character by character.
    /// </summary>
    /// <param name="language">One of en, es, hi, vi, de, ar, zh: MLQA has no rules for others.</param>
    /// <exception cref="IntraDistillException">The language is another.</exception>
    public static AnswerRules Mlqa(string language) => s_mlqaArticles.TryGetValue(language, out string[]? articles)
        ? new($"mlqa.{language}", articles, unicodePunctuation: true)
        : throw new IntraDistillException(
            $"language '{language}': MLQA has rules for {string.Join(", ", s_mlqaArticles.Keys)}; others are scored by SQuAD's");

    /// <summary>The words of an answer that are compared.</summary>
    public string[] Words(string answer)
    {
        string text = WithoutPunctuation(SacreTokenizers.Lower(answer));
        // MLQA's pattern for Arabic takes the article wherever its two letters stand, inside words too.
        text = _arabic ? text.Replace(ArabicArticle, " ", StringComparison.Ordinal) : WithoutArticles(text);
        return [.. SacreTokenizers.Split(_chinese ? Apart(text) : text)];
    }

    private string WithoutPunctuation(string text)
    {
        StringBuilder kept = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            if (!(rune.IsAscii && AsciiPunctuation.Contains((char)rune.Value) || _unicodePunctuation && Rune.IsPunctuation(rune)))
                kept.Append(rune.ToString());
        return kept.ToString();
    }

    /// <summary>
    /// Python's <c>\b(a|an|the)\b</c>: a run of letters, digits and _ that is an article gives way to a space. Python ends a word
    /// at a combining mark; .NET's <c>\b</c> does not.
    /// </summary>
    private string WithoutArticles(string text)
    {
        if (_articles.Count == 0)
            return text;
        StringBuilder kept = new(text.Length), word = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsLetter(rune) || Rune.IsNumber(rune) || rune.Value == '_')
            {
                word.Append(rune.ToString());
                continue;
            }
            EndWord();
            kept.Append(rune.ToString());
        }
        EndWord();
        return kept.ToString();

        void EndWord()
        {
            string run = word.ToString();
            kept.Append(_articles.Contains(run) ? " " : run);
            word.Clear();
        }
    }

    private static string Apart(string text)
    {
        StringBuilder apart = new(3 * text.Length);
        foreach (char c in text)
            apart.Append(c is >= '\u4e00' and <= '\u9fa5' ? $" {c} " : c.ToString());
        return apart.ToString();
    }
}

using System.Text;

namespace IntraDistill.Tasks;

/// <summary>
/// What does not count when an answer is compared with the right one, by SQuAD's rules, by which XTREME scores TyDiQA-GoldP in all
/// languages (its <c>evaluate_squad.py</c>): capital letters, ASCII punctuation, English articles, white space.
/// </summary>
public static class AnswerRules
{
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    /// <summary>The words of an answer that are compared.</summary>
    public static string[] Words(string answer)
    {
        string text = string.Concat(SacreTokenizers.Lower(answer).Where(c => !Punctuation.Contains(c)));
        return [.. SacreTokenizers.Split(WithoutArticles(text))];
    }

    /// <summary>
    /// Python's <c>\b(a|an|the)\b</c>: a run of letters, digits and _ that is an article gives way to a space. Python ends a word
    /// at a combining mark; .NET's <c>\b</c> does not.
    /// </summary>
    private static string WithoutArticles(string text)
    {
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
            kept.Append(run is "a" or "an" or "the" ? " " : run);
            word.Clear();
        }
    }
}

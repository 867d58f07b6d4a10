using System.Globalization;
using System.Text;

namespace IntraDistill.Tasks;

/// <summary>What answers to questions are scored by.</summary>
public enum SquadMetric
{
    /// <summary>The harmonic mean of precision and recall of an answer's words, averaged over the questions.</summary>
    F1,

    /// <summary>The share of questions whose answer is a right one word for word.</summary>
    ExactMatch,
}

/// <summary>How well questions are answered, in percent, as SQuAD and XTREME count it: against the best of each question's right answers,
/// after <see cref="AnswerRules"/>; a question without an answer counts 0. See <see cref="SquadMetric"/>.</summary>
public sealed record SquadScore(double ExactMatch, double F1)
{
    /// <summary>Scores the answer to each question; null for none.</summary>
    /// <exception cref="IntraDistillException">The lists differ in length or are empty, or a question has no right answer to compare
    /// with.</exception>
    public static SquadScore Of(IReadOnlyList<string?> predictions, IReadOnlyList<QuestionExample> questions) =>
        new(Statistics(predictions, questions, SquadMetric.ExactMatch).Score, Statistics(predictions, questions).Score);

    /// <summary>The scores from which <see cref="Bootstrap"/> scores resamples of the questions: their mean, in percent.</summary>
    /// <inheritdoc cref="Of"/>
    public static SegmentStatistics Statistics(IReadOnlyList<string?> predictions, IReadOnlyList<QuestionExample> questions,
        SquadMetric metric = SquadMetric.F1)
    {
        Classification.CheckParallel(predictions.Count, questions.Count);
        double[] scores = [.. questions.Select((question, i) => Best(predictions[i], question, metric))];
        return new(scores.Length, Mean, $"task:squad|metric:{metric}|rules:squad|version:{SegmentStatistics.Version}");

        double Mean(ReadOnlySpan<int> drawn)
        {
            double sum = 0;
            foreach (int question in drawn)
                sum += scores[question];
            return 100 * sum / drawn.Length;
        }
    }

    private static double Best(string? prediction, QuestionExample question, SquadMetric metric)
    {
        if (question.Answers.Count == 0)
            throw new IntraDistillException($"question {question.Id} has no right answer; expected a set that is published with them");
        if (prediction is null)
            return 0;
        string[] words = AnswerRules.Words(prediction);
        return question.Answers.Max(answer => metric == SquadMetric.F1
            ? F1Of(words, AnswerRules.Words(answer.Text)) : words.SequenceEqual(AnswerRules.Words(answer.Text)) ? 1 : 0);
    }

    private static double F1Of(string[] prediction, string[] answer)
    {
        int same = prediction.CountBy(word => word).Sum(word => Math.Min(word.Value, answer.Count(other => other == word.Key)));
        if (same == 0)
            return 0;
        double precision = (double)same / prediction.Length, recall = (double)same / answer.Length;
        return 2 * precision * recall / (precision + recall);
    }

    /// <summary>As <c>EM 54.77, F1 68.20</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"EM {ExactMatch:F2}, F1 {F1:F2}");
}

/// <summary>What does not count when an answer is compared with the right one, by SQuAD's rules, by which XTREME scores TyDiQA-GoldP in all
/// languages (its <c>evaluate_squad.py</c>): capital letters, ASCII punctuation, English articles, white space.</summary>
internal static class AnswerRules
{
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    /// <summary>The words of an answer that are compared.</summary>
    public static string[] Words(string answer) =>
        SacreBleuText.Split(WithoutArticles(string.Concat(SacreBleuText.Lower(answer).Where(c => !Punctuation.Contains(c)))));

    /// <summary>Python's <c>\b(a|an|the)\b</c>: a run of letters, digits and _ that is an article gives way to a space. Python ends a word
    /// at a combining mark; .NET's <c>\b</c> does not.</summary>
    private static string WithoutArticles(string text)
    {
        StringBuilder kept = new(text.Length), word = new();
        foreach (Rune rune in text.EnumerateRunes().Append(new(' ')))      // which ends the last word
            if (Rune.IsLetter(rune) || Rune.IsNumber(rune) || rune.Value == '_')
                word.Append(rune.ToString());
            else
            {
                string run = word.ToString();
                kept.Append(run is "a" or "an" or "the" ? " " : run).Append(rune.ToString());
                word.Clear();
            }
        return kept.ToString();
    }
}

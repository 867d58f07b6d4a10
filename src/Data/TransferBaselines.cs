namespace IntraDistill.Data;

/// <summary>
/// Predictions without a model for tasks of cross-lingual transfer, learned from the English examples: what surface patterns
/// alone carry over to other languages.
/// </summary>
public static class TransferBaselines
{
    /// <summary>
    /// Tags every token as training most often tagged it between the same two words; where these were not seen around it, beside
    /// the same word before, then after; then as the token alone was. A token that was never seen is outside. Numbers in
    /// placeholders do not count.
    /// </summary>
    /// <param name="train">The English sentences.</param>
    /// <param name="test">The sentences to tag.</param>
    /// <returns>The tags of each sentence: what <see cref="Metrics.EntityF1"/> takes.</returns>
    /// <exception cref="IntraDistillException">There is nothing to learn from.</exception>
    public static IReadOnlyList<IReadOnlyList<string>> SameNeighbours(
        IReadOnlyList<TaggedSentence> train, IReadOnlyList<TaggedSentence> test)
    {
        if (train.Count == 0)
            throw new IntraDistillException("a baseline needs at least one training sentence; there is none");
        Dictionary<string, Dictionary<string, int>> counts = new(StringComparer.OrdinalIgnoreCase);
        foreach (TaggedSentence sentence in train)
            for (int i = 0; i < sentence.Tokens.Count; i++)
                foreach (string pattern in Patterns(sentence.Tokens, i))
                {
                    Dictionary<string, int> tags = counts.TryGetValue(pattern, out var known) ? known : counts[pattern] = [];
                    tags[sentence.Tags[i]] = tags.GetValueOrDefault(sentence.Tags[i]) + 1;
                }
        Dictionary<string, string> likeliest = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string pattern, Dictionary<string, int> tags) in counts)
            likeliest[pattern] = tags.OrderByDescending(tag => tag.Value).ThenBy(tag => tag.Key, StringComparer.Ordinal).First().Key;
        return
        [
            .. test.Select(sentence => Enumerable.Range(0, sentence.Tokens.Count).Select(i =>
                Patterns(sentence.Tokens, i).FirstOrDefault(likeliest.ContainsKey) is { } seen ? likeliest[seen] : "O").ToArray()),
        ];
    }

    // The surroundings of a token, the most telling first.
    private static string[] Patterns(IReadOnlyList<string> tokens, int at)
    {
        string before = at > 0 ? Plain(tokens[at - 1]) : "", it = Plain(tokens[at]);
        string after = at + 1 < tokens.Count ? Plain(tokens[at + 1]) : "";
        return [$"{before}\t{it}\t{after}", $"{before}\t{it}\t\n", $"\n\t{it}\t{after}", it];

        static string Plain(string token) => MessageTokens.IsPlaceholder(token) ? "{}" : token;
    }

    /// <summary>
    /// Answers each question about <see cref="SdkSources"/> with the message that a naive Bayes classifier of words, learned from
    /// the English training messages, takes for one of the part that is asked for. It is told where messages begin and end.
    /// </summary>
    /// <param name="train">The English questions.</param>
    /// <param name="test">The questions to answer.</param>
    /// <returns>The answers: what <see cref="Metrics.SquadScore"/> takes.</returns>
    /// <exception cref="IntraDistillException">There is nothing to learn from.</exception>
    public static string[] LikeliestMessage(IReadOnlyList<QuestionExample> train, IReadOnlyList<QuestionExample> test)
    {
        if (train.Count == 0)
            throw new IntraDistillException("a baseline needs at least one training question; there is none");
        Dictionary<(string Source, string Word), int> counts = [];
        Dictionary<string, int> totals = [];
        HashSet<string> vocabulary = [];
        foreach (QuestionExample question in train)
            foreach (string word in Words(question.Answers[0].Text))
            {
                vocabulary.Add(word);
                counts[(question.Question, word)] = counts.GetValueOrDefault((question.Question, word)) + 1;
                totals[question.Question] = totals.GetValueOrDefault(question.Question) + 1;
            }
        return [.. test.Select(question => question.Context.Split(SdkSources.Bar).MaxBy(text => Share(question.Question, text))!)];

        // The probability of the source given the words, all sources being as likely before.
        double Share(string source, string text)
        {
            string[] words = [.. Words(text).Where(vocabulary.Contains)];
            return 1 / totals.Keys.Sum(other => Math.Exp(words.Sum(word => LogLikelihood(other, word) - LogLikelihood(source, word))));
        }

        // Laplace's rule: no word is impossible.
        double LogLikelihood(string source, string word) => Math.Log(
            (counts.GetValueOrDefault((source, word)) + 1.0) / (totals.GetValueOrDefault(source) + vocabulary.Count));

        static IEnumerable<string> Words(string text) =>
            MessageTokens.Of(text).Where(token => char.IsLetter(token[0])).Select(token => token.ToLowerInvariant());
    }
}

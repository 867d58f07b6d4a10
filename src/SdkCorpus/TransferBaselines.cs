namespace IntraDistill.Tasks;

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
    /// <returns>The tags of each sentence: what <see cref="EntityF1"/> takes.</returns>
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
    /// Answers each question of <see cref="SdkQuestions"/> with the placeholder that is likeliest by the two words before and the two
    /// after it: naive Bayes, learned from which placeholders of the English texts are answers to the question and which are not.
    /// </summary>
    /// <param name="train">The English questions.</param>
    /// <param name="test">The questions to answer.</param>
    /// <returns>The answers: what <see cref="SquadScore"/> takes.</returns>
    /// <exception cref="IntraDistillException">There is nothing to learn from.</exception>
    public static string[] LikeliestPlaceholder(IReadOnlyList<QuestionExample> train, IReadOnlyList<QuestionExample> test)
    {
        if (train.Count == 0)
            throw new IntraDistillException("a baseline needs at least one training question; there is none");
        Dictionary<(string Question, bool Right, string Word), int> counts = [];
        Dictionary<(string Question, bool Right), int> totals = [];
        foreach (QuestionExample question in train)
            foreach ((string placeholder, string[] words) in Candidates(question.Context))
            {
                bool right = question.Answers.Any(answer => answer.Text == placeholder);
                totals[(question.Question, right)] = totals.GetValueOrDefault((question.Question, right)) + 1;
                foreach (string word in words)
                    counts[(question.Question, right, word)] = counts.GetValueOrDefault((question.Question, right, word)) + 1;
            }
        return [.. test.Select(question => Candidates(question.Context).MaxBy(candidate => candidate.Words.Sum(word =>
            LogLikelihood(question.Question, true, word) - LogLikelihood(question.Question, false, word))).Placeholder)];

        // Laplace's rule: no word is impossible.
        double LogLikelihood(string question, bool right, string word) => Math.Log(
            (counts.GetValueOrDefault((question, right, word)) + 1.0) / (totals.GetValueOrDefault((question, right)) + 2.0));
    }

    // Every placeholder with the words around it, each with its place.
    private static IEnumerable<(string Placeholder, string[] Words)> Candidates(string context)
    {
        string[] tokens = MessageTokens.Of(context);
        for (int i = 0; i < tokens.Length; i++)
            if (MessageTokens.IsPlaceholder(tokens[i]))
                yield return (tokens[i], [.. new[] { -2, -1, 1, 2 }.Where(step => i + step >= 0 && i + step < tokens.Length)
                    .Select(step => $"{step} {(MessageTokens.IsPlaceholder(tokens[i + step]) ? "{}" : tokens[i + step].ToLowerInvariant())}")]);
    }
}

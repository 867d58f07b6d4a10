namespace IntraDistill.Tasks;

/// <summary>The tasks of zero-shot transfer by their names: those of the SDK corpus, and the benchmarks of the paper.</summary>
public static class TransferTasks
{
    /// <summary>PAN-X, tagging names.</summary>
    public const string Panx = "PAN-X";

    /// <summary>TyDiQA-GoldP, answering questions.</summary>
    public const string Tydiqa = "TyDiQA";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [SdkEntities.Name, SdkQuestions.Name, Panx, Tydiqa];

    /// <summary>Those of a list of names with commas between them, whatever their case, as they are spelt.</summary>
    /// <exception cref="IntraDistillException">One of them is none.</exception>
    public static string[] Named(string names) => [.. names.Split(',', StringSplitOptions.TrimEntries).Select(name =>
        All.FirstOrDefault(task => task.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new IntraDistillException($"'{name}' is no task; expected one of {string.Join(", ", All)}"))];

    /// <summary>Whether a task is made from the SDK corpus.</summary>
    public static bool IsSdk(string name) => name is SdkEntities.Name or SdkQuestions.Name;

    /// <summary>Reads a task of <see cref="All"/>.</summary>
    /// <param name="name">Which.</param>
    /// <param name="sdk">The SDK corpus, which its tasks need; else null.</param>
    /// <param name="dataFolder">The folder of <c>panx</c> and <c>tydiqa</c>, which the others need.</param>
    /// <param name="languages">The languages to test, English besides; none for all.</param>
    /// <param name="train">The most examples to train on.</param>
    /// <param name="evaluated">The most examples of dev, and of each language's test.</param>
    /// <exception cref="IntraDistillException">Data or a language are missing; says which, and how to get them.</exception>
    public static TransferTask Load(
        string name, SdkCorpus? sdk, string dataFolder, IReadOnlyCollection<string> languages, int train, int evaluated)
    {
        switch (name)
        {
            case SdkEntities.Name or Panx:
                TransferCorpus<TaggedSentence> tagged = Choose(
                    name == Panx ? PanxCorpus.LoadTransfer(Path.Combine(dataFolder, "panx")) : SdkEntities.Build(sdk!));
                return new TaggingTask(tagged, name == Panx ? PanxCorpus.Tags : SdkEntities.Tags)
                {
                    Aligned = IsSdk(name),
                    WithoutModel = language => TaggingTask.Lines(TransferBaselines.SameNeighbours(tagged.Train, tagged.Test[language])),
                };
            case SdkQuestions.Name:
                TransferCorpus<QuestionExample> asked = Choose(SdkQuestions.Build(sdk!));
                return new QuestionTask(asked)
                {
                    Aligned = true, WithoutModel = language => TransferBaselines.LikeliestPlaceholder(asked.Train, asked.Test[language]),
                };
            default:
                return new QuestionTask(Choose(TydiqaCorpus.Load(Path.Combine(dataFolder, "tydiqa", "goldp")).ForTransfer()));
        }

        TransferCorpus<T> Choose<T>(TransferCorpus<T> corpus) where T : ITransferExample =>
            corpus.In(languages).Sample(train, evaluated, evaluated);
    }
}

/// <summary>Predictions without a model for tasks of cross-lingual transfer, learned from the English examples: what surface patterns
/// alone carry over to other languages.</summary>
public static class TransferBaselines
{
    /// <summary>Tags every token as training most often tagged it between the same two words; where these were not seen around it, beside
    /// the same word before, then after; then as the token alone was. A token that was never seen is outside. Numbers in placeholders do
    /// not count.</summary>
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
        Dictionary<string, string> likeliest = counts.ToDictionary(entry => entry.Key, entry => entry.Value
            .OrderByDescending(tag => tag.Value).ThenBy(tag => tag.Key, StringComparer.Ordinal).First().Key, counts.Comparer);
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
    }

    private static string Plain(string token) => MessageTokens.IsPlaceholder(token) ? "{}" : token;

    /// <summary>Answers each question of <see cref="SdkQuestions"/> with the placeholder that is likeliest by the two words before and
    /// the two after it: naive Bayes, learned from which placeholders of the English texts are answers to the question and which are
    /// not.</summary>
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
                    .Select(step => $"{step} {Plain(tokens[i + step]).ToLowerInvariant()}")]);
    }
}

namespace IntraDistill.Tasks;

/// <summary>Question answering: a line is the answer to a question.</summary>
public sealed class QuestionTask(TransferCorpus<QuestionExample> corpus) : TransferTask(corpus.Name, corpus.Fingerprint, corpus.Train.Count,
    corpus.Dev.Count, corpus.Test.ToDictionary(part => part.Key, part => part.Value.Count))
{
    private const int LongestShown = 400;

    /// <summary>The questions.</summary>
    public TransferCorpus<QuestionExample> Corpus => corpus;

    /// <summary>Answers the test questions of all languages, in batches as <see cref="QuestionBatches.InOrder"/> makes them.</summary>
    public IReadOnlyList<string> Predict(
        BertForQuestionAnswering model, Func<IReadOnlyList<QuestionExample>, IReadOnlyList<QuestionBatch>> inOrder) =>
        [.. Languages.Select(language => corpus.Test[language])
            .SelectMany(questions => AnswerFinder.Answer(model, questions, inOrder(questions)))
            .Select(answer => answer.ReplaceLineEndings(" "))];

    /// <inheritdoc/>
    public override SegmentStatistics Statistics(IReadOnlyList<string> lines, string language) =>
        SquadScore.Statistics(lines, corpus.Test[language]);

    /// <inheritdoc/>
    public override bool HasExact => true;

    private protected override SegmentStatistics Exact(IReadOnlyList<string> lines, string language) =>
        SquadScore.Statistics(lines, corpus.Test[language], SquadMetric.ExactMatch);

    /// <inheritdoc/>
    public override (string Text, string Answer) Example(string language)
    {
        IReadOnlyList<QuestionExample> questions = corpus.Test[language];
        QuestionExample shown = questions.FirstOrDefault(one => language != "en" || one.Context.Length < LongestShown) ?? questions[0];
        string text = shown.Context.Length < LongestShown ? shown.Context : shown.Context[..LongestShown] + " …";
        return ($"{shown.Question}{(shown.Question.EndsWith('?') ? "" : "?")} — {text}", shown.Answers[0].Text);
    }
}

namespace IntraDistill.Tasks;

/// <summary>An answer that stands in a text.</summary>
/// <param name="Text">The answer.</param>
/// <param name="Start">Where it begins in the text, a UTF-16 index: <c>context[Start..(Start + Text.Length)]</c> is the
/// answer.</param>
public sealed record AnswerSpan(string Text, int Start)
{
    /// <summary>The index after its last UTF-16 unit.</summary>
    public int End => Start + Text.Length;
}

/// <summary>A question, and a text that its answer is a part of.</summary>
/// <param name="Id">What its data set calls it.</param>
/// <param name="Question">The question.</param>
/// <param name="Context">The text.</param>
/// <param name="Answers">
/// What annotators marked as the answer, each as good as the others; models learn the first. Empty where it is not known.
/// </param>
public sealed record QuestionExample(string Id, string Question, string Context, IReadOnlyList<AnswerSpan> Answers)
    : KitRecord, ITransferExample
{
    /// <inheritdoc/>
    public IEnumerable<string> Lines() =>
        [Id, Question, Context, $"{Answers.Count}", .. Answers.SelectMany(answer => new[] { $"{answer.Start}", answer.Text })];
}

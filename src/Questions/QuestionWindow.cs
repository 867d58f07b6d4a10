
namespace IntraDistill.Tasks;

/// <summary>A question with as much of its text as goes through the model at once.</summary>
/// <param name="Question">Which question of the list.</param>
/// <param name="Text">
/// The question and a part of the text, between the model's special tokens; the offsets of the latter are places in the whole
/// text.
/// </param>
/// <param name="ContextStart">Which token of <paramref name="Text"/> is the first of the text.</param>
/// <param name="FirstToken">How many tokens of the whole text stand before the window.</param>
/// <param name="Fullest">
/// For each token of the text in the window whether no other window has more of the text around it: exactly one window each.
/// </param>
public sealed record QuestionWindow(
    int Question, EncodedText Text, int ContextStart, int FirstToken, IReadOnlyList<bool> Fullest) : KitRecord
{
    /// <summary>How many tokens of the text are in the window.</summary>
    public int ContextLength => Fullest.Count;

    /// <summary>
    /// The answer's first token, counted in <see cref="Text"/>; 0, the token before the question, where the window does not have
    /// all of the answer or none is known.
    /// </summary>
    public int Start { get; init; }

    /// <summary>The answer's last token, likewise.</summary>
    public int End { get; init; }

    /// <summary>Whether the window has all of the answer.</summary>
    public bool HasAnswer => Start > 0;

    /// <summary>The part of the original text that some of the window's tokens stand for.</summary>
    /// <param name="context">The text.</param>
    /// <param name="start">The first token, counted in <see cref="Text"/>.</param>
    /// <param name="end">The last one.</param>
    public AnswerSpan Cut(string context, int start, int end)
    {
        (int from, int to) = (Text.Offsets[start].Start, int.Max(Text.Offsets[start].Start, Text.Offsets[end].End));
        ReadOnlySpan<char> span = context.AsSpan(from, to - from);
        return new(span.Trim().ToString(), from + span.Length - span.TrimStart().Length);
    }
}

namespace IntraDistill.Tasks;

/// <summary>A text, or two texts, and what is to be predicted of them.</summary>
/// <param name="Text">The text, or the first of the two.</param>
/// <param name="Pair">The second text; null where the task has one text only.</param>
/// <param name="Label">The class's number, from 0, or the score; null where it is not published, as in GLUE's test sets.</param>
/// <param name="Id">What names the example in its part of the data set.</param>
public sealed record LabelledText(string Text, string? Pair, double? Label, string Id);

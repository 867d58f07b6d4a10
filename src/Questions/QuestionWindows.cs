namespace IntraDistill.Tasks;

/// <summary>A question with as much of its text as goes through the model at once.</summary>
/// <param name="Question">Which question of the list.</param>
/// <param name="Text">The question and a part of the text, between the model's special tokens; the offsets of the latter are places in the
/// whole text.</param>
/// <param name="ContextStart">Which token of <paramref name="Text"/> is the first of the text.</param>
/// <param name="FirstToken">How many tokens of the whole text stand before the window.</param>
/// <param name="Fullest">For each token of the text in the window whether no other window has more of the text around it: exactly one
/// window each.</param>
public sealed record QuestionWindow(
    int Question, EncodedText Text, int ContextStart, int FirstToken, IReadOnlyList<bool> Fullest) : KitRecord
{
    /// <summary>How many tokens of the text are in the window.</summary>
    public int ContextLength => Fullest.Count;

    /// <summary>The answer's first token, counted in <see cref="Text"/>; 0, the token before the question, where the window does not have
    /// all of the answer or none is known.</summary>
    public int Start { get; init; }

    /// <summary>The answer's last token, likewise.</summary>
    public int End { get; init; }

    /// <summary>Whether the window has all of the answer.</summary>
    public bool HasAnswer => Start > 0;

    /// <summary>The part of the original text that the tokens from start to end, counted in <see cref="Text"/>, stand for.</summary>
    public AnswerSpan Cut(string context, int start, int end)
    {
        (int from, int to) = (Text.Offsets[start].Start, int.Max(Text.Offsets[start].Start, Text.Offsets[end].End));
        ReadOnlySpan<char> span = context.AsSpan(from, to - from);
        return new(span.Trim().ToString(), from + span.Length - span.TrimStart().Length);
    }
}

/// <summary>Cuts questions and their texts into windows, as the authors' <c>run_squad.py</c> does: the question, shortened to
/// <see cref="QuestionBatchSettings.MaxQuestionLength"/> tokens, and as much of the text as there is room for; the next window begins
/// <see cref="QuestionBatchSettings.Stride"/> tokens of the text later, until one reaches its end.</summary>
/// <remarks>So the stride is a step, not the overlap that Hugging Face's tokenizers call by that name: with 384 ids and a short question
/// windows share some 200 tokens. An answer's tokens are those that share a character with it. The authors take whole words split at white
/// space and then look in them for tokens that are the answer's own.</remarks>
public static class QuestionWindows
{
    /// <summary>The windows of all questions, in their order; each question has at least one. The first of a question's answers labels its
    /// windows.</summary>
    /// <exception cref="IntraDistillException">A question or text cannot be encoded, or a setting is out of range.</exception>
    public static IReadOnlyList<QuestionWindow> Of(
        IReadOnlyList<QuestionExample> questions, PretrainedTokenizer tokenizer, QuestionBatchSettings? settings = null)
    {
        settings ??= new();
        settings.Check();
        return [.. ParallelMap.Of(questions.Count, i =>
        {
            try
            {
                EncodedText pair = tokenizer.Encode(questions[i].Question, questions[i].Context, int.MaxValue);
                return Cut(i, pair, questions[i].Answers is [AnswerSpan answer, ..] ? answer : null, settings);
            }
            catch (IntraDistillException e)
            {
                throw new IntraDistillException($"question {questions[i].Id}: {e.Message}", e);
            }
        }).SelectMany(windows => windows)];
    }

    private static QuestionWindow[] Cut(int question, EncodedText pair, AnswerSpan? answer, QuestionBatchSettings settings)
    {
        int last = pair.Length - 1, first = 0, questionTokens = 0;
        while (first < last && pair.Sources[first] != 1)
            questionTokens += pair.Sources[first++] == 0 ? 1 : 0;
        int kept = int.Min(questionTokens, settings.MaxQuestionLength);
        // [CLS] and the question, then the one or two special tokens before the text.
        int[] before = [.. Enumerable.Range(0, 1 + kept), .. Enumerable.Range(1 + questionTokens, first - 1 - questionTokens)];
        int tokens = last - first, room = settings.MaxLength - before.Length - 1;
        (int answerStart, int answerEnd) = answer is null ? (-1, -1) : TokensOf(answer, pair, first, last);

        List<(int Start, int Length)> parts = [];
        for (int start = 0; parts is [] || parts[^1].Start + parts[^1].Length < tokens; start += settings.Stride)
            parts.Add((start, int.Min(room, tokens - start)));
        return [.. parts.Select((part, number) =>
        {
            bool whole = answerStart >= first + part.Start && answerEnd < first + part.Start + part.Length;
            int shift = before.Length - first - part.Start;
            int[] range = [.. Enumerable.Range(part.Start, part.Length)];
            return new QuestionWindow(question, Pick(pair, [.. before, .. range.Select(t => first + t), last]),
                before.Length, part.Start, [.. range.Select(t => FullestOf(parts, t) == number)])
            {
                Start = whole ? answerStart + shift : 0,
                End = whole ? answerEnd + shift : 0,
            };
        })];
    }

    // The first and last token that have a character of the answer; −1 where none has (control characters alone).
    private static (int Start, int End) TokensOf(AnswerSpan answer, EncodedText pair, int first, int last)
    {
        int[] tokens = [.. Enumerable.Range(first, last - first).Where(t => pair.Offsets[t] is var span
            && span.Start < span.End && span.Start < answer.End && span.End > answer.Start)];
        return tokens is [] ? (-1, -1) : (tokens[0], tokens[^1]);
    }

    // The window with the most text at a token's poorer side; of equals the longer, then the earlier one (BERT's "max context").
    private static int FullestOf(List<(int Start, int Length)> parts, int token) =>
        Enumerable.Range(0, parts.Count).Where(i => token >= parts[i].Start && token < parts[i].Start + parts[i].Length)
            .MaxBy(i => int.Min(token - parts[i].Start, parts[i].Start + parts[i].Length - 1 - token) + 0.01 * parts[i].Length);

    private static EncodedText Pick(EncodedText pair, int[] tokens) => new([.. tokens.Select(t => pair.Ids[t])],
        [.. tokens.Select(t => pair.TypeIds[t])], [.. tokens.Select(t => pair.Sources[t])],
        [.. tokens.Select(t => pair.Offsets[t])], null);
}

using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>Finds the answers to questions, as the authors' code does (SQuAD's n-best decoding): the pair of a start and an end with the
/// highest sum of logits over all windows of the question, both in the text, the end not before the start nor too far from it, and the
/// start in the window that has the most text around it.</summary>
/// <remarks>The answer is the original text between the offsets of these tokens. The authors put tokens together again and look for the
/// result in the words around, which gives the whole words where that fails.</remarks>
public static class AnswerFinder
{
    // The authors' settings: how many of the best starts are tried with as many of the best ends, and the most tokens in an answer.
    private const int Best = 20, LongestAnswer = 30;

    /// <summary>Answers questions, in evaluation mode and without gradients; the model's mode is afterwards what it was.</summary>
    /// <param name="model">The model, on any device.</param>
    /// <param name="questions">The questions.</param>
    /// <param name="batches">All their windows, as <see cref="QuestionBatches.InOrder"/> makes them.</param>
    /// <param name="seen">Called with each batch and its logits of starts and ends, (B, T) each, so that a loss can be measured without
    /// another pass.</param>
    /// <returns>The best answer to each question: what <see cref="SquadScore"/> takes.</returns>
    /// <exception cref="ArgumentException">The batches are not of these questions.</exception>
    public static string[] Answer(BertForQuestionAnswering model, IReadOnlyList<QuestionExample> questions,
        IReadOnlyList<QuestionBatch> batches, Action<QuestionBatch, (Tensor Start, Tensor End)>? seen = null)
    {
        var scored = Evaluation.Of(model, () =>
        {
            List<(QuestionWindow Window, float[] Start, float[] End)> windows = [];
            foreach (QuestionBatch batch in batches)
            {
                using var scope = NewDisposeScope();
                (Tensor ids, Tensor mask, Tensor types) = batch.Texts.On(model.Encoder.WordEmbeddings.device);
                (Tensor start, Tensor end) = model.call(ids, mask, types);
                seen?.Invoke(batch, (start, end));
                float[] starts = Values(start), ends = Values(end);
                int length = batch.Texts.Ids.GetLength(1);
                for (int row = 0; row < batch.Tokens; row++)
                {
                    Range tokens = (row * length)..(row * length + batch.Windows[row].Text.Length);
                    windows.Add((batch.Windows[row], starts[tokens], ends[tokens]));
                }
            }
            return windows;
        });
        var ofQuestion = scored.OrderBy(one => one.Window.FirstToken).ToLookup(one => one.Window.Question);
        if (ofQuestion.Count != questions.Count || ofQuestion.Any(group => group.Key >= questions.Count))
            throw new ArgumentException("the batches were expected to hold windows of each question, as QuestionBatches.InOrder does");
        return [.. questions.Select((question, i) => Find(question.Context, [.. ofQuestion[i]]).Text)];

        static float[] Values(Tensor scores) => [.. scores.to(float32).cpu().data<float>()]; // (B, T)
    }

    /// <summary>F1 of the answers to questions and the mean loss of their windows, in one pass over <see cref="QuestionBatches.InOrder"/>
    /// of them.</summary>
    public static Validation Validate(
        BertForQuestionAnswering model, IReadOnlyList<QuestionExample> questions, IReadOnlyList<QuestionBatch> batches)
    {
        double loss = 0;
        string[] answers = Answer(model, questions, batches, seen: (batch, logits) =>
        {
            (Tensor starts, Tensor ends) = batch.AnswersOn(logits.Start.device);
            loss += batch.Tokens * BertForQuestionAnswering.Loss(logits, starts, ends).ToDouble();
        });
        return new(SquadScore.Of(answers, questions).F1, loss / batches.Sum(batch => batch.Tokens));
    }

    /// <summary>The best answer to a question from its windows, with the logits as start and as end of each window's tokens; empty where no
    /// pair is an answer.</summary>
    internal static AnswerSpan Find(string context, IReadOnlyList<(QuestionWindow Window, float[] Start, float[] End)> windows,
        int best = Best, int longest = LongestAnswer) =>
        windows.SelectMany(scored => Candidates(scored.Window, scored.Start, scored.End, best, longest))
            .OrderByDescending(one => one.Score).Select(one => one.Window.Cut(context, one.Start, one.End))
            .FirstOrDefault(answer => answer.Text.Length > 0) ?? new("", 0);

    private static IEnumerable<(QuestionWindow Window, int Start, int End, double Score)> Candidates(
        QuestionWindow window, float[] startScores, float[] endScores, int best, int longest)
    {
        int first = window.ContextStart, behind = first + window.ContextLength;
        int[] ends = Highest(endScores);
        return Highest(startScores).Where(start => start >= first && start < behind && window.Fullest[start - first])
            .SelectMany(start => ends.Where(end => end >= start && end < behind && end - start < longest)
                .Select(end => (window, start, end, (double)startScores[start] + endScores[end])));

        // Question and special tokens take their places among the best, as with the authors.
        int[] Highest(float[] scores) => [.. Enumerable.Range(0, scores.Length).OrderByDescending(t => scores[t]).Take(best)];
    }
}

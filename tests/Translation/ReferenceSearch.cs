using IntraDistill.Tasks;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>
/// Searches without a cache, written for clearness alone: one sentence at a time, the full model run again for every prefix,
/// every token of the vocabulary a candidate.
/// </summary>
internal static class ReferenceSearch
{
    /// <summary>Beam search by fairseq's rules, for one unpadded source.</summary>
    public static List<Hypothesis> Beam(TranslationTransformer model, long[] source, BeamSearchSettings settings)
    {
        int maxLength = MaxLength(source, settings);
        List<(int[] Tokens, double Score)> live = [([], 0)];
        List<Hypothesis> finished = [];
        for (int length = 0; live.Count > 0 && finished.Count < settings.BeamSize && length <= maxLength; length++)
        {
            List<(int[] Tokens, int Next, double Score)> candidates = [];
            foreach ((int[] tokens, double score) in live)
            {
                double[] next = NextLogProbabilities(model, source, tokens, settings);
                for (int token = 0; token < next.Length; token++)
                    if (Allowed(token, length, maxLength, model, settings))
                        candidates.Add((tokens, token, score + next[token]));
            }
            candidates = [.. candidates.OrderByDescending(c => c.Score).Take(2 * settings.BeamSize)];
            foreach (var (tokens, next, score) in candidates.Take(settings.BeamSize))
                if (next == settings.EosId && finished.Count < settings.BeamSize)
                    finished.Add(new(tokens, score / Math.Pow(length + 1, settings.LengthPenalty)));
            live = [.. candidates.Where(c => c.Next != settings.EosId).Take(settings.BeamSize)
                .Select(c => ((int[])[.. c.Tokens, c.Next], c.Score))];
        }
        return [.. finished.OrderByDescending(hypothesis => hypothesis.Score)];
    }

    /// <summary>The most probable next token, again and again.</summary>
    public static Hypothesis Greedy(TranslationTransformer model, long[] source, BeamSearchSettings settings)
    {
        int maxLength = MaxLength(source, settings);
        List<int> tokens = [];
        double score = 0;
        while (true)
        {
            double[] next = NextLogProbabilities(model, source, [.. tokens], settings);
            int best = Enumerable.Range(0, next.Length)
                .Where(token => Allowed(token, tokens.Count, maxLength, model, settings)).MaxBy(token => next[token]);
            score += next[best];
            if (best == settings.EosId)
                return new([.. tokens], score / Math.Pow(tokens.Count + 1, settings.LengthPenalty));
            tokens.Add(best);
        }
    }

    /// <summary>The best of all outputs there are.</summary>
    public static Hypothesis Exhaustive(TranslationTransformer model, long[] source, BeamSearchSettings settings)
    {
        int maxLength = MaxLength(source, settings);
        Hypothesis best = new([], double.NegativeInfinity);
        Visit([], 0);
        return best;

        void Visit(int[] tokens, double score)
        {
            double[] next = NextLogProbabilities(model, source, tokens, settings);
            for (int token = 0; token < next.Length; token++)
            {
                if (!Allowed(token, tokens.Length, maxLength, model, settings))
                    continue;
                double normalized = (score + next[token]) / Math.Pow(tokens.Length + 1, settings.LengthPenalty);
                if (token != settings.EosId)
                    Visit([.. tokens, token], score + next[token]);
                else if (normalized > best.Score)
                    best = new(tokens, normalized);
            }
        }
    }

    private static int MaxLength(long[] source, BeamSearchSettings settings) =>
        Math.Max(1, (int)(settings.MaxLengthRatio * source.Length + settings.MaxLengthOffset));

    private static bool Allowed(
        int token, int length, int maxLength, TranslationTransformer model, BeamSearchSettings settings) =>
        token != model.Settings.PadId && token != settings.BosId
        && (token == settings.EosId ? length > 0 : length < maxLength);

    private static double[] NextLogProbabilities(
        TranslationTransformer model, long[] source, int[] tokens, BeamSearchSettings settings)
    {
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        Tensor prefix = tensor((long[])[settings.BosId, .. tokens.Select(t => (long)t)]).unsqueeze(0);
        Tensor logits = model.call(tensor(source).unsqueeze(0), prefix);
        return logits[0, -1].to(float64).log_softmax(-1).data<double>().ToArray();
    }
}

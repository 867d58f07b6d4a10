using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>How <see cref="BeamSearch"/> searches. The defaults are the paper's for IWSLT'14: beam 5, length penalty 1.</summary>
public sealed record BeamSearchSettings
{
    /// <summary>How many hypotheses a sentence are followed; 1 is greedy search.</summary>
    public int BeamSize { get; init; } = 5;

    /// <summary>The exponent λ of the score <c>Σ log p / length^λ</c>, where length counts EOS; above 1 favours longer output, 0 compares
    /// plain log-probabilities.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>a of the longest output, <c>a · |source| + b</c> tokens before EOS, where |source| counts the sentence's own tokens with
    /// its EOS (fairseq takes the batch's longest, so that its output depends on the batch).</summary>
    public double MaxLengthRatio { get; init; } = 1.2;

    /// <summary>b of the longest output; see <see cref="MaxLengthRatio"/>.</summary>
    public int MaxLengthOffset { get; init; } = 10;

    /// <summary>The token every target begins with; never generated.</summary>
    public int BosId { get; init; } = 1;

    /// <summary>The token that ends a target.</summary>
    public int EosId { get; init; } = 2;

    internal void Validate(TransformerSettings model)
    {
        int vocabulary = model.TargetVocabulary;
        SettingsCheck.AtLeast(BeamSize, 1);
        SettingsCheck.That(double.IsFinite(LengthPenalty), $"LengthPenalty is {LengthPenalty}; expected a finite number");
        SettingsCheck.That(MaxLengthRatio is >= 0 and < double.PositiveInfinity,
            $"MaxLengthRatio is {MaxLengthRatio}; expected a number of at least 0");
        SettingsCheck.That(BosId >= 0 && BosId < vocabulary && EosId >= 0 && EosId < vocabulary && EosId != BosId && EosId != model.PadId,
            $"BosId {BosId} and EosId {EosId} are not two tokens of a vocabulary of {vocabulary} beside PadId {model.PadId}");
        SettingsCheck.That(vocabulary >= 4, $"TargetVocabulary is {vocabulary}; that leaves no token but PAD, BOS and EOS");
    }
}

/// <summary>One translation.</summary>
/// <param name="Tokens">Its tokens, without BOS and EOS.</param>
/// <param name="Score">Its log-probability, EOS included, over length^λ (<see cref="BeamSearchSettings.LengthPenalty"/>).</param>
public sealed record Hypothesis(int[] Tokens, double Score) : KitRecord;

/// <summary>The translations of a batch: for each source row its finished hypotheses, best first, at most BeamSize, at least one.</summary>
public sealed record BeamSearchResult(IReadOnlyList<IReadOnlyList<Hypothesis>> NBest) : KitRecord
{
    /// <summary>The best hypothesis of each source row, without BOS and EOS.</summary>
    public int[][] Tokens { get; } = [.. NBest.Select(hypotheses => hypotheses[0].Tokens)];

    /// <summary>The score of each row of <see cref="Tokens"/>.</summary>
    public double[] Scores { get; } = [.. NBest.Select(hypotheses => hypotheses[0].Score)];
}

/// <summary>Beam search over a batch with cached keys and values, by the rules of fairseq's <c>SequenceGenerator</c>: a step keeps the
/// 2·beam best continuations of a sentence; EOS among the best beam of them finishes a hypothesis; a sentence is done once beam hypotheses
/// are finished or the longest output is reached, where every hypothesis is ended; at least one token is generated before EOS, and never
/// PAD or BOS.</summary>
public static class BeamSearch
{
    /// <summary>Translates a batch, (B, S): tokens and EOS, padded. The model is in evaluation mode meanwhile; cancellation stops the
    /// search between two tokens.</summary>
    /// <exception cref="IntraDistillException">Wrong settings, too long a source, or model output that is not finite.</exception>
    public static BeamSearchResult Translate(TranslationTransformer model, long[,] source,
        BeamSearchSettings? settings = null, CancellationToken cancellation = default)
    {
        settings ??= new();
        settings.Validate(model.Settings);
        return Evaluation.Of(model, () =>
        {
            using var scope = NewDisposeScope();
            return Search(model, from_array(source).to(model.OutputWeight.device), settings, cancellation);
        });
    }

    private static BeamSearchResult Search(TranslationTransformer model, Tensor source, BeamSearchSettings settings,
        CancellationToken cancellation)
    {
        Device device = source.device;
        long[] lengths = source.ne(model.Settings.PadId).sum(1).cpu().data<long>().ToArray();
        SentenceBeam[] sentences = [.. lengths.Select((length, i) => new SentenceBeam(i, MaxLength(length), settings))];
        if (sentences.Length == 0)
            return new([]);
        using DecodingState state = model.StartDecoding(source);
        List<SentenceBeam> active = [.. sentences];
        int rows = 1; // of every active sentence; those beyond its live hypotheses are ignored
        for (int length = 0; active.Count > 0; length++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            Tensor tokens = tensor(active.SelectMany(sentence => Enumerable.Range(0, rows)
                .Select(i => (long)sentence.Live[Math.Min(i, sentence.Live.Count - 1)].Tokens[^1])).ToArray(), device: device);
            Offer(model.Step(tokens, state), active, rows, length, model.Settings.PadId, settings);

            int[][] parents = [.. active.Select(sentence => sentence.Advance(length))];
            int[] kept = [.. Enumerable.Range(0, active.Count).Where(i => !active[i].Done)];
            int nextRows = kept.Select(i => parents[i].Length).DefaultIfEmpty(0).Max();
            long[] order = [.. kept.SelectMany(i =>
                Enumerable.Range(0, nextRows).Select(j => (long)(i * rows + parents[i].ElementAtOrDefault(j))))];
            if (kept.Length < active.Count && kept.Length > 0)
                state.Keep(tensor(kept.Select(i => (long)i).ToArray(), device: device));
            if (order.Length != active.Count * rows || order.Where((row, i) => row != i).Any())
                state.Reorder(tensor(order, device: device));
            active = [.. kept.Select(i => active[i])];
            rows = nextRows;
        }
        return new([.. sentences.Select(sentence => sentence.Finished)]);

        int MaxLength(long sourceLength) => (int)Math.Clamp(
            settings.MaxLengthRatio * sourceLength + settings.MaxLengthOffset, 1, Math.Max(1, model.Settings.MaxLength - 1));
    }

    // Offers every live hypothesis its best continuations, more than a step can keep.
    private static void Offer(Tensor logits, List<SentenceBeam> active, int rows, int length, int padId, BeamSearchSettings settings)
    {
        // 2·beam can be kept; PAD, BOS and, at first, EOS may be among the best and are passed over.
        int count = (int)Math.Min(2L * settings.BeamSize + 3, logits.shape[1]);
        (Tensor best, Tensor ids) = logits.topk(count); // (N, count)
        float[] normalizers = Floats(logits.logsumexp(-1)), ends = Floats(logits.select(1, settings.EosId)), values = Floats(best);
        long[] tokens = ids.cpu().data<long>().ToArray();
        for (int i = 0; i < active.Count; i++)
            for (int j = 0; j < active[i].Live.Count; j++)
            {
                int row = i * rows + j;
                if (!float.IsFinite(normalizers[row]))
                    throw new IntraDistillException($"the model's output for source row {active[i].Index} is not finite");
                if (active[i].MustEnd(length))
                {
                    active[i].Offer(j, settings.EosId, ends[row] - normalizers[row]);
                    continue;
                }
                for (int k = row * count; k < (row + 1) * count; k++)
                    if (tokens[k] != padId && tokens[k] != settings.BosId && (length > 0 || tokens[k] != settings.EosId))
                        active[i].Offer(j, (int)tokens[k], values[k] - normalizers[row]);
            }

        static float[] Floats(Tensor x) => x.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }
}

/// <summary>The search for the translation of one sentence: fairseq's, on the host, fed with the model's best tokens.</summary>
internal sealed class SentenceBeam(int index, int maxLength, BeamSearchSettings settings)
{
    private readonly List<Hypothesis> _finished = [];
    private readonly List<(int Parent, int Token, double LogProbability)> _candidates = [];

    /// <summary>The row of the sentence in the source batch.</summary>
    internal int Index => index;

    /// <summary>The hypotheses to be continued, BOS included, best first; the model's rows of this sentence, in order.</summary>
    internal List<(int[] Tokens, double LogProbability)> Live { get; private set; } = [([settings.BosId], 0)];

    internal bool Done { get; private set; }

    internal IReadOnlyList<Hypothesis> Finished => [.. _finished.OrderByDescending(hypothesis => hypothesis.Score)];

    internal void Offer(int parent, int token, double logProbability) =>
        _candidates.Add((parent, token, Live[parent].LogProbability + logProbability));

    /// <summary>Ends a step in which hypotheses of length tokens were continued: of the 2·beam best candidates, each EOS among the best
    /// beam finishes a hypothesis, and the best beam others live on.</summary>
    /// <returns>The parent of each live hypothesis.</returns>
    internal int[] Advance(int length)
    {
        List<(int[], double)> live = [];
        List<int> parents = [];
        // Ties go to the better parent and the smaller token: the same result whatever the order of the offers.
        var best = _candidates.OrderByDescending(one => one.LogProbability).ThenBy(one => one.Parent).ThenBy(one => one.Token)
            .Take(2 * settings.BeamSize);
        foreach ((int rank, (int parent, int token, double logProbability)) in best.Index())
            if (token == settings.EosId)
            {
                if (rank < settings.BeamSize && _finished.Count < settings.BeamSize)
                    _finished.Add(new(Live[parent].Tokens[1..], logProbability / Math.Pow(length + 1, settings.LengthPenalty)));
            }
            else if (live.Count < settings.BeamSize)
            {
                live.Add(([.. Live[parent].Tokens, token], logProbability));
                parents.Add(parent);
            }
        _candidates.Clear();
        Live = live;
        Done = live.Count == 0 || length == maxLength || _finished.Count == settings.BeamSize;
        return [.. parents];
    }

    /// <summary>Whether the hypotheses, now of length tokens, can only be ended.</summary>
    internal bool MustEnd(int length) => length >= maxLength;
}

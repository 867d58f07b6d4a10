using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>
/// Beam search over a batch with cached keys and values, by the rules of fairseq's <c>SequenceGenerator</c>: a step keeps the
/// 2·beam best continuations of a sentence; EOS among the best beam of them finishes a hypothesis; a sentence is done once
/// beam hypotheses are finished or the longest output is reached, where every hypothesis is ended; at least one token is
/// generated before EOS, and never PAD or BOS.
/// </summary>
public static class BeamSearch
{
    /// <summary>Translates a batch; the model is in evaluation mode meanwhile.</summary>
    /// <param name="model">The model.</param>
    /// <param name="source">(B, S): tokens and EOS, padded.</param>
    /// <param name="settings">The paper's, if not given.</param>
    /// <param name="cancellation">Stops the search between two tokens.</param>
    /// <returns>For each row its translation and score.</returns>
    /// <exception cref="IntraDistillException">Wrong settings, too long a source, or model output that is not finite.</exception>
    public static BeamSearchResult Translate(TranslationTransformer model, long[,] source,
        BeamSearchSettings? settings = null, CancellationToken cancellation = default)
    {
        using Tensor tokens = from_array(source);
        return Translate(model, tokens, settings, cancellation);
    }

    /// <summary>Translates a batch; the model is in evaluation mode meanwhile.</summary>
    /// <param name="model">The model.</param>
    /// <param name="source">(B, S) int64, on any device: tokens and EOS, padded.</param>
    /// <param name="settings">The paper's, if not given.</param>
    /// <param name="cancellation">Stops the search between two tokens.</param>
    /// <returns>For each row its translation and score.</returns>
    /// <exception cref="IntraDistillException">Wrong settings, too long a source, or model output that is not finite.</exception>
    public static BeamSearchResult Translate(TranslationTransformer model, Tensor source,
        BeamSearchSettings? settings = null, CancellationToken cancellation = default)
    {
        settings ??= new();
        settings.Validate(model.Settings);
        return Evaluation.Of(model, () =>
        {
            using var scope = NewDisposeScope();
            return Search(model, source.to(model.OutputWeight.device), settings, cancellation);
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
            Tensor tokens = tensor(active.SelectMany(sentence => Padded(sentence.Live, rows)).ToArray(), device: device);
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

        static IEnumerable<long> Padded(List<SentenceBeam.Prefix> live, int rows) =>
            Enumerable.Range(0, rows).Select(i => (long)live[Math.Min(i, live.Count - 1)].Token);
    }

    /// <summary>Offers every live hypothesis its best continuations, more than a step can keep.</summary>
    private static void Offer(Tensor logits, List<SentenceBeam> active, int rows, int length, int padId,
        BeamSearchSettings settings)
    {
        // 2·beam can be kept; PAD, BOS and, at first, EOS may be among the best and are passed over.
        int count = (int)Math.Min(2L * settings.BeamSize + 3, logits.shape[1]);
        (Tensor best, Tensor ids) = logits.topk(count); // (N, count)
        float[] normalizers = Floats(logits.logsumexp(-1));
        float[] ends = Floats(logits.select(1, settings.EosId));
        float[] values = Floats(best);
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

namespace IntraDistill.Tasks;

/// <summary>The search for the translation of one sentence: fairseq's, on the host, fed with the model's best tokens.</summary>
internal sealed class SentenceBeam(int index, int maxLength, BeamSearchSettings settings)
{
    private readonly List<Hypothesis> _finished = [];
    private readonly List<Candidate> _candidates = [];

    /// <summary>The row of the sentence in the source batch.</summary>
    internal int Index => index;

    /// <summary>The hypotheses to be continued, best first; the model's rows of this sentence, in order.</summary>
    internal List<Prefix> Live { get; private set; } = [new(null, settings.BosId, 0)];

    /// <summary>Whether nothing is left to search.</summary>
    internal bool Done { get; private set; }

    /// <summary>The hypotheses found, best first.</summary>
    internal IReadOnlyList<Hypothesis> Finished => [.. _finished.OrderByDescending(hypothesis => hypothesis.Score)];

    /// <summary>Offers token as a continuation of a live hypothesis.</summary>
    internal void Offer(int parent, int token, double logProbability) =>
        _candidates.Add(new(parent, token, Live[parent].LogProbability + logProbability));

    /// <summary>
    /// Ends a step in which hypotheses of length tokens were continued: of the 2·beam best candidates, each EOS among the best
    /// beam finishes a hypothesis, and the best beam others live on. The search ends once beam hypotheses are finished.
    /// </summary>
    /// <returns>The parent of each live hypothesis.</returns>
    internal int[] Advance(int length)
    {
        _candidates.Sort();
        List<Prefix> live = [];
        List<int> parents = [];
        int considered = Math.Min(_candidates.Count, 2 * settings.BeamSize);
        for (int rank = 0; rank < considered; rank++)
        {
            Candidate candidate = _candidates[rank];
            if (candidate.Token == settings.EosId)
            {
                if (rank < settings.BeamSize && _finished.Count < settings.BeamSize)
                    _finished.Add(new(Live[candidate.Parent].Tokens(length),
                        candidate.LogProbability / Math.Pow(length + 1, settings.LengthPenalty)));
            }
            else if (live.Count < settings.BeamSize)
            {
                live.Add(new(Live[candidate.Parent], candidate.Token, candidate.LogProbability));
                parents.Add(candidate.Parent);
            }
        }
        _candidates.Clear();
        Live = live;
        Done = live.Count == 0 || length == maxLength || _finished.Count == settings.BeamSize;
        return [.. parents];
    }

    /// <summary>Whether the hypotheses, now of length tokens, can only be ended.</summary>
    internal bool MustEnd(int length) => length >= maxLength;

    /// <summary>A hypothesis that has not ended; the first one is BOS alone.</summary>
    internal sealed record Prefix(Prefix? Previous, int Token, double LogProbability)
    {
        internal int[] Tokens(int length)
        {
            var tokens = new int[length];
            Prefix prefix = this;
            for (int i = length - 1; i >= 0; i--, prefix = prefix.Previous!)
                tokens[i] = prefix.Token;
            return tokens;
        }
    }

    private readonly record struct Candidate(int Parent, int Token, double LogProbability) : IComparable<Candidate>
    {
        // Ties go to the better parent and the smaller token: the same result whatever the order of the offers.
        public int CompareTo(Candidate other) =>
            LogProbability != other.LogProbability ? other.LogProbability.CompareTo(LogProbability)
            : Parent != other.Parent ? Parent.CompareTo(other.Parent)
            : Token.CompareTo(other.Token);
    }
}

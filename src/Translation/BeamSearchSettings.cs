
namespace IntraDistill.Tasks;

/// <summary>How <see cref="BeamSearch"/> searches. The defaults are the paper's for IWSLT'14: beam 5, length penalty 1.</summary>
public sealed record BeamSearchSettings
{
    /// <summary>How many hypotheses a sentence are followed; 1 is greedy search.</summary>
    public int BeamSize { get; init; } = 5;

    /// <summary>
    /// The exponent λ of the score <c>Σ log p / length^λ</c>, where length counts EOS; above 1 favours longer output, 0
    /// compares plain log-probabilities.
    /// </summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>
    /// a of the longest output, <c>a · |source| + b</c> tokens before EOS, where |source| counts the sentence's own tokens with
    /// its EOS (fairseq takes the batch's longest, so that its output depends on the batch).
    /// </summary>
    public double MaxLengthRatio { get; init; } = 1.2;

    /// <summary>b of the longest output; see <see cref="MaxLengthRatio"/>.</summary>
    public int MaxLengthOffset { get; init; } = 10;

    /// <summary>The token every target begins with; never generated.</summary>
    public int BosId { get; init; } = 1;

    /// <summary>The token that ends a target.</summary>
    public int EosId { get; init; } = 2;

    internal void Validate(TransformerSettings model)
    {
        if (BeamSize < 1)
            throw new IntraDistillException($"BeamSize is {BeamSize}; expected at least 1");
        if (!double.IsFinite(LengthPenalty))
            throw new IntraDistillException($"LengthPenalty is {LengthPenalty}; expected a finite number");
        if (MaxLengthRatio is not (>= 0 and < double.PositiveInfinity))
            throw new IntraDistillException($"MaxLengthRatio is {MaxLengthRatio}; expected a number of at least 0");
        int vocabulary = model.TargetVocabulary;
        if (BosId < 0 || BosId >= vocabulary || EosId < 0 || EosId >= vocabulary || EosId == BosId || EosId == model.PadId)
            throw new IntraDistillException(
                $"BosId {BosId} and EosId {EosId} are not two tokens of a vocabulary of {vocabulary} beside PadId {model.PadId}");
        if (vocabulary < 4)
            throw new IntraDistillException($"TargetVocabulary is {vocabulary}; that leaves no token but PAD, BOS and EOS");
    }
}

/// <summary>One translation.</summary>
/// <param name="Tokens">Its tokens, without BOS and EOS.</param>
/// <param name="Score">Its log-probability, EOS included, over length^λ (<see cref="BeamSearchSettings.LengthPenalty"/>).</param>
public sealed record Hypothesis(int[] Tokens, double Score) : KitRecord;

/// <summary>The translations of a batch.</summary>
/// <param name="NBest">For each source row its finished hypotheses, best first: at most BeamSize of them, at least one.</param>
public sealed record BeamSearchResult(IReadOnlyList<IReadOnlyList<Hypothesis>> NBest) : KitRecord
{
    /// <summary>The best hypothesis of each source row, without BOS and EOS.</summary>
    public int[][] Tokens { get; } = [.. NBest.Select(hypotheses => hypotheses[0].Tokens)];

    /// <summary>The score of each row of <see cref="Tokens"/>.</summary>
    public double[] Scores { get; } = [.. NBest.Select(hypotheses => hypotheses[0].Score)];
}

namespace IntraDistill.Tasks;

/// <summary>How subwords are learned.</summary>
public sealed record SubwordSettings
{
    /// <summary>How many merges to learn; fewer where the texts run out of pairs.</summary>
    public int Merges { get; init; } = 4000;

    /// <summary>
    /// The share of all character occurrences that the vocabulary covers, in (0, 1]; the rarest characters beyond it are
    /// unknown (SentencePiece's <c>character_coverage</c>).
    /// </summary>
    public double CharacterCoverage { get; init; } = 1.0;

    /// <summary>A pair seen less often than this is not merged.</summary>
    public long MinimumPairCount { get; init; } = 2;
}

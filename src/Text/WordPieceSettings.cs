namespace IntraDistill.Tasks;

/// <summary>How a WordPiece vocabulary is learned.</summary>
public sealed record WordPieceSettings
{
    /// <summary>How many pieces, special tokens included; fewer where the texts run out of pairs to merge.</summary>
    public int VocabularySize { get; init; } = 8000;

    /// <summary>Whether text is taken in lower case and without accents, as by BERT-base uncased.</summary>
    public bool LowerCase { get; init; } = true;

    /// <summary>
    /// The share of all character occurrences that the vocabulary covers, in (0, 1]; a word with one of the rarest characters
    /// beyond it is [UNK].
    /// </summary>
    public double CharacterCoverage { get; init; } = 0.9999;
}

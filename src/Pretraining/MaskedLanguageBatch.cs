
namespace IntraDistill.Tasks;

/// <summary>Texts of similar length with some of their tokens hidden, for masked language modelling.</summary>
/// <param name="Texts">(B, T): the texts as the model sees them.</param>
/// <param name="Positions">
/// The tokens to predict, as ascending indices b·T + t into the flattened batch: with the encoder's states as (B·T, d), those
/// that the head needs.
/// </param>
/// <param name="Targets">The ids that stood there.</param>
public sealed record MaskedLanguageBatch(EncodedBatch Texts, long[] Positions, long[] Targets) : KitRecord, IBatch
{
    /// <summary>How many tokens are to be predicted.</summary>
    public int Tokens => Positions.Length;

    /// <summary>Which text of the list that the batches were made from each row is; B entries.</summary>
    public IReadOnlyList<int> Indices { get; init; } = [];

    /// <summary>
    /// B entries for next-sentence prediction: 0 where the second text is the first one's own, 1 where it was drawn from the
    /// others, −100 (what the loss leaves out) for a single text, and for all where <see cref="MaskedLanguageSettings.DrawSecond"/>
    /// is off.
    /// </summary>
    public long[] Drawn { get; init; } = [];
}

/// <summary>How texts are put into batches and how many of their tokens are to be predicted.</summary>
public sealed record MaskedLanguageSettings
{
    /// <summary>The most ids in a batch, padding included: rows times the length of the longest.</summary>
    public int MaxTokens { get; init; } = 4096;

    /// <summary>The most ids in a text, special tokens included; a longer one loses its end.</summary>
    public int MaxLength { get; init; } = 128;

    /// <summary>
    /// The share of a text's tokens that are to be predicted, special tokens not counted; in each text the nearest whole number
    /// of them, and at least 1. Default: BERT's.
    /// </summary>
    public double MaskShare { get; init; } = 0.15;

    /// <summary>
    /// Whether the second text of a pair is drawn from those of all pairs half of the time, for next-sentence prediction; BERT's
    /// second objective, by which it learns to compare two texts.
    /// </summary>
    public bool DrawSecond { get; init; }

    /// <summary>
    /// Together with the epoch, decides which tokens are predicted, which texts share a batch, and the order of the batches.
    /// </summary>
    public int Seed { get; init; } = 1;

    /// <exception cref="IntraDistillException">A setting makes no sense; the message names it.</exception>
    internal void Check()
    {
        if (MaxLength < 3 || MaxTokens < MaxLength)
            throw new IntraDistillException($"MaskedLanguageSettings: MaxLength is {MaxLength} and MaxTokens {MaxTokens}; "
                + "3 <= MaxLength <= MaxTokens is needed");
        if (MaskShare is not (> 0 and <= 1))
            throw new IntraDistillException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"MaskedLanguageSettings.MaskShare is {MaskShare}; expected a share in (0, 1]"));
    }
}

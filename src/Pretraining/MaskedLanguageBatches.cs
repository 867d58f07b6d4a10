namespace IntraDistill.Tasks;

/// <summary>Texts of similar length with some of their tokens hidden, for masked language modelling.</summary>
/// <param name="Texts">(B, T): the texts as the model sees them.</param>
/// <param name="Positions">The tokens to predict, as ascending indices b·T + t into the flattened batch: with the encoder's states as (B·T,
/// d), those that the head needs.</param>
/// <param name="Targets">The ids that stood there.</param>
public sealed record MaskedLanguageBatch(EncodedBatch Texts, long[] Positions, long[] Targets) : KitRecord, IBatch
{
    /// <summary>How many tokens are to be predicted.</summary>
    public int Tokens => Positions.Length;

    /// <summary>Which text of the list that the batches were made from each row is; B entries.</summary>
    public IReadOnlyList<int> Indices { get; init; } = [];

    /// <summary>B entries for next-sentence prediction: 0 where the second text is the first one's own, 1 where it was drawn from the
    /// others, −100 (what the loss leaves out) for a single text, and for all where <see cref="MaskedLanguageSettings.DrawSecond"/> is
    /// off.</summary>
    public long[] Drawn { get; init; } = [];

    internal static MaskedLanguageBatch Of(IReadOnlyList<MaskedText> rows, int padId)
    {
        EncodedBatch texts = EncodedBatch.Pad([.. rows.Select(row => row.Text)], padId);
        int length = texts.Ids.GetLength(1);
        return new(texts, [.. rows.SelectMany((row, b) => row.Places.Select(t => (long)b * length + t))],
            [.. rows.SelectMany(row => row.Targets)]);
    }
}

/// <summary>How texts are put into batches and how many of their tokens are to be predicted.</summary>
public sealed record MaskedLanguageSettings
{
    /// <summary>The most ids in a batch, padding included: rows times the length of the longest.</summary>
    public int MaxTokens { get; init; } = 4096;

    /// <summary>The most ids in a text, special tokens included; a longer one loses its end.</summary>
    public int MaxLength { get; init; } = 128;

    /// <summary>The share of a text's tokens that are to be predicted, special tokens not counted; in each text the nearest whole number of
    /// them, and at least 1. Default: BERT's.</summary>
    public double MaskShare { get; init; } = 0.15;

    /// <summary>Whether the second text of a pair is drawn from those of all pairs half of the time, for next-sentence prediction; BERT's
    /// second objective, by which it learns to compare two texts.</summary>
    public bool DrawSecond { get; init; }

    /// <summary>Together with the epoch, decides which tokens are predicted, which texts share a batch, and the order of the
    /// batches.</summary>
    public int Seed { get; init; } = 1;

    /// <exception cref="IntraDistillException">A setting makes no sense; the message names it.</exception>
    internal void Check()
    {
        if (MaxLength < 3 || MaxTokens < MaxLength)
            throw new IntraDistillException($"MaskedLanguageSettings: MaxLength is {MaxLength} and MaxTokens {MaxTokens}; "
                + "3 <= MaxLength <= MaxTokens is needed");
        if (MaskShare is not (> 0 and <= 1))
            throw new IntraDistillException(FormattableString.Invariant(
                $"MaskedLanguageSettings.MaskShare is {MaskShare}; expected a share in (0, 1]"));
    }
}

/// <summary>The training batches of masked language modelling, and of next-sentence prediction, as BERT has them (Devlin et al. 2019,
/// section 3.1): every text or pair of texts once an epoch, those of similar length together, within a budget of tokens; host arrays
/// only.</summary>
/// <remarks>Of the tokens to predict 80 % are hidden by the mask, 10 % are replaced by a token drawn from all that are not special, and 10
/// % stay. A special token ([UNK] is one) is never predicted. An epoch draws anew, in the order of the texts, then shuffles the texts
/// (Fisher–Yates), sorts them stably by length, cuts the sequence where the budget is full, and shuffles the batches. It depends on seed
/// and epoch only, and which tokens are hidden does not depend on the budget.</remarks>
public sealed class MaskedLanguageBatches : IBatchSource<MaskedLanguageBatch>
{
    private readonly (int Index, string First, string? Second, EncodedText Own)[] _samples;     // with the place in the list
    private readonly string[] _seconds;
    private readonly PretrainedTokenizer _tokenizer;
    private readonly TokenMasking _masking;
    private readonly MaskedLanguageSettings _settings;

    /// <summary>Encodes pairs of texts that belong together, and single texts (whose second is null). Those without a token that can be
    /// predicted are left out.</summary>
    /// <exception cref="IntraDistillException">There is nothing to predict, a text cannot be encoded, or a setting is out of
    /// range.</exception>
    public MaskedLanguageBatches(IReadOnlyList<(string First, string? Second)> texts, PretrainedTokenizer tokenizer,
        MaskedLanguageSettings? settings = null)
    {
        (_settings, _tokenizer) = (settings ?? new MaskedLanguageSettings(), tokenizer);
        _settings.Check();
        _masking = new TokenMasking(tokenizer, _settings.MaskShare);
        (EncodedText[] encoded, _) = EncodedTexts.Encode(texts.Count,
            i => (texts[i].First, texts[i].Second, $"text {i}"), tokenizer, _settings.MaxLength);
        _samples = [.. encoded.Select((text, i) => (i, texts[i].First, texts[i].Second, text))
            .Where(sample => _masking.CanHide(sample.text))];
        if (_samples.Length == 0)
            throw new IntraDistillException($"none of the {texts.Count} texts has a token to predict");
        _seconds = [.. _samples.Select(sample => sample.Second).OfType<string>()];
        if (_settings.DrawSecond && _seconds.Length < 2)
            throw new IntraDistillException(
                $"MaskedLanguageSettings.DrawSecond needs at least two pairs of texts; there are {_seconds.Length}");
    }

    /// <inheritdoc/>
    public IReadOnlyList<MaskedLanguageBatch> Epoch(int epoch)
    {
        Random random = EpochOrder.RandomOf(_settings.Seed, epoch);
        // Null for a sample's own second text.
        string?[] seconds = [.. _samples.Select(sample => _settings.DrawSecond && sample.Second is not null && random.Next(2) == 0
            ? _seconds[random.Next(_seconds.Length)] : null)];
        EncodedText[] texts = ParallelMap.Of(_samples.Length, i => seconds[i] is null
            ? _samples[i].Own : _tokenizer.Encode(_samples[i].First, seconds[i], _settings.MaxLength));
        MaskedText[] hidden = [.. texts.Select(text => _masking.Hide(text, random))];
        int[] order = [.. Enumerable.Range(0, _samples.Length)];
        random.Shuffle(order);
        int[][] batches = [.. EpochOrder.CutWithin(order.OrderBy(Length), _settings.MaxTokens, Length)];
        random.Shuffle(batches);
        return [.. batches.Select(rows => MaskedLanguageBatch.Of([.. rows.Select(row => hidden[row])], _tokenizer.PadId) with
        {
            Indices = [.. rows.Select(row => _samples[row].Index)],
            Drawn = [.. rows.Select(row => !_settings.DrawSecond || _samples[row].Second is null ? -100L : seconds[row] is null ? 0 : 1)],
        })];

        int Length(int sample) => texts[sample].Length;
    }
}

/// <summary>A text with some of its tokens hidden, their places, ascending, and the ids that stood there.</summary>
internal sealed record MaskedText(EncodedText Text, int[] Places, long[] Targets);

/// <summary>Hides tokens as <see cref="MaskedLanguageBatches"/> says.</summary>
internal sealed class TokenMasking(PretrainedTokenizer tokenizer, double maskShare)
{
    private const double HiddenShare = 0.8, RandomShare = 0.1;

    private readonly HashSet<int> _special = [tokenizer.PadId, tokenizer.UnkId, tokenizer.ClsId, tokenizer.SepId, tokenizer.MaskId];

    private int[] Ordinary => field ??= [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id => !_special.Contains(id))];

    /// <summary>Whether a text has a token that can be predicted.</summary>
    public bool CanHide(EncodedText text) => text.Ids.Any(id => !_special.Contains(id));

    /// <summary>Hides the nearest whole number of the share of a text's tokens, and at least one.</summary>
    public MaskedText Hide(EncodedText text, Random random)
    {
        int[] places = [.. Enumerable.Range(0, text.Length).Where(t => !_special.Contains(text.Ids[t]))];
        int count = int.Max(1, (int)Math.Round(maskShare * places.Length));
        // The first steps of a Fisher–Yates shuffle choose without repetition.
        for (int i = 0; i < count; i++)
        {
            int other = random.Next(i, places.Length);
            (places[i], places[other]) = (places[other], places[i]);
        }
        places = [.. places[..count].Order()];
        int[] ids = [.. text.Ids];
        foreach (int t in places)
        {
            double kind = random.NextDouble();
            if (kind < HiddenShare)
                ids[t] = tokenizer.MaskId;
            else if (kind < HiddenShare + RandomShare)
                ids[t] = Ordinary[random.Next(Ordinary.Length)];
        }
        return new(text with { Ids = ids }, places, [.. places.Select(t => (long)text.Ids[t])]);
    }
}

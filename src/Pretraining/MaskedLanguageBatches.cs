
namespace IntraDistill.Tasks;

/// <summary>
/// The training batches of masked language modelling, and of next-sentence prediction, as BERT has them (Devlin et al. 2019,
/// section 3.1): every text or pair of texts once an epoch, those of similar length together, within a budget of tokens; host
/// arrays only.
/// </summary>
/// <remarks>
/// Of the tokens to predict 80 % are hidden by the mask, 10 % are replaced by a token drawn from all that are not special, and
/// 10 % stay. A special token ([UNK] is one) is never predicted. An epoch draws anew, in the order of the texts, then shuffles
/// the texts (Fisher–Yates), sorts them stably by length, cuts the sequence where the budget is full, and shuffles the batches.
/// It depends on seed and epoch only, and which tokens are hidden does not depend on the budget.
/// </remarks>
public sealed class MaskedLanguageBatches : IBatchSource<MaskedLanguageBatch>
{
    private readonly Sample[] _samples;
    private readonly string[] _seconds;
    private readonly IPretrainedTokenizer _tokenizer;
    private readonly TokenMasking _masking;
    private readonly MaskedLanguageSettings _settings;

    /// <summary>Encodes pairs of texts that belong together, and single texts (whose second is null).</summary>
    /// <param name="texts">At least one with a token that can be predicted; others are left out.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <exception cref="IntraDistillException">
    /// There is nothing to predict, a text cannot be encoded, or a setting is out of range.
    /// </exception>
    public MaskedLanguageBatches(IReadOnlyList<(string First, string? Second)> texts, IPretrainedTokenizer tokenizer,
        MaskedLanguageSettings? settings = null)
    {
        (_settings, _tokenizer) = (settings ?? new MaskedLanguageSettings(), tokenizer);
        _settings.Check();
        _masking = new TokenMasking(tokenizer, _settings.MaskShare);
        (EncodedText[] encoded, TruncatedTexts) = EncodedTexts.Encode(texts.Count,
            i => (texts[i].First, texts[i].Second, $"text {i}"), tokenizer, _settings.MaxLength);
        _samples = [.. encoded.Select((text, i) => new Sample(i, texts[i].First, texts[i].Second, text))
            .Where(sample => _masking.Choices(sample.Own).Length > 0)];
        if (_samples.Length == 0)
            throw new IntraDistillException($"none of the {texts.Count} texts has a token to predict");
        LeftOutTexts = texts.Count - _samples.Length;
        _seconds = [.. _samples.Select(sample => sample.Second).OfType<string>()];
        if (_settings.DrawSecond && _seconds.Length < 2)
            throw new IntraDistillException(
                $"MaskedLanguageSettings.DrawSecond needs at least two pairs of texts; there are {_seconds.Length}");
    }

    /// <summary>How many texts were longer than <see cref="MaskedLanguageSettings.MaxLength"/> and cut.</summary>
    public int TruncatedTexts { get; }

    /// <summary>How many texts have nothing to predict: no tokens but special ones.</summary>
    public int LeftOutTexts { get; }

    /// <inheritdoc/>
    public IReadOnlyList<MaskedLanguageBatch> Epoch(int epoch)
    {
        Random random = EpochOrder.RandomOf(_settings.Seed, epoch);
        Draw[] draws = DrawAll(random);
        int[] order = [.. Enumerable.Range(0, _samples.Length)];
        random.Shuffle(order);
        int[][] batches = [.. EpochOrder.CutWithin(order.OrderBy(Length), _settings.MaxTokens, Length)];
        random.Shuffle(batches);
        return [.. batches.Select(rows => Batch(rows, draws))];

        int Length(int sample) => draws[sample].Text.Length;
    }

    private Draw[] DrawAll(Random random)
    {
        // Null for a sample's own second text.
        string?[] seconds = [.. _samples.Select(sample => _settings.DrawSecond && sample.Second is not null && random.Next(2) == 0
            ? _seconds[random.Next(_seconds.Length)] : null)];
        EncodedText[] texts = ParallelMap.Of(_samples.Length, i => seconds[i] is null
            ? _samples[i].Own : _tokenizer.Encode(_samples[i].First, seconds[i], _settings.MaxLength));
        return [.. texts.Select((text, i) => Hide(text, random) with
        {
            Drawn = !_settings.DrawSecond || _samples[i].Second is null ? -100 : seconds[i] is null ? 0 : 1,
        })];
    }

    private Draw Hide(EncodedText text, Random random)
    {
        (int[] ids, int[] chosen) = _masking.Hide(text, random);
        return new Draw(text, ids, chosen);
    }

    private MaskedLanguageBatch Batch(int[] rows, Draw[] draws)
    {
        EncodedBatch texts = EncodedBatch.Pad(
            [.. rows.Select(row => draws[row].Text with { Ids = draws[row].Ids })], _tokenizer.PadId);
        int length = texts.Ids.GetLength(1);
        return new MaskedLanguageBatch(texts,
            [.. rows.SelectMany((row, b) => draws[row].Chosen.Select(t => (long)b * length + t))],
            [.. rows.SelectMany(row => draws[row].Chosen.Select(t => (long)draws[row].Text.Ids[t]))])
        {
            Indices = [.. rows.Select(row => _samples[row].Index)],
            Drawn = [.. rows.Select(row => draws[row].Drawn)],
        };
    }

    /// <summary>A text or a pair, its number in the list, and its encoding with its own second text.</summary>
    private sealed record Sample(int Index, string First, string? Second, EncodedText Own);

    /// <summary>A text as it is seen in an epoch: its ids with some of them hidden, and the places of those to predict.</summary>
    private sealed record Draw(EncodedText Text, int[] Ids, int[] Chosen)
    {
        public long Drawn { get; init; }
    }
}

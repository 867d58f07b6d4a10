namespace IntraDistill.Tasks;

/// <summary>Texts and their translations, each side by itself, with some of the tokens of both hidden; row i of the second side is the
/// translation of row i of the first.</summary>
public sealed record ParallelMaskedBatch(MaskedLanguageBatch First, MaskedLanguageBatch Second) : IBatch
{
    /// <summary>How many tokens are to be predicted.</summary>
    public int Tokens => First.Tokens + Second.Tokens;
}

/// <summary>The training batches of a multilingual encoder that learns from translations: texts with a translation each, both sides as
/// texts of their own, so that the model may learn to put them in one place (translation ranking: Guo et al. 2018; beside masked language
/// modelling: LaBSE, Feng et al. 2022); host arrays only.</summary>
/// <remarks>What says the same in several languages is a group. An epoch takes from each group its first text and one of the others, so
/// that no two pairs of a batch, among which the right one is to be found, mean the same. Tokens are hidden as in
/// <see cref="MaskedLanguageBatches"/>. The pairs are shuffled, sorted stably by the longer side, and cut where the budget of tokens (both
/// sides, padding included) is full; then the batches are shuffled. An epoch depends on seed and epoch only.</remarks>
public sealed class ParallelMaskedBatches : IBatchSource<ParallelMaskedBatch>
{
    private readonly EncodedText[][] _groups;
    private readonly TokenMasking _masking;
    private readonly int _padId;
    private readonly MaskedLanguageSettings _settings;

    /// <param name="groups">Each the same text in several languages, the one that all others are paired with first, such as English. Texts
    /// without a token to predict are left out, and groups that have no pair then.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="settings"><see cref="MaskedLanguageSettings.DrawSecond"/> must be off: a second text cannot be drawn.</param>
    /// <exception cref="IntraDistillException">There is no pair, a text cannot be encoded, or a setting is out of range.</exception>
    public ParallelMaskedBatches(IReadOnlyList<IReadOnlyList<string>> groups, PretrainedTokenizer tokenizer,
        MaskedLanguageSettings? settings = null)
    {
        _settings = settings ?? new MaskedLanguageSettings();
        _settings.Check();
        if (_settings.DrawSecond)
            throw new IntraDistillException("MaskedLanguageSettings.DrawSecond is on; the sides of a translation belong together");
        if (_settings.MaxTokens < 2 * _settings.MaxLength)
            throw new IntraDistillException($"MaskedLanguageSettings: MaxTokens is {_settings.MaxTokens}; a pair of texts of "
                + $"MaxLength {_settings.MaxLength} needs {2 * _settings.MaxLength}");
        _masking = new TokenMasking(tokenizer, _settings.MaskShare);
        _padId = tokenizer.PadId;
        (int Group, string Text)[] texts = [.. groups.SelectMany((group, i) => group.Select(text => (i, text)))];
        (EncodedText[] encoded, _) = EncodedTexts.Encode(texts.Length,
            i => (texts[i].Text, null, $"group {texts[i].Group}"), tokenizer, _settings.MaxLength);
        _groups = [.. encoded.Zip(texts, (text, of) => (Text: text, of.Group)).GroupBy(one => one.Group, one => one.Text)
            .Where(group => _masking.CanHide(group.First())).Select(group => group.Where(_masking.CanHide).ToArray())
            .Where(group => group.Length > 1)];
        if (_groups.Length == 0)
            throw new IntraDistillException($"none of the {groups.Count} groups has two texts with a token to predict");
    }

    /// <inheritdoc/>
    public IReadOnlyList<ParallelMaskedBatch> Epoch(int epoch)
    {
        Random random = EpochOrder.RandomOf(_settings.Seed, epoch);
        (EncodedText First, EncodedText Second)[] pairs = [.. _groups.Select(group => (group[0], group[random.Next(1, group.Length)]))];
        random.Shuffle(pairs);
        // Both sides are padded to the longer one.
        int[][] batches = [.. EpochOrder.CutWithin(
            Enumerable.Range(0, pairs.Length).OrderBy(Length), _settings.MaxTokens, pair => 2 * Length(pair))];
        random.Shuffle(batches);
        return [.. batches.Select(batch => new ParallelMaskedBatch(
            Hidden(batch.Select(pair => pairs[pair].First)), Hidden(batch.Select(pair => pairs[pair].Second))))];

        int Length(int pair) => int.Max(pairs[pair].First.Length, pairs[pair].Second.Length);

        MaskedLanguageBatch Hidden(IEnumerable<EncodedText> texts) =>
            MaskedLanguageBatch.Of([.. texts.Select(text => _masking.Hide(text, random))], _padId);
    }
}

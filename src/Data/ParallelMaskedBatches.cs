using IntraDistill.Text;

namespace IntraDistill.Data;

/// <summary>Texts and their translations, each side by itself, with some of the tokens of both hidden.</summary>
/// <param name="First">B rows.</param>
/// <param name="Second">B rows: row i is the translation of row i of <paramref name="First"/>.</param>
public sealed record ParallelMaskedBatch(MaskedLanguageBatch First, MaskedLanguageBatch Second) : IBatch
{
    /// <summary>How many tokens are to be predicted.</summary>
    public int Tokens => First.Tokens + Second.Tokens;
}

/// <summary>
/// The training batches of a multilingual encoder that learns from translations: every pair once an epoch, its two sides as texts of
/// their own, so that the model may learn to put them in one place (translation ranking: Guo et al. 2018; with masked language
/// modelling beside it: LaBSE, Feng et al. 2022); host arrays only.
/// </summary>
/// <remarks>
/// Tokens are hidden as in <see cref="MaskedLanguageBatches"/>. An epoch shuffles the pairs, sorts them stably by the longer side, cuts
/// the sequence where the budget of tokens (both sides, padding included) is full, and shuffles the batches; pairs of one batch,
/// among which the right one is to be found, are thus of similar length. It depends on seed and epoch only.
/// </remarks>
public sealed class ParallelMaskedBatches : IBatchSource<ParallelMaskedBatch>
{
    private readonly (EncodedText First, EncodedText Second)[] _pairs;
    private readonly int[] _indices;
    private readonly TokenMasking _masking;
    private readonly int _padId;
    private readonly MaskedLanguageSettings _settings;

    /// <summary>Encodes the pairs.</summary>
    /// <param name="pairs">At least one with a token to predict on both sides; others are left out.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="settings">
    /// Null for the defaults. A second text cannot be drawn: <see cref="MaskedLanguageSettings.DrawSecond"/> must be off.
    /// </param>
    /// <exception cref="IntraDistillException">
    /// There is nothing to predict, a text cannot be encoded, or a setting is out of range.
    /// </exception>
    public ParallelMaskedBatches(IReadOnlyList<(string First, string Second)> pairs, IPretrainedTokenizer tokenizer,
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
        (EncodedText[] first, int cutFirst) = EncodedTexts.Encode(pairs.Count,
            i => (pairs[i].First, null, $"first text of pair {i}"), tokenizer, _settings.MaxLength);
        (EncodedText[] second, int cutSecond) = EncodedTexts.Encode(pairs.Count,
            i => (pairs[i].Second, null, $"second text of pair {i}"), tokenizer, _settings.MaxLength);
        TruncatedTexts = cutFirst + cutSecond;
        _indices = [.. Enumerable.Range(0, pairs.Count)
            .Where(i => _masking.Choices(first[i]).Length > 0 && _masking.Choices(second[i]).Length > 0)];
        if (_indices.Length == 0)
            throw new IntraDistillException($"none of the {pairs.Count} pairs has a token to predict on both sides");
        _pairs = [.. first.Zip(second)];
    }

    /// <summary>How many texts were longer than <see cref="MaskedLanguageSettings.MaxLength"/> and cut.</summary>
    public int TruncatedTexts { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ParallelMaskedBatch> Epoch(int epoch)
    {
        Random random = new(unchecked(_settings.Seed * 1_000_003 + epoch));
        int[] order = [.. _indices];
        random.Shuffle(order);
        int[][] batches = [.. Cut(order.OrderBy(Longer))];
        random.Shuffle(batches);
        return [.. batches.Select(rows => new ParallelMaskedBatch(
            Hidden(rows, row => _pairs[row].First, random), Hidden(rows, row => _pairs[row].Second, random)))];
    }

    private int Longer(int pair) => int.Max(_pairs[pair].First.Length, _pairs[pair].Second.Length);

    private IEnumerable<int[]> Cut(IEnumerable<int> order)
    {
        List<int> batch = [];
        foreach (int pair in order)
        {
            // The last is the longest; both sides are padded.
            if (2 * (batch.Count + 1) * Longer(pair) > _settings.MaxTokens)
            {
                yield return [.. batch];
                batch.Clear();
            }
            batch.Add(pair);
        }
        yield return [.. batch];
    }

    private MaskedLanguageBatch Hidden(int[] rows, Func<int, EncodedText> side, Random random)
    {
        (EncodedText Text, int[] Chosen)[] hidden = [.. rows.Select(row =>
        {
            (int[] ids, int[] chosen) = _masking.Hide(side(row), random);
            return (side(row) with { Ids = ids }, chosen);
        })];
        EncodedBatch texts = EncodedBatch.Pad([.. hidden.Select(one => one.Text)], _padId);
        int length = texts.Ids.GetLength(1);
        return new MaskedLanguageBatch(texts,
            [.. hidden.SelectMany((one, b) => one.Chosen.Select(t => (long)b * length + t))],
            [.. hidden.SelectMany((one, b) => one.Chosen.Select(t => (long)side(rows[b]).Ids[t]))])
        {
            Indices = rows,
        };
    }
}

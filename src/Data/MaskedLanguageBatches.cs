using IntraDistill.Text;

namespace IntraDistill.Data;

/// <summary>
/// The training batches of masked language modelling as BERT has it (Devlin et al. 2019, section 3.1): every text once an epoch,
/// texts of similar length together, within a budget of tokens; host arrays only.
/// </summary>
/// <remarks>
/// Of the tokens to predict 80 % are hidden by the mask, 10 % are replaced by a token drawn from all that are not special, and
/// 10 % stay. A special token ([UNK] is one) is never predicted. An epoch draws anew, in the order of the texts, then shuffles
/// the texts (Fisher–Yates), sorts them stably by length, cuts the sequence where the budget is full, and shuffles the batches.
/// It depends on seed and epoch only, and which tokens are hidden does not depend on the budget.
/// </remarks>
public sealed class MaskedLanguageBatches : IBatchSource<MaskedLanguageBatch>
{
    private const double HiddenShare = 0.8, RandomShare = 0.1;

    private readonly Sample[] _samples;
    private readonly IPretrainedTokenizer _tokenizer;
    private readonly int[] _ordinary;
    private readonly MaskedLanguageSettings _settings;

    /// <summary>Encodes the texts.</summary>
    /// <param name="texts">At least one with a token that can be predicted; others are left out.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <exception cref="IntraDistillException">
    /// There is nothing to predict, a text cannot be encoded, or a setting is out of range.
    /// </exception>
    public MaskedLanguageBatches(
        IReadOnlyList<string> texts, IPretrainedTokenizer tokenizer, MaskedLanguageSettings? settings = null)
    {
        (_settings, _tokenizer) = (settings ?? new MaskedLanguageSettings(), tokenizer);
        _settings.Check();
        int[] special = [tokenizer.PadId, tokenizer.UnkId, tokenizer.ClsId, tokenizer.SepId, tokenizer.MaskId];
        _ordinary = [.. Enumerable.Range(0, tokenizer.VocabularySize).Except(special)];
        (EncodedText[] encoded, TruncatedTexts) =
            EncodedTexts.Encode(texts.Count, i => (texts[i], null, $"text {i}"), tokenizer, _settings.MaxLength);
        _samples = [.. encoded.Select((text, i) => new Sample(i, text,
            [.. Enumerable.Range(0, text.Length).Where(t => !special.Contains(text.Ids[t]))])).Where(s => s.Choices.Length > 0)];
        if (_samples.Length == 0)
            throw new IntraDistillException($"none of the {texts.Count} texts has a token to predict");
        LeftOutTexts = texts.Count - _samples.Length;
    }

    /// <summary>How many texts were longer than <see cref="MaskedLanguageSettings.MaxLength"/> and cut.</summary>
    public int TruncatedTexts { get; }

    /// <summary>How many texts have nothing to predict: no tokens but special ones.</summary>
    public int LeftOutTexts { get; }

    /// <inheritdoc/>
    public IReadOnlyList<MaskedLanguageBatch> Epoch(int epoch)
    {
        Random random = RandomOf(epoch);
        Draw[] draws = [.. _samples.Select(sample => Hide(sample, random))];
        int[] order = [.. Enumerable.Range(0, _samples.Length)];
        random.Shuffle(order);
        int[][] batches = [.. Cut(order)];
        random.Shuffle(batches);
        return [.. batches.Select(rows => Batch(rows, draws))];
    }

    /// <summary>The texts in batches for evaluation: shortest first, and the same tokens hidden each time.</summary>
    /// <inheritdoc cref="MaskedLanguageBatches(IReadOnlyList{string}, IPretrainedTokenizer, MaskedLanguageSettings?)"/>
    public static IReadOnlyList<MaskedLanguageBatch> InOrder(
        IReadOnlyList<string> texts, IPretrainedTokenizer tokenizer, MaskedLanguageSettings? settings = null)
    {
        MaskedLanguageBatches batches = new(texts, tokenizer, settings);
        // No epoch of the training with this seed has that draw.
        Random random = batches.RandomOf(-1);
        Draw[] draws = [.. batches._samples.Select(sample => batches.Hide(sample, random))];
        return [.. batches.Cut(Enumerable.Range(0, draws.Length)).Select(rows => batches.Batch(rows, draws))];
    }

    private Random RandomOf(int epoch) => new(unchecked(_settings.Seed * 1_000_003 + epoch));

    private Draw Hide(Sample sample, Random random)
    {
        int count = int.Max(1, (int)Math.Round(_settings.MaskShare * sample.Choices.Length));
        int[] chosen = [.. sample.Choices];
        // The first steps of a Fisher–Yates shuffle choose without repetition.
        for (int i = 0; i < count; i++)
        {
            int other = random.Next(i, chosen.Length);
            (chosen[i], chosen[other]) = (chosen[other], chosen[i]);
        }
        chosen = chosen[..count];
        Array.Sort(chosen);
        int[] ids = [.. sample.Text.Ids];
        foreach (int t in chosen)
        {
            double kind = random.NextDouble();
            if (kind < HiddenShare)
                ids[t] = _tokenizer.MaskId;
            else if (kind < HiddenShare + RandomShare)
                ids[t] = _ordinary[random.Next(_ordinary.Length)];
        }
        return new Draw(ids, chosen);
    }

    private IEnumerable<int[]> Cut(IEnumerable<int> order)
    {
        List<int> batch = [];
        foreach (int sample in order.OrderBy(sample => _samples[sample].Text.Length))
        {
            // The last is the longest.
            if ((batch.Count + 1) * _samples[sample].Text.Length > _settings.MaxTokens)
            {
                yield return [.. batch];
                batch.Clear();
            }
            batch.Add(sample);
        }
        yield return [.. batch];
    }

    private MaskedLanguageBatch Batch(int[] rows, Draw[] draws)
    {
        EncodedBatch texts = EncodedBatch.Pad(
            [.. rows.Select(row => _samples[row].Text with { Ids = draws[row].Ids })], _tokenizer.PadId);
        int length = texts.Ids.GetLength(1);
        return new MaskedLanguageBatch(texts,
            [.. rows.SelectMany((row, b) => draws[row].Chosen.Select(t => (long)b * length + t))],
            [.. rows.SelectMany(row => draws[row].Chosen.Select(t => (long)_samples[row].Text.Ids[t]))])
        {
            Indices = [.. rows.Select(row => _samples[row].Index)],
        };
    }

    /// <summary>A text: its number in the list, and where it has tokens that can be predicted.</summary>
    private sealed record Sample(int Index, EncodedText Text, int[] Choices);

    /// <summary>A text's ids with some of them hidden, and the places of those to predict.</summary>
    private sealed record Draw(int[] Ids, int[] Chosen);
}

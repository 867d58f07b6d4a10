using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>Sentence pairs of similar length as arrays of ids, short rows filled with the pad id 0.</summary>
/// <param name="Source">(B, S): source ids and EOS.</param>
/// <param name="DecoderInput">(B, T): BOS and target ids.</param>
/// <param name="Target">(B, T): target ids and EOS, what the decoder is to say at each position.</param>
/// <param name="Tokens">Entries of <paramref name="Target"/> that are not padding.</param>
public sealed record TranslationBatch(long[,] Source, long[,] DecoderInput, long[,] Target, int Tokens) : KitRecord, IBatch
{
    /// <summary>Which pair of the list that the batches were made from each row is; B entries.</summary>
    public IReadOnlyList<int> Indices { get; init; } = [];

    /// <summary>The batch as int64 tensors for a model on a device: (B, S), (B, T) and (B, T). For a GPU lengths are multiples of 8, filled
    /// with padding, for its products like them; and the target stays on the CPU, where <see cref="TranslationObjective"/> wants
    /// it.</summary>
    public (Tensor Source, Tensor DecoderInput, Tensor Target) On(Device device)
    {
        int step = device.type == DeviceType.CPU ? 1 : 8;
        return (DeviceTensors.From(Source, device, step), DeviceTensors.From(DecoderInput, device, step),
            DeviceTensors.From(Target, CPU, step));
    }

    /// <summary>Rows of ids, filled up on the right to the longest.</summary>
    internal static long[,] Pad(int[][] rows, int padId)
    {
        var padded = new long[rows.Length, rows.Max(row => row.Length)];
        for (int row = 0; row < rows.Length; row++)
            for (int i = 0; i < padded.GetLength(1); i++)
                padded[row, i] = i < rows[row].Length ? rows[row][i] : padId;
        return padded;
    }
}

/// <summary>How sentences are put into batches.</summary>
public sealed record TranslationBatchSettings
{
    /// <summary>The most ids in a batch, padding included: rows times the length of the longest source or target in it, as fairseq's
    /// <c>--max-tokens</c> counts them. Default: the paper's 4,096.</summary>
    public int MaxTokens { get; init; } = 4096;

    /// <summary>The most ids in a sentence, EOS included; a longer one loses its end (not its EOS).</summary>
    public int MaxLength { get; init; } = 256;

    /// <summary>Together with the epoch, decides which sentences share a batch and the order of the batches.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>The training batches of a translation data set: every pair once an epoch, pairs of similar length together, within a budget of
/// tokens; host arrays only.</summary>
/// <remarks>An epoch shuffles the pairs (Fisher–Yates, <see cref="Random"/> seeded with seed and epoch), sorts them stably by the longer of
/// source and target, then by target, cuts the sequence where the budget is full, and shuffles the batches. It depends on seed and epoch
/// only.</remarks>
public sealed class TranslationBatches : IBatchSource<TranslationBatch>
{
    private readonly (int[] Source, int[] Target)[] _encoded;
    private readonly TranslationBatchSettings _settings;

    /// <summary>Encodes pairs by the joint vocabulary of source and target.</summary>
    /// <exception cref="IntraDistillException">There are no pairs, or a setting is out of range.</exception>
    public TranslationBatches(
        IReadOnlyList<SentencePair> pairs, SubwordVocabulary vocabulary, TranslationBatchSettings? settings = null)
    {
        _settings = settings ?? new();
        if (pairs.Count == 0)
            throw new IntraDistillException("there are no sentence pairs to make batches of");
        if (_settings.MaxLength < 2 || _settings.MaxTokens < _settings.MaxLength)
            throw new IntraDistillException($"TranslationBatchSettings: MaxLength is {_settings.MaxLength} and MaxTokens "
                + $"{_settings.MaxTokens}; 2 <= MaxLength <= MaxTokens is needed");
        _encoded = [.. pairs.Select(pair => (WithEos(pair.Source), WithEos(pair.Target)))];

        int[] WithEos(string text) => [.. vocabulary.Encode(text).Take(_settings.MaxLength - 1), SubwordVocabulary.EosId];
    }

    /// <inheritdoc/>
    public IReadOnlyList<TranslationBatch> Epoch(int epoch)
    {
        Random random = EpochOrder.RandomOf(_settings.Seed, epoch);
        int[] order = [.. Enumerable.Range(0, _encoded.Length)];
        random.Shuffle(order);
        int[][] batches = [.. Cut(order)];
        random.Shuffle(batches);
        return [.. batches.Select(Batch)];
    }

    /// <summary>The pairs in batches for evaluation: the same each time, shortest first, nothing random;
    /// <see cref="TranslationBatch.Indices"/> says where each row's result belongs.</summary>
    /// <inheritdoc cref="TranslationBatches(IReadOnlyList{SentencePair}, SubwordVocabulary, TranslationBatchSettings?)"/>
    public static IReadOnlyList<TranslationBatch> InOrder(
        IReadOnlyList<SentencePair> pairs, SubwordVocabulary vocabulary, TranslationBatchSettings? settings = null)
    {
        TranslationBatches batches = new(pairs, vocabulary, settings);
        return [.. batches.Cut(Enumerable.Range(0, pairs.Count)).Select(batches.Batch)];
    }

    private IEnumerable<int[]> Cut(IEnumerable<int> order) => EpochOrder.CutWithin(
        order.OrderBy(Length).ThenBy(pair => _encoded[pair].Target.Length), _settings.MaxTokens, Length);

    private int Length(int pair) => Math.Max(_encoded[pair].Source.Length, _encoded[pair].Target.Length);

    private TranslationBatch Batch(int[] rows)
    {
        int[][] sources = [.. rows.Select(row => _encoded[row].Source)], targets = [.. rows.Select(row => _encoded[row].Target)];
        int[][] inputs = [.. targets.Select(target => (int[])[SubwordVocabulary.BosId, .. target[..^1]])];
        return new(Pad(sources), Pad(inputs), Pad(targets), targets.Sum(target => target.Length)) { Indices = rows };

        static long[,] Pad(int[][] ids) => TranslationBatch.Pad(ids, SubwordVocabulary.PadId);
    }
}

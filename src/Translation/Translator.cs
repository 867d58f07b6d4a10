
namespace IntraDistill.Tasks;

/// <summary>Translates texts with a model: encodes, batches texts of similar length, searches, decodes.</summary>
/// <example><code>
/// var translator = new Translator(model, vocabulary);
/// string[] english = translator.Translate(german, new BeamSearchSettings { BeamSize = 5 });
/// </code></example>
public sealed class Translator
{
    private readonly TranslationTransformer _model;
    private readonly SubwordVocabulary _source;
    private readonly SubwordVocabulary _target;

    /// <summary>Makes a translator for one joint vocabulary.</summary>
    /// <exception cref="IntraDistillException">The model was not made for the vocabulary.</exception>
    public Translator(TranslationTransformer model, SubwordVocabulary vocabulary) : this(model, vocabulary, vocabulary) { }

    /// <summary>Makes a translator for two vocabularies.</summary>
    /// <exception cref="IntraDistillException">The model was not made for the vocabularies.</exception>
    public Translator(TranslationTransformer model, SubwordVocabulary source, SubwordVocabulary target)
    {
        TransformerSettings settings = model.Settings;
        if (settings.SourceVocabulary != source.Size || settings.TargetVocabulary != target.Size)
            throw new IntraDistillException($"the model is for {settings.SourceVocabulary} source and "
                + $"{settings.TargetVocabulary} target tokens, the vocabularies have {source.Size} and {target.Size}");
        (_model, _source, _target) = (model, source, target);
    }

    /// <summary>The most source tokens searched at once, padding included: memory grows with it, times the beam.</summary>
    public int MaxTokens { get; init; } = 2048;

    /// <summary>The most tokens of a source, EOS included; a longer one loses its end, as in training.</summary>
    public int MaxLength { get; init; } = 256;

    /// <summary>Translates texts.</summary>
    /// <param name="texts">In any order; an empty one has an empty translation.</param>
    /// <param name="settings">The paper's, if not given.</param>
    /// <param name="progress">Told how many texts are translated, after each batch.</param>
    /// <param name="cancellation">Stops the search between two tokens.</param>
    /// <returns>The translations, in the order of the texts.</returns>
    /// <exception cref="IntraDistillException">The settings are wrong, or the model's output is not finite.</exception>
    public string[] Translate(IReadOnlyList<string> texts, BeamSearchSettings? settings = null,
        IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        settings ??= new() { BosId = SubwordVocabulary.BosId, EosId = SubwordVocabulary.EosId };
        var translations = new string[texts.Count];
        Array.Fill(translations, "");
        List<(int Index, int[] Tokens)> sources =
            [.. texts.Select((text, i) => (Index: i, Tokens: Encode(text))).Where(source => source.Tokens.Length > 1)];
        int done = texts.Count - sources.Count;
        foreach (List<(int Index, int[] Tokens)> batch in Batches(sources))
        {
            int[][] found = BeamSearch.Translate(_model, Pad(batch), settings, cancellation).Tokens;
            for (int row = 0; row < found.Length; row++)
                translations[batch[row].Index] = _target.Decode(found[row]);
            progress?.Report(done += batch.Count);
        }
        return translations;
    }

    private int[] Encode(string text)
    {
        int most = Math.Min(MaxLength, _model.Settings.MaxLength) - 1;
        return [.. _source.Encode(text).Take(most), SubwordVocabulary.EosId];
    }

    /// <summary>Longest first, so that a batch too large for the memory fails at once and not at the end.</summary>
    private IEnumerable<List<(int Index, int[] Tokens)>> Batches(List<(int Index, int[] Tokens)> sources)
    {
        List<(int Index, int[] Tokens)> batch = [];
        foreach (var source in sources.OrderByDescending(source => source.Tokens.Length))
        {
            if (batch.Count > 0 && (batch.Count + 1) * batch[0].Tokens.Length > MaxTokens)
            {
                yield return batch;
                batch = [];
            }
            batch.Add(source);
        }
        if (batch.Count > 0)
            yield return batch;
    }

    private long[,] Pad(List<(int Index, int[] Tokens)> batch)
    {
        var padded = new long[batch.Count, batch[0].Tokens.Length];
        for (int row = 0; row < batch.Count; row++)
            for (int i = 0; i < padded.GetLength(1); i++)
                padded[row, i] = i < batch[row].Tokens.Length ? batch[row].Tokens[i] : _model.Settings.PadId;
        return padded;
    }
}

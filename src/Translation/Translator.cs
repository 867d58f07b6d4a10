namespace IntraDistill.Tasks;

/// <summary>Translates texts with a model: encodes, batches texts of similar length, searches, decodes.</summary>
/// <example><code>
/// var translator = new Translator(model, vocabulary);
/// string[] english = translator.Translate(german, new BeamSearchSettings { BeamSize = 5 });
/// </code></example>
public sealed class Translator
{
    private readonly TranslationTransformer _model;
    private readonly SubwordVocabulary _vocabulary;

    /// <summary>Makes a translator for the joint vocabulary of both languages.</summary>
    /// <exception cref="IntraDistillException">The model was not made for the vocabulary.</exception>
    public Translator(TranslationTransformer model, SubwordVocabulary vocabulary)
    {
        TransformerSettings settings = model.Settings;
        if (settings.SourceVocabulary != vocabulary.Size || settings.TargetVocabulary != vocabulary.Size)
            throw new IntraDistillException($"the model is for {settings.SourceVocabulary} source and {settings.TargetVocabulary} target "
                + $"tokens, the vocabulary has {vocabulary.Size}");
        (_model, _vocabulary) = (model, vocabulary);
    }

    /// <summary>The most source tokens searched at once, padding included: memory grows with it, times the beam.</summary>
    public int MaxTokens { get; init; } = 2048;

    /// <summary>The most tokens of a source, EOS included; a longer one loses its end, as in training.</summary>
    public int MaxLength { get; init; } = 256;

    /// <summary>Translates texts, in their order; an empty one has an empty translation. Cancellation stops the search between two
    /// tokens.</summary>
    /// <exception cref="IntraDistillException">The settings are wrong, or the model's output is not finite.</exception>
    public string[] Translate(IReadOnlyList<string> texts, BeamSearchSettings? settings = null, CancellationToken cancellation = default)
    {
        settings ??= new();
        var translations = new string[texts.Count];
        Array.Fill(translations, "");
        foreach (var batch in Batches(texts.Select((text, i) => (i, Encode(text))).Where(source => source.Item2.Length > 1)))
        {
            long[,] sources = TranslationBatch.Pad([.. batch.Select(source => source.Tokens)], _model.Settings.PadId);
            int[][] found = BeamSearch.Translate(_model, sources, settings, cancellation).Tokens;
            for (int row = 0; row < found.Length; row++)
                translations[batch[row].Index] = _vocabulary.Decode(found[row]);
        }
        return translations;
    }

    private int[] Encode(string text) =>
        [.. _vocabulary.Encode(text).Take(Math.Min(MaxLength, _model.Settings.MaxLength) - 1), SubwordVocabulary.EosId];

    // Longest first, so that a batch too large for the memory fails at once and not at the end.
    private IEnumerable<List<(int Index, int[] Tokens)>> Batches(IEnumerable<(int Index, int[] Tokens)> sources)
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
}

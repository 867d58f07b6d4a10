using static TorchSharp.torch;

namespace IntraDistill.Tasks;

/// <summary>A translation data set cut into subwords, and how a model is measured on it: likelihood and loss of a text, translations, BLEU
/// and chrF2. What every arm of a comparison has in common.</summary>
public sealed class TranslationTask(
    ParallelCorpus data, SubwordVocabulary vocabulary, Device device, double labelSmoothing, int searched)
{
    private readonly IReadOnlyList<TranslationBatch> _valid = TranslationBatches.InOrder(data.Valid, vocabulary);

    /// <summary>Learns the subwords of a data set from its training part.</summary>
    /// <param name="data">The data set.</param>
    /// <param name="subwords">How many, and how they are learned.</param>
    /// <param name="device">What models compute on.</param>
    /// <param name="labelSmoothing">ε of the loss.</param>
    /// <param name="searched">How many validation sentences are translated while training, spread evenly over all.</param>
    public static TranslationTask Of(ParallelCorpus data, SubwordSettings subwords, Device device, double labelSmoothing, int searched) =>
        new(data, SubwordLearner.Learn(data.Train.SelectMany(pair => new[] { pair.Source, pair.Target }), subwords), device, labelSmoothing,
            searched);

    /// <summary>How BLEU counts.</summary>
    public BleuSettings Bleu { get; } = new() { Lowercase = true };

    /// <summary>The search for translations while training.</summary>
    public BeamSearchSettings Greedy { get; } = new() { BeamSize = 1 };

    /// <summary>The validation sentences that are translated while training, by greedy search.</summary>
    public IReadOnlyList<SentencePair> Searched { get; } = data.Sample(valid: searched).Valid;

    /// <summary>The subwords of both languages.</summary>
    public SubwordVocabulary Vocabulary => vocabulary;

    /// <summary>A model's shape with the vocabulary's size.</summary>
    public TransformerSettings Fit(TransformerSettings shape) =>
        shape with { SourceVocabulary = vocabulary.Size, TargetVocabulary = vocabulary.Size };

    /// <summary>The training batches of a seed.</summary>
    public TranslationBatches Batches(TranslationBatchSettings settings) => new(data.Train, vocabulary, settings);

    /// <summary>The negative log-likelihood and the label-smoothed loss of batches, in nats per token.</summary>
    public (double Nll, double Smoothed) Losses(TranslationTransformer model, IEnumerable<TranslationBatch> batches)
    {
        var plain = new TranslationObjective(new(new() { Passes = 1, Reduction = DivergenceReduction.Mean }), labelSmoothing);
        double likelihood = 0, loss = 0, tokens = 0;
        foreach (TranslationBatch batch in batches)
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            var (source, input, target) = batch.On(device);
            var (nll, smoothed, count) = plain.Validate(model.hidden(source, input), model.OutputWeight, target);
            (likelihood, loss, tokens) = (likelihood + nll, loss + smoothed, tokens + count);
        }
        return (likelihood / tokens, loss / tokens);
    }

    /// <summary>A validation: smoothed loss, likelihood (<c>nll</c>), and BLEU of <see cref="Searched"/> as the metric if asked
    /// for.</summary>
    public Validation Validate(TranslationTransformer model, bool withBleu)
    {
        var (nll, smoothed) = Losses(model, _valid);
        return new(withBleu ? Statistics(Translate(model, Searched, Greedy), Searched).Score : null, smoothed,
            new Dictionary<string, double> { ["nll"] = nll });
    }

    /// <summary>Translations of the sources of some pairs.</summary>
    public IReadOnlyList<string> Translate(TranslationTransformer model, IReadOnlyList<SentencePair> pairs, BeamSearchSettings search) =>
        new Translator(model, vocabulary).Translate([.. pairs.Select(pair => pair.Source)], search);

    /// <summary>BLEU's statistics of translations of some pairs.</summary>
    public SegmentStatistics Statistics(IReadOnlyList<string> translations, IReadOnlyList<SentencePair> pairs) =>
        Tasks.Bleu.Statistics(translations, [.. pairs.Select(pair => pair.Target)], Bleu);

    /// <summary>BLEU and chrF2 of translations of the test text, for an experiment's scores.</summary>
    public IEnumerable<(string, RunValue)> Score(IReadOnlyList<string> translations) =>
        [("bleu", Statistics(translations, data.Test).Score), ("chrf2", Chrf2(translations))];

    /// <summary>chrF2 of translations of the test text.</summary>
    public double Chrf2(IReadOnlyList<string> translations) =>
        Chrf.Statistics(translations, [.. data.Test.Select(pair => pair.Target)], Bleu.Lowercase).Score;

    /// <summary>A sentence's subwords, joined by spaces.</summary>
    public string CutUp(string text) => string.Join(' ', vocabulary.Encode(text).Select(vocabulary.Token));
}

/// <summary>Translations without a model, to stand beside a model's: what a data set gives away by repeating itself.</summary>
public static class TranslationBaselines
{
    /// <summary>For each source, the translation of the training pair whose source is nearest to it by character 4-gram cosine (case,
    /// digits and white space count as equal); of equally near ones the first, and the first pair of all where nothing is near.</summary>
    /// <exception cref="IntraDistillException">There is nothing to copy from.</exception>
    public static IReadOnlyList<string> NearestNeighbour(IReadOnlyList<SentencePair> train, IReadOnlyList<string> sources)
    {
        if (train.Count == 0)
            throw new IntraDistillException("the nearest-neighbour baseline needs at least one training pair; there is none");
        CharacterGramIndex index = new([.. train.Select(pair => pair.Source)]);
        return [.. sources.Select(source => train[index.Nearest(source).Index].Target)];
    }
}

namespace IntraDistill;

/// <summary>The sizes and dropouts of a <see cref="TranslationTransformer"/>. The defaults are fairseq's <c>transformer_iwslt_de_en</c>
/// with the dropouts the intra-distillation paper has for IWSLT'14; only the two vocabulary sizes have to be given.</summary>
public sealed record TransformerSettings
{
    /// <summary>The paper's IWSLT'14 model: 6 + 6 post-norm layers of size 512; the defaults, without vocabularies.</summary>
    public static TransformerSettings IwsltDeEn { get; } = new();

    /// <summary>A model for a laptop CPU and corpora of some thousand sentences: 2 + 2 pre-norm layers of size 128, one embedding for
    /// source, target and output, light dropout. About 1.2 M parameters with a vocabulary of 4,000.</summary>
    public static TransformerSettings Small { get; } = new()
    {
        EncoderLayers = 2,
        DecoderLayers = 2,
        ModelSize = 128,
        FeedForwardSize = 256,
        Dropout = 0.1,
        NormalizeFirst = true,
        ShareEmbeddings = true,
    };

    /// <summary>How many encoder layers.</summary>
    public int EncoderLayers { get; init; } = 6;

    /// <summary>How many decoder layers.</summary>
    public int DecoderLayers { get; init; } = 6;

    /// <summary>The width d of embeddings and layers.</summary>
    public int ModelSize { get; init; } = 512;

    /// <summary>The width of the hidden layer of each feed-forward block.</summary>
    public int FeedForwardSize { get; init; } = 1024;

    /// <summary>Attention heads of every attention; must divide <see cref="ModelSize"/>.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Dropout of the embeddings and of what every block adds to the residual stream.</summary>
    public double Dropout { get; init; } = 0.3;

    /// <summary>Dropout of the attention weights, after the softmax.</summary>
    public double AttentionDropout { get; init; } = 0.1;

    /// <summary>Dropout inside the feed-forward block, after the ReLU.</summary>
    public double ActivationDropout { get; init; }

    /// <summary>Whether each block normalizes its input (pre-norm, with a last normalization after each stack) and not the sum of input and
    /// output (post-norm).</summary>
    public bool NormalizeFirst { get; init; }

    /// <summary>One matrix for source embedding, target embedding and output projection (fairseq's <c>share-all-embeddings</c>); needs one
    /// joint vocabulary.</summary>
    public bool ShareEmbeddings { get; init; }

    /// <summary>One matrix for target embedding and output projection (fairseq's <c>share-decoder-input-output-embed</c>); implied by
    /// <see cref="ShareEmbeddings"/>.</summary>
    public bool ShareDecoderOutput { get; init; }

    /// <summary>The number of source tokens.</summary>
    public int SourceVocabulary { get; init; }

    /// <summary>The number of target tokens.</summary>
    public int TargetVocabulary { get; init; }

    /// <summary>The id of the padding token, the same in both vocabularies.</summary>
    public int PadId { get; init; }

    /// <summary>The longest sentence, in tokens, on either side.</summary>
    public int MaxLength { get; init; } = 1024;

    /// <exception cref="IntraDistillException">One of them does not describe a model; the message names it.</exception>
    internal void Validate()
    {
        SettingsCheck.AtLeast(EncoderLayers, 1);
        SettingsCheck.AtLeast(DecoderLayers, 1);
        SettingsCheck.AtLeast(ModelSize, 4);
        SettingsCheck.AtLeast(FeedForwardSize, 1);
        SettingsCheck.AtLeast(Heads, 1);
        SettingsCheck.AtLeast(SourceVocabulary, 2);
        SettingsCheck.AtLeast(TargetVocabulary, 2);
        SettingsCheck.AtLeast(MaxLength, 1);
        SettingsCheck.Probability(Dropout);
        SettingsCheck.Probability(AttentionDropout);
        SettingsCheck.Probability(ActivationDropout);
        SettingsCheck.That(ModelSize % Heads == 0, $"Heads is {Heads}; expected a divisor of ModelSize ({ModelSize})");
        SettingsCheck.That(PadId >= 0 && PadId < Math.Min(SourceVocabulary, TargetVocabulary),
            $"PadId is {PadId}; expected a token of both vocabularies");
        SettingsCheck.That(!ShareEmbeddings || SourceVocabulary == TargetVocabulary, "ShareEmbeddings needs one joint vocabulary, "
            + $"but SourceVocabulary is {SourceVocabulary} and TargetVocabulary {TargetVocabulary}");
    }
}

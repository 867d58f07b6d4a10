namespace IntraDistill;

/// <summary>Which models a checkpoint is one of: they differ in position numbers, names and heads.</summary>
public enum BertFamily
{
    /// <summary>BERT (Devlin et al. 2019), uncased, cased and multilingual.</summary>
    Bert,

    /// <summary>RoBERTa (Liu et al. 2019).</summary>
    Roberta,

    /// <summary>XLM-R (Conneau et al. 2020): RoBERTa's architecture with another vocabulary.</summary>
    XlmRoberta,
}

/// <summary>The non-linearity of the feed-forward blocks.</summary>
public enum BertActivation
{
    /// <summary>x · Φ(x), by the error function: BERT's, RoBERTa's and XLM-R's.</summary>
    Gelu,

    /// <summary>The approximation of GELU by tanh (<c>gelu_new</c>, <c>gelu_pytorch_tanh</c>).</summary>
    GeluTanh,

    /// <summary>max(x, 0).</summary>
    Relu,
}

/// <summary>What a sequence classifier's outputs mean, and so which loss they have.</summary>
public enum BertProblem
{
    /// <summary>One of the labels: cross-entropy.</summary>
    SingleLabel,

    /// <summary>Any of the labels, each on its own: binary cross-entropy.</summary>
    MultiLabel,

    /// <summary>Numbers: the mean squared error.</summary>
    Regression,
}

/// <summary>
/// The sizes, dropouts and labels of a BERT, RoBERTa or XLM-R model. The defaults are BERT-base uncased's, with two labels.
/// </summary>
public sealed record BertSettings : KitRecord
{
    /// <summary>BERT-base uncased: 12 layers of size 768, 30,522 word pieces; the defaults.</summary>
    public static BertSettings BaseUncased { get; } = new();

    /// <summary>
    /// A BERT to be pretrained from nothing on a laptop CPU: 2 layers of size 128 with 2 heads, 128 positions. About 0.4 M
    /// parameters and 128 for each token of the vocabulary, which is to be set. Weights begin larger than BERT-base's, by 1/√d:
    /// with its 0.02 so narrow a model did not begin to tell pairs of texts that belong together from others in 1,000 updates.
    /// </summary>
    public static BertSettings Small { get; } = new()
    {
        HiddenSize = 128,
        Layers = 2,
        Heads = 2,
        FeedForwardSize = 512,
        MaxPositions = 128,
        InitializerRange = 0.09,
    };

    /// <summary>The family.</summary>
    public BertFamily Family { get; init; } = BertFamily.Bert;

    /// <summary>The number of tokens.</summary>
    public int VocabularySize { get; init; } = 30522;

    /// <summary>The width d of embeddings and layers.</summary>
    public int HiddenSize { get; init; } = 768;

    /// <summary>How many layers.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>Attention heads of every layer; must divide <see cref="HiddenSize"/>.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>The width of the hidden layer of each feed-forward block.</summary>
    public int FeedForwardSize { get; init; } = 3072;

    /// <summary>The non-linearity of the feed-forward blocks.</summary>
    public BertActivation Activation { get; init; } = BertActivation.Gelu;

    /// <summary>What is added to the variance in each normalization.</summary>
    public double NormEpsilon { get; init; } = 1e-12;

    /// <summary>Dropout of the embeddings and of what every block adds to the residual stream.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Dropout of the attention weights, after the softmax.</summary>
    public double AttentionDropout { get; init; } = 0.1;

    /// <summary>Dropout before the head's output; null for <see cref="Dropout"/>.</summary>
    public double? ClassifierDropout { get; init; }

    /// <summary>Rows of the table of positions. RoBERTa and XLM-R use none up to the padding token's id.</summary>
    public int MaxPositions { get; init; } = 512;

    /// <summary>How many kinds of tokens: 2 tells the sentences of a pair apart.</summary>
    public int TokenTypes { get; init; } = 2;

    /// <summary>The id of the padding token.</summary>
    public int PadId { get; init; }

    /// <summary>The standard deviation of the weights of a new model.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>The names of the outputs of a classifier, in order; one for a regression.</summary>
    public IReadOnlyList<string> Labels { get; init; } = NumberedLabels(2);

    /// <summary>
    /// What a sequence classifier's outputs mean; null for a regression with one label and one of several else.
    /// </summary>
    public BertProblem? Problem { get; init; }

    /// <summary>The longest sequence, in tokens, with its special ones.</summary>
    public int MaxLength => MaxPositions - FirstPosition;

    /// <summary>The row of the first token's position: RoBERTa and XLM-R count from the padding token's id + 1.</summary>
    internal int FirstPosition => Family == BertFamily.Bert ? 0 : PadId + 1;

    /// <summary>What checkpoints with a head call the encoder.</summary>
    internal string EncoderName => Family == BertFamily.Bert ? "bert" : "roberta";

    /// <summary>The settings in a checkpoint's <c>config.json</c>.</summary>
    /// <param name="folder">A folder in Hugging Face's layout.</param>
    /// <exception cref="IntraDistillException">
    /// The file is missing, is no JSON, or describes a model that this kit does not have; the message names file and key.
    /// </exception>
    public static BertSettings Load(string folder) => BertConfigFile.Read(Path.Combine(folder, BertConfigFile.Name));

    /// <summary>Labels without names of their own, as Hugging Face calls them: LABEL_0, LABEL_1, …</summary>
    public static IReadOnlyList<string> NumberedLabels(int count) => [.. Enumerable.Range(0, count).Select(i => $"LABEL_{i}")];

    /// <summary>Checks that the settings describe a model.</summary>
    /// <exception cref="IntraDistillException">One of them does not; the message names it.</exception>
    public void Validate()
    {
        AtLeast(VocabularySize, 2, nameof(VocabularySize));
        AtLeast(HiddenSize, 1, nameof(HiddenSize));
        AtLeast(Layers, 1, nameof(Layers));
        AtLeast(Heads, 1, nameof(Heads));
        AtLeast(FeedForwardSize, 1, nameof(FeedForwardSize));
        AtLeast(TokenTypes, 1, nameof(TokenTypes));
        AtLeast(Labels.Count, 1, nameof(Labels));
        Probability(Dropout, nameof(Dropout));
        Probability(AttentionDropout, nameof(AttentionDropout));
        Probability(ClassifierDropout ?? 0, nameof(ClassifierDropout));
        if (HiddenSize % Heads != 0)
            throw new IntraDistillException($"Heads is {Heads}; expected a divisor of HiddenSize ({HiddenSize})");
        if (PadId < 0 || PadId >= VocabularySize)
            throw new IntraDistillException($"PadId is {PadId}; expected a token of the vocabulary ({VocabularySize})");
        if (MaxPositions <= FirstPosition)
            throw new IntraDistillException($"MaxPositions is {MaxPositions}; expected more than {FirstPosition}");
        if (!(NormEpsilon > 0 && NormEpsilon < 1))
            throw new IntraDistillException($"NormEpsilon is {NormEpsilon}; expected a small number above 0");
        if (!(InitializerRange >= 0 && double.IsFinite(InitializerRange)))
            throw new IntraDistillException($"InitializerRange is {InitializerRange}; expected a standard deviation");
    }

    private static void AtLeast(int value, int least, string name)
    {
        if (value < least)
            throw new IntraDistillException($"{name} is {value}; expected at least {least}");
    }

    private static void Probability(double value, string name)
    {
        if (value is not (>= 0 and < 1))
            throw new IntraDistillException($"{name} is {value}; expected a probability in [0, 1)");
    }
}

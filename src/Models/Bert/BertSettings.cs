using System.Text.Json;
using System.Text.Json.Serialization;

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

/// <summary>The sizes, dropouts and labels of a BERT, RoBERTa or XLM-R model. The defaults are BERT-base uncased's, with two
/// labels.</summary>
public sealed record BertSettings : KitRecord
{
    /// <summary>BERT-base uncased: 12 layers of size 768, 30,522 word pieces; the defaults.</summary>
    public static BertSettings BaseUncased { get; } = new();

    /// <summary>A BERT to be pretrained from nothing on a laptop CPU: 2 layers of size 128 with 2 heads, 128 positions. About 0.4 M
    /// parameters and 128 for each token of the vocabulary, which is to be set. Weights begin larger than BERT-base's, by 1/√d:
    /// with its 0.02 so narrow a model did not begin to tell pairs of texts that belong together from others in 1,000 updates.</summary>
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

    /// <summary>What a sequence classifier's outputs mean; null for a regression with one label and one of several else.</summary>
    public BertProblem? Problem { get; init; }

    /// <summary>The longest sequence, in tokens, with its special ones.</summary>
    public int MaxLength => MaxPositions - FirstPosition;

    /// <summary>The row of the first token's position: RoBERTa and XLM-R count from the padding token's id + 1.</summary>
    internal int FirstPosition => Family == BertFamily.Bert ? 0 : PadId + 1;

    /// <summary>What checkpoints with a head call the encoder.</summary>
    internal string EncoderName => Family == BertFamily.Bert ? "bert" : "roberta";

    /// <summary>The settings in the <c>config.json</c> of a folder in Hugging Face's layout.</summary>
    /// <exception cref="IntraDistillException">The file is missing, is no JSON, or describes a model that this kit does not have; the
    /// message names file and key.</exception>
    public static BertSettings Load(string folder) => BertConfigFile.Read(Path.Combine(folder, BertConfigFile.Name));

    /// <summary>Labels without names of their own, as Hugging Face calls them: LABEL_0, LABEL_1, …</summary>
    public static IReadOnlyList<string> NumberedLabels(int count) => [.. Enumerable.Range(0, count).Select(i => $"LABEL_{i}")];

    /// <summary>Checks that the settings describe a model.</summary>
    /// <exception cref="IntraDistillException">One of them does not; the message names it.</exception>
    public void Validate()
    {
        SettingsCheck.AtLeast(VocabularySize, 2);
        SettingsCheck.AtLeast(HiddenSize, 1);
        SettingsCheck.AtLeast(Layers, 1);
        SettingsCheck.AtLeast(Heads, 1);
        SettingsCheck.AtLeast(FeedForwardSize, 1);
        SettingsCheck.AtLeast(TokenTypes, 1);
        SettingsCheck.AtLeast(Labels.Count, 1, nameof(Labels));
        SettingsCheck.Probability(Dropout);
        SettingsCheck.Probability(AttentionDropout);
        SettingsCheck.Probability(ClassifierDropout ?? 0, nameof(ClassifierDropout));
        SettingsCheck.That(HiddenSize % Heads == 0, $"Heads is {Heads}; expected a divisor of HiddenSize ({HiddenSize})");
        SettingsCheck.That(PadId >= 0 && PadId < VocabularySize,
            $"PadId is {PadId}; expected a token of the vocabulary ({VocabularySize})");
        SettingsCheck.That(MaxPositions > FirstPosition, $"MaxPositions is {MaxPositions}; expected more than {FirstPosition}");
        SettingsCheck.That(NormEpsilon is > 0 and < 1, $"NormEpsilon is {NormEpsilon}; expected a small number above 0");
        SettingsCheck.That(InitializerRange >= 0 && double.IsFinite(InitializerRange),
            $"InitializerRange is {InitializerRange}; expected a standard deviation");
    }
}

/// <summary>A checkpoint's <c>config.json</c>, whose keys are these names in snake case; what is missing or null has the default of Hugging
/// Face's BERT.</summary>
internal sealed record BertConfigFile(string? ModelType, int? VocabSize, int? HiddenSize, int? NumHiddenLayers, int? NumAttentionHeads,
    int? IntermediateSize, string? HiddenAct, double? LayerNormEps, double? HiddenDropoutProb, double? AttentionProbsDropoutProb,
    double? ClassifierDropout, int? MaxPositionEmbeddings, int? TypeVocabSize, int? PadTokenId, double? InitializerRange,
    [property: JsonPropertyName("id2label")] SortedDictionary<int, string>? Labels, string? ProblemType,
    string? PositionEmbeddingType = null, bool? IsDecoder = null, bool? TieWordEmbeddings = null, int? NumLabels = null)
{
    public const string Name = "config.json";

    private const int MaxLabels = 1_000_000;

    // What the file calls them; the first name of each is the one that is written.
    private static readonly (string Name, BertFamily Value)[] s_families =
        [("bert", BertFamily.Bert), ("roberta", BertFamily.Roberta), ("xlm-roberta", BertFamily.XlmRoberta)];

    private static readonly (string Name, BertActivation Value)[] s_activations = [("gelu", BertActivation.Gelu),
        ("gelu_new", BertActivation.GeluTanh), ("gelu_pytorch_tanh", BertActivation.GeluTanh), ("relu", BertActivation.Relu)];

    private static readonly (string Name, BertProblem Value)[] s_problems = [("single_label_classification", BertProblem.SingleLabel),
        ("multi_label_classification", BertProblem.MultiLabel), ("regression", BertProblem.Regression)];

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        AllowDuplicateProperties = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    /// <summary>Reads and checks the file.</summary>
    public static BertSettings Read(string path)
    {
        byte[] json = ReadFile.Bytes(path);
        try
        {
            BertSettings settings = JsonSerializer.Deserialize<BertConfigFile>(json, s_json)?.Settings()
                ?? throw new IntraDistillException("expected an object, got null");
            settings.Validate();
            return settings;
        }
        catch (JsonException error)
        {
            throw new IntraDistillException($"{path}: expected an object of a model's settings; it is no valid JSON or of another type at "
                + $"{WeightFile.Printable($"{error.Path}")} in line {error.LineNumber + 1}", error);
        }
        catch (IntraDistillException error)
        {
            throw new IntraDistillException($"{path}: {error.Message}", error);
        }
    }

    public static void Write(Stream stream, BertSettings settings) => JsonSerializer.Serialize(stream, new BertConfigFile(
        ModelType: NameOf(s_families, settings.Family),
        VocabSize: settings.VocabularySize,
        HiddenSize: settings.HiddenSize,
        NumHiddenLayers: settings.Layers,
        NumAttentionHeads: settings.Heads,
        IntermediateSize: settings.FeedForwardSize,
        HiddenAct: NameOf(s_activations, settings.Activation),
        LayerNormEps: settings.NormEpsilon,
        HiddenDropoutProb: settings.Dropout,
        AttentionProbsDropoutProb: settings.AttentionDropout,
        ClassifierDropout: settings.ClassifierDropout,
        MaxPositionEmbeddings: settings.MaxPositions,
        TypeVocabSize: settings.TokenTypes,
        PadTokenId: settings.PadId,
        InitializerRange: settings.InitializerRange,
        Labels: new(settings.Labels.Index().ToDictionary(label => label.Index, label => label.Item)),
        ProblemType: settings.Problem is BertProblem problem ? NameOf(s_problems, problem) : null), s_json);

    private BertSettings Settings()
    {
        BertFamily family = OneOf("model_type", ModelType, s_families) ?? throw new IntraDistillException("model_type is not there");
        SettingsCheck.That(PositionEmbeddingType is null or "absolute",
            $"position_embedding_type is '{WeightFile.Printable($"{PositionEmbeddingType}")}'; expected absolute");
        SettingsCheck.That(IsDecoder is not true, "is_decoder is true; expected an encoder");
        SettingsCheck.That(TieWordEmbeddings is not false,
            "tie_word_embeddings is false; expected the output of the masked language model tied to the embeddings");
        BertSettings defaults = new();
        return new()
        {
            Family = family,
            VocabularySize = VocabSize ?? defaults.VocabularySize,
            HiddenSize = HiddenSize ?? defaults.HiddenSize,
            Layers = NumHiddenLayers ?? defaults.Layers,
            Heads = NumAttentionHeads ?? defaults.Heads,
            FeedForwardSize = IntermediateSize ?? defaults.FeedForwardSize,
            Activation = OneOf("hidden_act", HiddenAct, s_activations) ?? defaults.Activation,
            NormEpsilon = LayerNormEps ?? defaults.NormEpsilon,
            Dropout = HiddenDropoutProb ?? defaults.Dropout,
            AttentionDropout = AttentionProbsDropoutProb ?? defaults.AttentionDropout,
            ClassifierDropout = ClassifierDropout,
            MaxPositions = MaxPositionEmbeddings ?? defaults.MaxPositions,
            TokenTypes = TypeVocabSize ?? defaults.TokenTypes,
            PadId = PadTokenId ?? (family == BertFamily.Bert ? 0 : 1),
            InitializerRange = InitializerRange ?? defaults.InitializerRange,
            Labels = LabelNames(),
            Problem = OneOf("problem_type", ProblemType, s_problems),
        };
    }

    private IReadOnlyList<string> LabelNames()
    {
        int count = NumLabels ?? 2;
        SettingsCheck.That(Labels is not null || count is >= 1 and <= MaxLabels, $"num_labels is {count}; expected 1 to {MaxLabels:N0}");
        if (Labels is null)
            return BertSettings.NumberedLabels(count);
        SettingsCheck.That(Labels.Count > 0 && Labels.Keys.SequenceEqual(Enumerable.Range(0, Labels.Count)) && !Labels.ContainsValue(null!),
            "id2label leaves a number out; expected a name for each from 0 on");
        return [.. Labels.Values];
    }

    private static string NameOf<T>((string Name, T Value)[] names, T value) where T : struct =>
        names.First(pair => pair.Value.Equals(value)).Name;

    private static T? OneOf<T>(string key, string? text, (string Name, T Value)[] names) where T : struct
    {
        int found = Array.FindIndex(names, pair => pair.Name == text);
        if (found < 0 && text is not null)
            throw new IntraDistillException(
                $"{key} is '{WeightFile.Printable(text)}'; expected {string.Join(", ", names.Select(pair => pair.Name))}");
        return found < 0 ? null : names[found].Value;
    }
}

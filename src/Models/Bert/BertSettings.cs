using System.Globalization;
using System.Text.Json;

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

/// <summary>The sizes, dropouts and labels of a BERT, RoBERTa or XLM-R model. The defaults are BERT-base uncased's, with two labels.</summary>
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

    /// <summary>What a sequence classifier's outputs mean; null for a regression with one label and one of several else.</summary>
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
        SettingsCheck.That(PadId >= 0 && PadId < VocabularySize, $"PadId is {PadId}; expected a token of the vocabulary ({VocabularySize})");
        SettingsCheck.That(MaxPositions > FirstPosition, $"MaxPositions is {MaxPositions}; expected more than {FirstPosition}");
        SettingsCheck.That(NormEpsilon is > 0 and < 1, $"NormEpsilon is {NormEpsilon}; expected a small number above 0");
        SettingsCheck.That(InitializerRange >= 0 && double.IsFinite(InitializerRange),
            $"InitializerRange is {InitializerRange}; expected a standard deviation");
    }
}

/// <summary>A checkpoint's <c>config.json</c>; keys that are missing or null have the defaults of Hugging Face's BERT.</summary>
internal sealed class BertConfigFile
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

    private readonly string _path;
    private readonly JsonElement _config;

    private BertConfigFile(string path, JsonElement config) => (_path, _config) = (path, config);

    /// <summary>Reads and checks the file.</summary>
    /// <exception cref="IntraDistillException">The file is missing, no JSON, or describes another kind of model.</exception>
    public static BertSettings Read(string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(ReadFile.Bytes(path));
            BertSettings settings = new BertConfigFile(path, json.RootElement).Read();
            settings.Validate();
            return settings;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException) // the latter for bad UTF-8 in a text
        {
            throw new IntraDistillException($"{path}: is no valid JSON", error);
        }
        catch (IntraDistillException error) when (!error.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new IntraDistillException($"{path}: {error.Message}", error);
        }
    }

    /// <summary>Writes settings as such a file.</summary>
    public static void Write(Stream stream, BertSettings settings)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("model_type", NameOf(s_families, settings.Family));
        json.WriteNumber("vocab_size", settings.VocabularySize);
        json.WriteNumber("hidden_size", settings.HiddenSize);
        json.WriteNumber("num_hidden_layers", settings.Layers);
        json.WriteNumber("num_attention_heads", settings.Heads);
        json.WriteNumber("intermediate_size", settings.FeedForwardSize);
        json.WriteString("hidden_act", NameOf(s_activations, settings.Activation));
        json.WriteNumber("layer_norm_eps", settings.NormEpsilon);
        json.WriteNumber("hidden_dropout_prob", settings.Dropout);
        json.WriteNumber("attention_probs_dropout_prob", settings.AttentionDropout);
        if (settings.ClassifierDropout is double dropout)
            json.WriteNumber("classifier_dropout", dropout);
        json.WriteNumber("max_position_embeddings", settings.MaxPositions);
        json.WriteNumber("type_vocab_size", settings.TokenTypes);
        json.WriteNumber("pad_token_id", settings.PadId);
        json.WriteNumber("initializer_range", settings.InitializerRange);
        json.WriteStartObject("id2label");
        for (int i = 0; i < settings.Labels.Count; i++)
            json.WriteString(i.ToString(CultureInfo.InvariantCulture), settings.Labels[i]);
        json.WriteEndObject();
        if (settings.Problem is BertProblem problem)
            json.WriteString("problem_type", NameOf(s_problems, problem));
        json.WriteEndObject();
    }

    private BertSettings Read()
    {
        if (_config.ValueKind != JsonValueKind.Object)
            throw Bad("expected an object");
        BertFamily family = OneOf("model_type", s_families) ?? throw Bad("model_type is not there");
        if (Text("position_embedding_type") is string positions and not "absolute")
            throw Bad($"position_embedding_type is '{positions}'; expected absolute");
        if (Flag("is_decoder", false))
            throw Bad("is_decoder is true; expected an encoder");
        if (!Flag("tie_word_embeddings", true))
            throw Bad("tie_word_embeddings is false; expected the output of the masked language model tied to the embeddings");

        BertSettings defaults = new();
        return new()
        {
            Family = family,
            VocabularySize = Int("vocab_size", defaults.VocabularySize),
            HiddenSize = Int("hidden_size", defaults.HiddenSize),
            Layers = Int("num_hidden_layers", defaults.Layers),
            Heads = Int("num_attention_heads", defaults.Heads),
            FeedForwardSize = Int("intermediate_size", defaults.FeedForwardSize),
            Activation = OneOf("hidden_act", s_activations) ?? defaults.Activation,
            NormEpsilon = Number("layer_norm_eps") ?? defaults.NormEpsilon,
            Dropout = Number("hidden_dropout_prob") ?? defaults.Dropout,
            AttentionDropout = Number("attention_probs_dropout_prob") ?? defaults.AttentionDropout,
            ClassifierDropout = Number("classifier_dropout"),
            MaxPositions = Int("max_position_embeddings", defaults.MaxPositions),
            TokenTypes = Int("type_vocab_size", defaults.TokenTypes),
            PadId = Int("pad_token_id", family == BertFamily.Bert ? 0 : 1),
            InitializerRange = Number("initializer_range") ?? defaults.InitializerRange,
            Labels = Labels(),
            Problem = OneOf("problem_type", s_problems),
        };
    }

    private IReadOnlyList<string> Labels()
    {
        if (Value("id2label") is not JsonElement map)
        {
            int count = Int("num_labels", 2);
            return count is >= 1 and <= MaxLabels
                ? BertSettings.NumberedLabels(count)
                : throw Bad($"num_labels is {count}; expected 1 to {MaxLabels:N0}");
        }
        if (map.ValueKind != JsonValueKind.Object)
            throw Bad("id2label is no object; expected the name of each label by its number");
        SortedDictionary<int, string> labels = [];
        foreach (JsonProperty label in map.EnumerateObject())
        {
            if (!int.TryParse(label.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                || label.Value.ValueKind != JsonValueKind.String || !labels.TryAdd(id, label.Value.GetString()!))
                throw Bad($"id2label has '{WeightFile.Printable(label.Name)}'; expected numbers, once each, with names");
        }
        return labels.Count > 0 && labels.Keys.Last() == labels.Count - 1
            ? [.. labels.Values]
            : throw Bad("id2label leaves a number out; expected a name for each from 0 on");
    }

    private static string NameOf<T>((string Name, T Value)[] names, T value) where T : struct =>
        names.First(pair => pair.Value.Equals(value)).Name;

    private T? OneOf<T>(string key, (string Name, T Value)[] names) where T : struct
    {
        if (Text(key) is not string text)
            return null;
        int found = Array.FindIndex(names, pair => pair.Name == text);
        return found >= 0 ? names[found].Value
            : throw Bad($"{key} is '{text}'; expected {string.Join(", ", names.Select(pair => pair.Name))}");
    }

    private int Int(string key, int otherwise) => Value<int>(key, "a whole number", value =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : null) ?? otherwise;

    private double? Number(string key) => Value<double>(key, "a number", value =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) ? number : null);

    private bool Flag(string key, bool otherwise) => Value<bool>(key, "true or false", value =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null) ?? otherwise;

    private string? Text(string key) => Value(key) is not JsonElement value ? null
        : value.ValueKind == JsonValueKind.String ? WeightFile.Printable(value.GetString()!)
        : throw Bad($"{key} is {Shown(value)}; expected a text");

    private T? Value<T>(string key, string expected, Func<JsonElement, T?> read) where T : struct => Value(key) is not JsonElement value ? null
        : read(value) ?? throw Bad($"{key} is {Shown(value)}; expected {expected}");

    private JsonElement? Value(string key) =>
        _config.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Shown(JsonElement value) => WeightFile.Printable(value.GetRawText());

    private IntraDistillException Bad(string problem) => new($"{_path}: {problem}");
}

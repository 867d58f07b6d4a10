using System.Globalization;
using System.Text.Json;

namespace IntraDistill;

/// <summary>A checkpoint's <c>config.json</c>; keys that are missing or null have the defaults of Hugging Face's BERT.</summary>
internal sealed class BertConfigFile
{
    public const string Name = "config.json";

    private const int MaxLabels = 1_000_000;

    // What the file calls them; the first name of each is the one that is written.
    private static readonly (string Name, BertFamily Value)[] s_families =
        [("bert", BertFamily.Bert), ("roberta", BertFamily.Roberta), ("xlm-roberta", BertFamily.XlmRoberta)];

    private static readonly (string Name, BertActivation Value)[] s_activations =
    [
        ("gelu", BertActivation.Gelu),
        ("gelu_new", BertActivation.GeluTanh),
        ("gelu_pytorch_tanh", BertActivation.GeluTanh),
        ("relu", BertActivation.Relu),
    ];

    private static readonly (string Name, BertProblem Value)[] s_problems =
    [
        ("single_label_classification", BertProblem.SingleLabel),
        ("multi_label_classification", BertProblem.MultiLabel),
        ("regression", BertProblem.Regression),
    ];

    private readonly string _path;
    private readonly JsonElement _config;

    private BertConfigFile(string path, JsonElement config) => (_path, _config) = (path, config);

    /// <summary>Reads and checks the file.</summary>
    /// <exception cref="IntraDistillException">The file is missing, no JSON, or describes another kind of model.</exception>
    public static BertSettings Read(string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            BertSettings settings = new BertConfigFile(path, json.RootElement).Read();
            settings.Validate();
            return settings;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IntraDistillException($"{path}: cannot be read: {error.Message}", error);
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
        if (Text("position_embedding_type", "absolute") is not "absolute" and var positions)
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
                throw Bad($"id2label has '{WeightFileException.Printable(label.Name)}'; expected numbers, once each, with names");
        }
        return labels.Count > 0 && labels.Keys.Last() == labels.Count - 1
            ? [.. labels.Values]
            : throw Bad("id2label leaves a number out; expected a name for each from 0 on");
    }

    private static string NameOf<T>((string Name, T Value)[] names, T value) where T : struct =>
        names.First(pair => pair.Value.Equals(value)).Name;

    private T? OneOf<T>(string key, (string Name, T Value)[] names) where T : struct
    {
        if (Value(key) is null)
            return null;
        string text = Text(key, "");
        foreach ((string name, T value) in names)
            if (name == text)
                return value;
        throw Bad($"{key} is '{text}'; expected {string.Join(", ", names.Select(pair => pair.Name))}");
    }

    private JsonElement? Value(string key) =>
        _config.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private int Int(string key, int otherwise) => Value(key) is not JsonElement value
        ? otherwise
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)
            ? number
            : throw Bad($"{key} is {Shown(value)}; expected a whole number");

    private double? Number(string key) => Value(key) is not JsonElement value
        ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number)
            ? number
            : throw Bad($"{key} is {Shown(value)}; expected a number");

    private string Text(string key, string otherwise) => Value(key) is not JsonElement value
        ? otherwise
        : value.ValueKind == JsonValueKind.String
            ? WeightFileException.Printable(value.GetString()!)
            : throw Bad($"{key} is {Shown(value)}; expected a text");

    private bool Flag(string key, bool otherwise) => Value(key) is not JsonElement value
        ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Bad($"{key} is {Shown(value)}; expected true or false");

    private static string Shown(JsonElement value) => WeightFileException.Printable(value.GetRawText());

    private IntraDistillException Bad(string problem) => new($"{_path}: {problem}");
}

using IntraDistill.Tests.DataScripts;

namespace IntraDistill.Tests;

public class BertSettingsTests
{
    [Fact]
    public void Defaults_are_those_of_BERT_base_uncased()
    {
        BertSettings settings = BertSettings.BaseUncased;
        Assert.Equal((30522, 768, 12, 12, 3072, 512), (settings.VocabularySize, settings.HiddenSize, settings.Layers,
            settings.Heads, settings.FeedForwardSize, settings.MaxPositions));
        settings.Validate();
        BertSettings.Small.Validate();
    }

    [Fact]
    public void A_configuration_is_read_with_the_defaults_of_its_family()
    {
        BertSettings bert = Load("""{"model_type":"bert"}""");
        Assert.Equal(BertSettings.BaseUncased with { Labels = bert.Labels }, bert);
        Assert.Equal(["LABEL_0", "LABEL_1"], bert.Labels);
        BertSettings roberta = Load("""{"model_type":"roberta","classifier_dropout":null,"num_labels":3}""");
        Assert.Equal((BertFamily.Roberta, 1, 510, 3), (roberta.Family, roberta.PadId, roberta.MaxLength, roberta.Labels.Count));
    }

    [Fact]
    public void Every_key_is_read()
    {
        BertSettings settings = Load("""
            {"model_type":"xlm-roberta","vocab_size":99,"hidden_size":8,"num_hidden_layers":3,"num_attention_heads":4,
             "intermediate_size":5,"hidden_act":"gelu_new","layer_norm_eps":1e-5,"hidden_dropout_prob":0.2,
             "attention_probs_dropout_prob":0.3,"classifier_dropout":0.4,"max_position_embeddings":20,"type_vocab_size":1,
             "pad_token_id":2,"initializer_range":0.05,"id2label":{"1":"no","0":"yes"},"label2id":{"yes":0,"no":1},
             "problem_type":"multi_label_classification","torch_dtype":"float32","use_cache":true}
            """);
        BertSettings expected = new()
        {
            Family = BertFamily.XlmRoberta,
            VocabularySize = 99,
            HiddenSize = 8,
            Layers = 3,
            Heads = 4,
            FeedForwardSize = 5,
            Activation = BertActivation.GeluTanh,
            NormEpsilon = 1e-5,
            Dropout = 0.2,
            AttentionDropout = 0.3,
            ClassifierDropout = 0.4,
            MaxPositions = 20,
            TokenTypes = 1,
            PadId = 2,
            InitializerRange = 0.05,
            Labels = settings.Labels,
            Problem = BertProblem.MultiLabel,
        };
        Assert.Equal(expected, settings);
        Assert.Equal(["yes", "no"], settings.Labels);
    }

    [Theory]
    [InlineData("", "no valid JSON")]
    [InlineData("[]", "expected an object")]
    [InlineData("{}", "model_type")]
    [InlineData("""{"model_type":"gpt2"}""", "'gpt2'")]
    [InlineData("""{"model_type":"a\nb"}""", "'a?b'")]
    [InlineData("""{"model_type":"\ud800"}""", "no valid JSON")]
    [InlineData("""{"model_type":"bert","hidden_size":"768"}""", "hidden_size")]
    [InlineData("""{"model_type":"bert","vocab_size":1e12}""", "vocab_size")]
    [InlineData("""{"model_type":"bert","vocab_size":-5}""", "VocabularySize")]
    [InlineData("""{"model_type":"bert","num_attention_heads":7}""", "Heads")]
    [InlineData("""{"model_type":"bert","hidden_act":"swish"}""", "'swish'")]
    [InlineData("""{"model_type":"bert","position_embedding_type":"relative_key"}""", "position_embedding_type")]
    [InlineData("""{"model_type":"bert","is_decoder":true}""", "is_decoder")]
    [InlineData("""{"model_type":"bert","tie_word_embeddings":false}""", "tie_word_embeddings")]
    [InlineData("""{"model_type":"bert","tie_word_embeddings":0}""", "tie_word_embeddings")]
    [InlineData("""{"model_type":"bert","problem_type":"ranking"}""", "'ranking'")]
    [InlineData("""{"model_type":"bert","num_labels":0}""", "num_labels")]
    [InlineData("""{"model_type":"bert","num_labels":2000000000}""", "num_labels")]
    [InlineData("""{"model_type":"bert","id2label":["a"]}""", "id2label")]
    [InlineData("""{"model_type":"bert","id2label":{}}""", "id2label")]
    [InlineData("""{"model_type":"bert","id2label":{"0":"a","2":"b"}}""", "id2label")]
    [InlineData("""{"model_type":"bert","id2label":{"0":"a","0":"b"}}""", "id2label")]
    [InlineData("""{"model_type":"bert","id2label":{"zero":"a"}}""", "id2label")]
    [InlineData("""{"model_type":"bert","hidden_dropout_prob":1}""", "Dropout")]
    [InlineData("""{"model_type":"bert","classifier_dropout":-1}""", "ClassifierDropout")]
    [InlineData("""{"model_type":"bert","layer_norm_eps":0}""", "NormEpsilon")]
    [InlineData("""{"model_type":"bert","initializer_range":-1}""", "InitializerRange")]
    [InlineData("""{"model_type":"roberta","max_position_embeddings":2}""", "MaxPositions")]
    [InlineData("""{"model_type":"bert","pad_token_id":30522}""", "PadId")]
    public void A_configuration_of_something_else_is_refused_in_one_line(string config, string named)
    {
        string message = Assert.Throws<IntraDistillException>(() => Load(config)).Message;
        Assert.Contains("config.json: ", message);
        Assert.Contains(named, message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_missing_configuration_is_named()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("config.json", Assert.Throws<IntraDistillException>(() => BertSettings.Load(folder.Path)).Message);
    }

    private static BertSettings Load(string config)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["config.json"], config);
        return BertSettings.Load(folder.Path);
    }
}

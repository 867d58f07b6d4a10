using System.Text.Json.Nodes;
using IntraDistill.Tests.DataScripts;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public class HuggingFaceWeightsTests : SingleThreadedTests
{
    private static readonly BertSettings s_bert = new()
    {
        VocabularySize = 12,
        HiddenSize = 4,
        Layers = 1,
        Heads = 2,
        FeedForwardSize = 6,
        MaxPositions = 8,
        Labels = ["x", "y", "z"],
    };

    private static readonly BertSettings s_roberta = s_bert with { Family = BertFamily.Roberta, PadId = 1, TokenTypes = 1 };

    [Theory]
    [InlineData("tiny_bert_coldfire", 37)]
    [InlineData("tiny_bert_jammi", 21)]
    public void Checkpoints_of_others_are_loaded(string name, int tensors)
    {
        string folder = ReferenceData.Path($"data/checkpoints/{name}");
        using BertEncoder bare = new(BertSettings.Load(folder), pooler: false);
        LoadedWeights loaded = HuggingFaceWeights.LoadInto(bare, folder);
        Assert.Equal(tensors, loaded.Loaded.Count);
        Assert.Equal([Path.Combine(folder, "model.safetensors")], loaded.Files);
        Assert.Empty(loaded.Missing.Concat(loaded.Unused));
        using BertForSequenceClassification classifier = new(BertSettings.Load(folder));
        Assert.Equal(["bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight", "classifier.bias"],
            HuggingFaceWeights.LoadInto(classifier, folder).Missing);
        Assert.True(classifier.Encoder.WordEmbeddings.Equals(bare.WordEmbeddings));
    }

    [Fact]
    public void What_is_saved_is_loaded_with_its_settings()
    {
        foreach (BertSettings settings in (BertSettings[])[s_bert, s_roberta, s_roberta with { Family = BertFamily.XlmRoberta }])
        {
            foreach (Func<nn.Module> make in (Func<nn.Module>[])[() => new BertEncoder(settings),
                () => new BertForSequenceClassification(settings), () => new BertForTokenClassification(settings),
                () => new BertForQuestionAnswering(settings), () => new BertForMaskedLM(settings)])
            {
                using TemporaryFolder folder = new();
                using nn.Module saved = make(), loaded = make();
                HuggingFaceWeights.Save(saved, folder.Path);
                Assert.Equal(["config.json", "model.safetensors"], folder.Files);
                LoadedWeights report = HuggingFaceWeights.LoadInto(loaded, folder.Path);
                Assert.Empty(report.Missing.Concat(report.Unused));
                AssertEqual(saved, loaded);
                AssertSame(settings, BertSettings.Load(folder.Path));
            }
        }
    }

    [Fact]
    public void A_head_for_another_task_is_reported_and_the_new_one_kept()
    {
        using TemporaryFolder folder = new();
        using BertForSequenceClassification sequences = new(s_roberta);
        HuggingFaceWeights.Save(sequences, folder.Path);
        using BertForTokenClassification tokens = new(s_roberta);
        using Tensor head = tokens.get_parameter("classifier.weight")!.clone();
        LoadedWeights report = HuggingFaceWeights.LoadInto(tokens, folder.Path);
        Assert.Equal(["classifier.weight", "classifier.bias"], report.Missing);
        Assert.Equal(["classifier.dense.weight", "classifier.dense.bias", "classifier.out_proj.weight",
            "classifier.out_proj.bias"], report.Unused);
        Assert.True(head.Equals(tokens.get_parameter("classifier.weight")!));
        AssertEqual(sequences.Encoder, tokens.Encoder);
    }

    [Fact]
    public void A_pretrained_checkpoint_with_all_its_heads_is_read()
    {
        // As bert-base-uncased: pooler, next sentence, and the output twice.
        using BertForMaskedLM model = new(s_bert), loaded = new(s_bert);
        using TemporaryFolder folder = Rewritten(model, tensors =>
        {
            tensors["cls.predictions.decoder.weight"] = tensors["bert.embeddings.word_embeddings.weight"];
            tensors["cls.predictions.decoder.bias"] = tensors["cls.predictions.bias"];
            tensors["bert.pooler.dense.weight"] = tensors["bert.encoder.layer.0.attention.self.query.weight"];
            tensors["cls.seq_relationship.weight"] = tensors["bert.embeddings.token_type_embeddings.weight"];
            tensors["bert.embeddings.position_ids"] = zeros(1, 8, dtype: int64);
        });
        LoadedWeights report = HuggingFaceWeights.LoadInto(loaded, folder.Path);
        Assert.Empty(report.Missing);
        Assert.Equal(["bert.pooler.dense.weight", "cls.seq_relationship.weight"], report.Unused.Order());
        AssertEqual(model, loaded);
        using BertForQuestionAnswering answers = new(s_bert);
        Assert.Contains("cls.predictions.decoder.bias", HuggingFaceWeights.LoadInto(answers, folder.Path).Unused);
    }

    public static TheoryData<string, Action<Dictionary<string, Tensor>>> Harmless => new()
    {
        { "no prefix", tensors => Rename(tensors, name => name.Replace("bert.", "")) },
        { "old names", tensors => Rename(tensors, name => name.Replace("LayerNorm.weight", "LayerNorm.gamma")
            .Replace("LayerNorm.bias", "LayerNorm.beta")) },
        { "float64", tensors => Convert(tensors, float64) },
        { "only the output has the bias", tensors => Rename(tensors, name =>
            name == "cls.predictions.bias" ? "cls.predictions.decoder.bias" : name) },
        { "only the output has the embeddings", tensors => Rename(tensors, name =>
            name == "bert.embeddings.word_embeddings.weight" ? "cls.predictions.decoder.weight" : name) },
    };

    [Theory]
    [MemberData(nameof(Harmless), DisableDiscoveryEnumeration = true)]
    public void Harmless_differences_are_accepted(string what, Action<Dictionary<string, Tensor>> change)
    {
        using BertForMaskedLM model = new(s_bert), loaded = new(s_bert);
        using TemporaryFolder folder = Rewritten(model, change);
        LoadedWeights report = HuggingFaceWeights.LoadInto(loaded, folder.Path);
        Assert.True(report.Missing.Count + report.Unused.Count == 0, what);
        AssertEqual(model, loaded);
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Halves_become_the_models_numbers(ScalarType type)
    {
        using BertEncoder model = new(s_bert), loaded = new(s_bert);
        using TemporaryFolder folder = Rewritten(model, tensors => Convert(tensors, type));
        HuggingFaceWeights.LoadInto(loaded, folder.Path);
        using Tensor expected = model.WordEmbeddings.to(type).to(float32);
        Assert.Equal(float32, loaded.WordEmbeddings.dtype);
        Assert.True(expected.Equals(loaded.WordEmbeddings));
    }

    public static TheoryData<Action<Dictionary<string, Tensor>>, string, string> Misfits => new()
    {
        { tensors => tensors.Remove("bert.encoder.layer.0.output.dense.bias"), "layer.0.output.dense.bias", "needs it" },
        { tensors => tensors.Remove("cls.predictions.bias"), "cls.predictions.bias", "needs it" },
        { tensors => tensors["bert.encoder.layer.1.output.dense.bias"] = zeros(4), "layer.1.output.dense.bias", "unknown" },
        { tensors => tensors["optimizer"] = zeros(1), "optimizer", "unknown" },
        { tensors => tensors["cls.predictions.scale"] = zeros(1), "cls.predictions.scale", "unknown" },
        { tensors => tensors["cls.predictions.bias"] = zeros(11), "cls.predictions.bias", "(11)" },
        { tensors => tensors["cls.predictions.bias"] = zeros(12, 1), "cls.predictions.bias", "(12, 1)" },
        { tensors => tensors["cls.predictions.decoder.weight"] = zeros(12, 3), "cls.predictions.decoder.weight", "(12, 3)" },
        { tensors => tensors["cls.predictions.bias"] = zeros(12, dtype: int64), "cls.predictions.bias", "Int64" },
        { tensors => tensors["embeddings.LayerNorm.bias"] = zeros(4), "embeddings.LayerNorm.bias", "another name" },
        { tensors => tensors["bert.embeddings.LayerNorm.beta"] = zeros(4), "embeddings.LayerNorm.b", "another name" },
        { tensors => Rename(tensors, name => name.Replace("bert.", "roberta.")), "bert.", "needs it" },
    };

    [Theory]
    [MemberData(nameof(Misfits), DisableDiscoveryEnumeration = true)]
    public void What_does_not_fit_is_named_and_the_model_is_as_it_was(
        Action<Dictionary<string, Tensor>> change, string tensor, string problem)
    {
        using BertForMaskedLM model = new(s_bert), loaded = new(s_bert), before = new(s_bert);
        before.load_state_dict(loaded.state_dict());
        using TemporaryFolder folder = Rewritten(model, change);
        var error = Assert.Throws<IntraDistillException>(() => HuggingFaceWeights.LoadInto(loaded, folder.Path));
        Assert.StartsWith(folder.Path, error.Message);
        Assert.Contains(tensor, error.Message);
        Assert.Contains(problem, error.Message);
        AssertEqual(before, loaded);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("pytorch_model.bin")]
    public void Weights_in_parts_are_read(string name)
    {
        using BertEncoder model = new(s_bert), loaded = new(s_bert);
        using TemporaryFolder folder = new();
        (string Name, Tensor Tensor)[] all = [.. model.named_parameters().Select(pair => (pair.name, (Tensor)pair.parameter))];
        JsonObject map = [];
        for (int part = 0; part < 3; part++)
        {
            string file = $"part-{part}-of-3";
            var some = all.Where((_, i) => i % 3 == part).ToArray();
            foreach ((string tensor, _) in some)
                map[tensor] = file;
            File.WriteAllBytes(folder[file], name == "model.safetensors" ? Safetensors(some) : PyTorch(some));
        }
        WriteIndex(map);
        LoadedWeights report = HuggingFaceWeights.LoadInto(loaded, folder.Path);
        Assert.Equal(3, report.Files.Count);
        AssertEqual(model, loaded);

        foreach ((string entry, string value, string named) in ((string, string, string)[])[
            ("embeddings.LayerNorm.bias", "part-0-of-4", "part-0-of-4"), ("new", "part-0-of-3", "'new'"),
            ("new", "../part-0-of-3", "../part-0-of-3"), ("new", "", "''")])
        {
            JsonObject wrong = JsonNode.Parse(map.ToJsonString())!.AsObject();
            wrong[entry] = value;
            WriteIndex(wrong);
            Assert.Contains(named, Refused().Message);
        }
        map.Remove(all[0].Name);
        WriteIndex(map);
        Assert.Contains($"tensor '{all[0].Name}'", Refused().Message);

        IntraDistillException Refused() =>
            Assert.Throws<IntraDistillException>(() => HuggingFaceWeights.LoadInto(loaded, folder.Path));

        void WriteIndex(JsonObject entries) => File.WriteAllText(folder[name + ".index.json"],
            new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = entries.DeepClone() }.ToJsonString());
    }

    [Theory]
    [InlineData("", "no valid JSON")]
    [InlineData("[]", "weight_map")]
    [InlineData("""{"weight_map":[]}""", "weight_map")]
    [InlineData("""{"weight_map":{"a":1}}""", "'a'")]
    [InlineData("""{"weight_map":{"a":"p","a":"p"}}""", "'a'")]
    [InlineData("""{"weight_map":{"a":"\ud800"}}""", "no valid JSON")]
    public void An_index_that_is_none_is_refused(string index, string problem)
    {
        using TemporaryFolder folder = new();
        using BertEncoder model = new(s_bert);
        File.WriteAllText(folder["model.safetensors.index.json"], index);
        var error = Assert.Throws<IntraDistillException>(() => HuggingFaceWeights.LoadInto(model, folder.Path));
        Assert.Contains(problem, error.Message);
    }

    [Fact]
    public void A_folder_without_weights_and_other_models_are_refused()
    {
        using TemporaryFolder folder = new();
        using BertEncoder model = new(s_bert);
        string message = Assert.Throws<IntraDistillException>(() => HuggingFaceWeights.LoadInto(model, folder.Path)).Message;
        Assert.Contains("model.safetensors or pytorch_model.bin", message);
        using Linear other = nn.Linear(1, 1);
        Assert.Throws<ArgumentException>(() => HuggingFaceWeights.LoadInto(other, folder.Path));
        File.WriteAllText(folder["file"], "");
        Assert.Contains("cannot be written",
            Assert.Throws<IntraDistillException>(() => HuggingFaceWeights.Save(model, folder["file"])).Message);
    }

    [Fact]
    public void Loading_and_saving_leave_no_tensors_behind()
    {
        using TemporaryFolder folder = new();
        using BertForMaskedLM model = new(s_bert);
        HuggingFaceWeights.Save(model, folder.Path);
        long before = LiveTensors.Count();
        HuggingFaceWeights.Save(model, folder.Path);
        HuggingFaceWeights.LoadInto(model, folder.Path);
        Assert.Equal(before, Tensor.TotalCount);
    }

    /// <summary>A model's checkpoint after a change.</summary>
    private static TemporaryFolder Rewritten(nn.Module model, Action<Dictionary<string, Tensor>> change)
    {
        TemporaryFolder folder = new();
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors = model.named_parameters()
            .ToDictionary(pair => pair.name, pair => pair.parameter.detach());
        change(tensors);
        File.WriteAllBytes(folder["model.safetensors"], Safetensors(tensors.Select(pair => (pair.Key, pair.Value))));
        return folder;
    }

    private static void Rename(Dictionary<string, Tensor> tensors, Func<string, string> rename)
    {
        (string Name, Tensor Tensor)[] all = [.. tensors.Select(pair => (rename(pair.Key), pair.Value))];
        tensors.Clear();
        foreach ((string name, Tensor tensor) in all)
            tensors.Add(name, tensor);
    }

    private static void Convert(Dictionary<string, Tensor> tensors, ScalarType type)
    {
        foreach (string name in tensors.Keys.ToArray())
            tensors[name] = tensors[name].to(type);
    }

    private static byte[] Safetensors(IEnumerable<(string Name, Tensor Tensor)> tensors) =>
        WeightBytes.Safetensors([.. tensors.Select(pair =>
            (pair.Name, TypeName(pair.Tensor), pair.Tensor.shape, Bytes(pair.Tensor)))]);

    private static byte[] PyTorch((string Name, Tensor Tensor)[] tensors)
    {
        PickleBytes pickle = new PickleBytes().Op('}').Op('(');
        for (int i = 0; i < tensors.Length; i++)
        {
            Tensor tensor = tensors[i].Tensor;
            pickle.Text(tensors[i].Name).Tensor("FloatStorage", $"{i}", tensor.numel(), 0, tensor.shape, tensor.stride());
        }
        return WeightBytes.PyTorch(pickle.Op('u').Stop(), [.. tensors.Select((pair, i) => ($"{i}", Bytes(pair.Tensor)))]);
    }

    private static string TypeName(Tensor tensor) => tensor.dtype switch
    {
        ScalarType.Float64 => "F64",
        ScalarType.Float16 => "F16",
        ScalarType.BFloat16 => "BF16",
        ScalarType.Int64 => "I64",
        _ => "F32",
    };

    private static byte[] Bytes(Tensor tensor)
    {
        using Tensor plain = tensor.detach();
        return plain.bytes.ToArray();
    }

    private static void AssertEqual(nn.Module expected, nn.Module actual)
    {
        var pairs = expected.named_parameters().Zip(actual.named_parameters());
        foreach (((string name, Parameter one), (_, Parameter other)) in pairs)
            Assert.True(one.Equals(other), name);
    }

    private static void AssertSame(BertSettings expected, BertSettings actual)
    {
        Assert.Equal(expected.Labels, actual.Labels);
        Assert.Equal(expected with { Labels = actual.Labels }, actual);
    }
}

using System.Text.Json;
using IntraDistill.Models;
using IntraDistill.Tests.DataScripts;
using static TorchSharp.torch;

namespace IntraDistill.Tests.ModelsTests;

/// <summary>What Hugging Face's transformers compute for five tiny random models, from both formats of their weights.</summary>
/// <remarks>
/// The loss in three of the files is not the mean cross-entropy of the logits and labels in the same file, which Hugging Face
/// and this kit compute, but exactly two times or half of it, and their gradients are those of that multiple. So each case
/// says which multiple its file holds: the logits and the mean loss are compared as they are, the gradients as multiples.
/// </remarks>
[Collection("torch-rng")]
public class BertReferenceTests : SingleThreadedTests
{
    private const double Tolerance = 1e-5;

    [Theory]
    [InlineData("bert-tiny-sequence-classification", "model.safetensors", 2)]
    [InlineData("bert-tiny-sequence-classification", "pytorch_model.bin", 2)]
    [InlineData("roberta-tiny-sequence-classification", "model.safetensors", 0.5)]
    [InlineData("roberta-tiny-sequence-classification", "pytorch_model.bin", 0.5)]
    [InlineData("xlmr-tiny-token-classification", "model.safetensors", 2)]
    [InlineData("xlmr-tiny-token-classification", "pytorch_model.bin", 2)]
    [InlineData("xlmr-tiny-question-answering", "model.safetensors", 1)]
    [InlineData("xlmr-tiny-question-answering", "pytorch_model.bin", 1)]
    [InlineData("bert-tiny-masked-lm", "model.safetensors", 1)]
    [InlineData("bert-tiny-masked-lm", "pytorch_model.bin", 1)]
    public void Logits_loss_and_gradients_are_the_references(string name, string format, double multiple)
    {
        using TemporaryFolder folder = new();
        foreach (string file in (string[])["config.json", format])
            File.Copy(ReferenceData.Path($"reference/{name}/{file}"), folder[file]);
        using JsonDocument expected = ReferenceData.Json($"{name}/expected.json");
        BertSettings settings = BertSettings.Load(folder.Path);
        string task = name[(name.IndexOf("tiny-", StringComparison.Ordinal) + 5)..];
        Action<BertSettings, string, JsonElement, double> check = task switch
        {
            "sequence-classification" => SequenceClassification,
            "token-classification" => TokenClassification,
            "question-answering" => QuestionAnswering,
            _ => MaskedLM,
        };
        check(settings, folder.Path, expected.RootElement, multiple);
    }

    private static void SequenceClassification(BertSettings settings, string folder, JsonElement expected, double multiple)
    {
        using BertForSequenceClassification model = new(settings);
        Check(model, folder, expected, multiple, logits => [("logits", logits)],
            (logits, label) => model.Loss(logits, label("labels")));
    }

    private static void TokenClassification(BertSettings settings, string folder, JsonElement expected, double multiple)
    {
        using BertForTokenClassification model = new(settings);
        Check(model, folder, expected, multiple, logits => [("logits", logits)],
            (logits, label) => BertForTokenClassification.Loss(logits, label("labels")));
    }

    private static void MaskedLM(BertSettings settings, string folder, JsonElement expected, double multiple)
    {
        using BertForMaskedLM model = new(settings);
        Check(model, folder, expected, multiple, logits => [("logits", logits)],
            (logits, label) => BertForMaskedLM.Loss(logits, label("labels")));
    }

    private static void QuestionAnswering(BertSettings settings, string folder, JsonElement expected, double multiple)
    {
        using BertForQuestionAnswering model = new(settings);
        Check(model, folder, expected, multiple, logits => [("start_logits", logits.Start), ("end_logits", logits.End)],
            (logits, label) => BertForQuestionAnswering.Loss(logits, label("start_positions"), label("end_positions")));
    }

    private static void Check<T>(BertModel<T> model, string folder, JsonElement expected, double multiple,
        Func<T, (string Name, Tensor Tensor)[]> outputs, Func<T, Func<string, Tensor>, Tensor> loss)
    {
        using var scope = NewDisposeScope();
        LoadedWeights loaded = HuggingFaceWeights.LoadInto(model, folder);
        Assert.Empty(loaded.Missing);
        Assert.Empty(loaded.Unused);
        Assert.Equal(model.named_parameters().Select(pair => pair.name).Order(), loaded.Loaded.Order());
        model.eval();

        JsonElement inputs = expected.GetProperty("inputs");
        T logits = model.call(Ids(inputs, "input_ids")!, Ids(inputs, "attention_mask")!, Ids(inputs, "token_type_ids"));
        foreach ((string name, Tensor tensor) in outputs(logits))
            Assert.InRange(tensor.detach().RelativeError(expected.GetProperty(name).ToTensor()), 0, Tolerance);

        Tensor total = loss(logits, name => Ids(expected.GetProperty("kwargs"), name)!);
        Assert.Equal(expected.GetProperty("loss").GetDouble() / multiple, total.to(float64).item<double>(), Tolerance);
        (total * multiple).backward();
        Dictionary<string, double> norms = expected.GetProperty("grad_norm").EnumerateObject()
            .ToDictionary(norm => norm.Name, norm => norm.Value.GetDouble());
        Assert.Equal(norms.Keys.Order(), model.named_parameters().Select(pair => pair.name).Order());
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in model.named_parameters())
        {
            double norm = parameter.grad!.to(float64).norm().item<double>();
            double error = Math.Abs(norm - norms[name]) / Math.Max(1, norms[name]);
            Assert.True(error <= Tolerance, $"{name}: {norm}, not {norms[name]}");
        }
    }

    private static Tensor? Ids(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement ids) ? ids.ToTensor().to(int64) : null;
}

using System.Text.Json;
using IntraDistill.Tests.DataScripts;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>What Hugging Face's transformers compute for five tiny random models, from both formats of their weights.</summary>
/// <remarks>
/// By all signs the transformers that made the files is the R-Drop authors' copy of 4.6.0.dev0, the version in config.json
/// (github.com/dropreg/R-Drop, huggingface_transformer_src). Some heads there make two passes and add up their losses and the
/// divergence between them, which is 0 in evaluation mode; the others are Hugging Face's. That accounts for the losses and
/// gradients of all five files, see <see cref="Multiple"/>; the logits are those of one pass, as everywhere.
/// </remarks>
[Collection("torch-rng")]
public class BertReferenceTests : SingleThreadedTests
{
    private const double Tolerance = 1e-5;

    [Theory]
    [InlineData("bert-tiny-sequence-classification", "model.safetensors")]
    [InlineData("bert-tiny-sequence-classification", "pytorch_model.bin")]
    [InlineData("roberta-tiny-sequence-classification", "model.safetensors")]
    [InlineData("roberta-tiny-sequence-classification", "pytorch_model.bin")]
    [InlineData("xlmr-tiny-token-classification", "model.safetensors")]
    [InlineData("xlmr-tiny-token-classification", "pytorch_model.bin")]
    [InlineData("xlmr-tiny-question-answering", "model.safetensors")]
    [InlineData("xlmr-tiny-question-answering", "pytorch_model.bin")]
    [InlineData("bert-tiny-masked-lm", "model.safetensors")]
    [InlineData("bert-tiny-masked-lm", "pytorch_model.bin")]
    public void Logits_loss_and_gradients_are_the_references(string name, string format)
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
        check(settings, folder.Path, expected.RootElement, Multiple(settings.Family, task));
    }

    // Of the mean cross-entropy, which the kit computes as Hugging Face does, the loss in the file.
    private static double Multiple(BertFamily family, string task) => (family, task) switch
    {
        // Both passes' losses, added.
        (BertFamily.Bert, "sequence-classification") or (not BertFamily.Bert, "token-classification") => 2,
        // Half of the first pass's; the other half is in a branch that is never reached.
        (not BertFamily.Bert, "sequence-classification") => 0.5,
        _ => 1,
    };

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

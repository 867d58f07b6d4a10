using System.Collections;
using System.Reflection;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>
/// Whatever tensor a module holds, in parameters, buffers or fields at any depth, goes with it to another device or type.
/// META stands for a GPU: a tensor that stays behind would throw there in the first step.
/// </summary>
[Collection("torch-rng")]
public sealed class ModulesMoveTests
{
    private static readonly TransformerSettings s_translation = TransformerSettings.Small with
    {
        ModelSize = 8, FeedForwardSize = 8, Heads = 2, SourceVocabulary = 9, TargetVocabulary = 9, MaxLength = 12,
    };

    private static readonly BertSettings s_bert = new()
    {
        VocabularySize = 9, HiddenSize = 8, Layers = 1, Heads = 2, FeedForwardSize = 8, MaxPositions = 12,
    };

    private static readonly (string Name, Func<nn.Module> New)[] s_modules =
    [
        ("TranslationTransformer, tied", () => new TranslationTransformer(s_translation)),
        ("TranslationTransformer, untied, post-norm", () => new TranslationTransformer(
            s_translation with { ShareEmbeddings = false, NormalizeFirst = false })),
        ("BertEncoder", () => new BertEncoder(s_bert)),
        ("RoBERTa", () => new BertEncoder(s_bert with { Family = BertFamily.Roberta, PadId = 1 })),
        ("BertForMaskedLM", () => new BertForMaskedLM(s_bert)),
        ("BertForPreTraining", () => new BertForPreTraining(s_bert)),
        ("BertForQuestionAnswering", () => new BertForQuestionAnswering(s_bert)),
        ("BertForSequenceClassification", () => new BertForSequenceClassification(s_bert)),
        ("BertForTokenClassification", () => new BertForTokenClassification(s_bert)),
    ];

    public static TheoryData<string> Names => [.. s_modules.Select(module => module.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_tensor_moves_to_another_device(string name)
    {
        using nn.Module module = New(name);
        module.to(META);
        Assert.All(Tensors(module), held => Assert.True(held.Tensor.device_type == DeviceType.META, held.Path));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_tensor_takes_another_type(string name)
    {
        using nn.Module module = New(name);
        module.to(ScalarType.Float64);
        Assert.All(Tensors(module).Where(held => held.Tensor.is_floating_point()),
            held => Assert.True(held.Tensor.dtype == ScalarType.Float64, held.Path));
        module.to(CPU, ScalarType.BFloat16);
        Assert.All(Tensors(module).Where(held => held.Tensor.is_floating_point()),
            held => Assert.True(held.Tensor.dtype == ScalarType.BFloat16, held.Path));
    }

    [Fact]
    public void Every_module_of_the_kit_is_part_of_one_that_is_tested()
    {
        var tested = s_modules.SelectMany(module =>
        {
            using nn.Module made = module.New();
            return made.modules().Append(made).Select(part => part.GetType()).ToArray();
        }).ToHashSet();
        Assert.DoesNotContain(typeof(TranslationTransformer).Assembly.GetTypes(),
            type => type.IsSubclassOf(typeof(nn.Module)) && !type.IsAbstract && !tested.Contains(type));
    }

    private static nn.Module New(string name) => s_modules.First(module => module.Name == name).New();

    private static List<(string Path, Tensor Tensor)> Tensors(nn.Module module)
    {
        List<(string, Tensor)> found = [];
        HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
        Look(module, module.GetType().Name);
        found.AddRange(module.named_parameters().Select(pair => (pair.name, (Tensor)pair.parameter)));
        found.AddRange(module.named_buffers().Select(pair => (pair.name, pair.buffer)));
        Assert.NotEmpty(found);
        return found;

        void Look(object? value, string path)
        {
            if (value is Tensor tensor)
                found.Add((path, tensor));
            else if (value is IEnumerable many and not string)
                foreach (object? one in many) Look(one, path + "[]");
            else if (value is nn.Module or System.Runtime.CompilerServices.ITuple && seen.Add(value))
                for (Type? type = value.GetType(); type is not null && type != typeof(nn.Module) && type != typeof(object); type = type.BaseType)
                    foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                        Look(field.GetValue(value), $"{path}.{field.Name}");
        }
    }
}
